// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// dlopen: loads as for its caller, then rebinds what came in.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// The object that called dlopen, if it has a search path of its own. The loader looks at the return address to find
/// whose DT_RUNPATH counts, and would see this file instead.
static struct link_map *caller_with_path(void *return_address)
{
    Dl_info info;
    struct link_map *caller = NULL, *self = NULL;
    if (!dladdr1(return_address, &info, (void **)&caller, RTLD_DL_LINKMAP) || !caller)
        return NULL;
    if (dladdr1((void *)cgevent_hook_dlopen, &info, (void **)&self, RTLD_DL_LINKMAP) && self == caller)
        return NULL;
    for (const ElfW(Dyn) *entry = caller->l_ld; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH)
            return caller;
    return NULL;
}

static void *open_in(const char *directory, const char *file, int mode)
{
    char path[PATH_MAX];
    size_t length = strlen(directory);
    if (length == 0 || length + strlen(file) + 2 > sizeof path)
        return NULL;
    memcpy(path, directory, length);
    path[length] = '/';
    strcpy(path + length + 1, file);
    return access(path, F_OK) == 0 ? cgevent_libc.dlopen(path, mode) : NULL;
}

/// Looks where the loader would have looked for this caller.
static void *open_for(struct link_map *caller, const char *file, int mode)
{
    Dl_serinfo size;
    void *found = cgevent_libc.dlopen(file, mode | RTLD_NOLOAD); // known by its name already: nothing to look for
    if (found || dlinfo(caller, RTLD_DI_SERINFOSIZE, &size) != 0)
        return found;
    Dl_serinfo *paths = malloc(size.dls_size);
    if (!paths)
        return NULL;
    memcpy(paths, &size, sizeof size);
    if (dlinfo(caller, RTLD_DI_SERINFOSIZE, paths) == 0 && dlinfo(caller, RTLD_DI_SERINFO, paths) == 0)
        for (unsigned int index = 0; !found && index < paths->dls_cnt; index++)
            found = open_in(paths->dls_serpath[index].dls_name, file, mode);
    free(paths);
    dlerror(); // what RTLD_NOLOAD left: the caller's call has not failed
    return found;
}

void *cgevent_hook_dlopen(const char *file, int mode)
{
    bool searched = file && *file && !strchr(file, '/') && !(mode & RTLD_NOLOAD);
    struct link_map *caller = searched ? caller_with_path(__builtin_return_address(0)) : NULL;
    void *handle = caller ? open_for(caller, file, mode) : NULL;
    if (!handle)
        handle = cgevent_libc.dlopen(file, mode); // sets the message that dlerror gives, too
    if (handle)
        cgevent_rescan();
    return handle;
}

#endif
