// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Finds the functions behind the hooks, and decides which definitions a hook may stand in for.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "sanitizer.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <pthread.h>
#include <string.h>

struct cgevent_libc cgevent_libc;

const cgevent_hook cgevent_hooks[] = {
#define CGEVENT_HOOK(name, groups, result, parameters)                                                                 \
    {#name, (void *)cgevent_hook_##name, (void **)&cgevent_libc.name, groups},
#include "hook_list.h"
#undef CGEVENT_HOOK
};

enum { HOOK_COUNT = sizeof cgevent_hooks / sizeof *cgevent_hooks };
const int cgevent_hook_count = HOOK_COUNT;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int resolution;
static uintptr_t libc_start, libc_end;
static bool interposed[HOOK_COUNT]; // someone else's function comes first: unbound slots go there, not to libc
static void *stand_ins[HOOK_COUNT]; // an executable's PLT entry that is the function's address for everyone

/// Says where libc lies, and whether the executable (always the first object) has a loader at all.
static int inspect_object(struct dl_phdr_info *object, size_t size, void *first)
{
    (void)size;
    uintptr_t start = UINTPTR_MAX, end = 0, marker = (uintptr_t)gnu_get_libc_version;
    bool interpreted = false;
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        interpreted |= segment->p_type == PT_INTERP;
        if (segment->p_type != PT_LOAD)
            continue;
        uintptr_t from = object->dlpi_addr + segment->p_vaddr;
        start = from < start ? from : start;
        end = from + segment->p_memsz > end ? from + segment->p_memsz : end;
    }
    if (*(bool *)first && !interpreted)
        return CGEVENT_ERROR_STATIC;
    *(bool *)first = false;
    if (marker >= start && marker < end) {
        libc_start = start;
        libc_end = end;
    }
    return 0;
}

static bool is_in_libc(void *address)
{
    return (uintptr_t)address >= libc_start && (uintptr_t)address < libc_end;
}

/// A non-PIE executable that takes a function's address stands for it with a PLT entry: calling that would come back
/// to the hook through the entry's own slot.
static bool is_stand_in(void *address)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    return dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) && symbol && symbol->st_shndx == SHN_UNDEF;
}

static void *find_in_libc(const char *name)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    void *found = libc ? dlsym(libc, name) : NULL;
    if (libc)
        dlclose(libc);
    return found;
}

/// The function that a hook shall call. A definition that comes before libc's (of a preloaded library, of a program
/// with a `send` of its own) is not ours to replace. Neither is a sanitizer's interceptor: the hook goes behind it.
static void *find_original(int hook)
{
    const char *name = cgevent_hooks[hook].name;
    void *first = dlsym(RTLD_DEFAULT, name);
    if (!first || is_in_libc(first))
        return first;
    if (is_stand_in(first))
        stand_ins[hook] = first;
    else
        interposed[hook] = true;
    void **behind = cgevent_interceptor_slot(hook);
    return behind ? *behind : find_in_libc(name);
}

static void resolve_all(void)
{
    bool first = true;
    resolution = dl_iterate_phdr(inspect_object, &first);
    for (int hook = 0; resolution == 0 && hook < HOOK_COUNT; hook++)
        *cgevent_hooks[hook].original = find_original(hook);
}

int cgevent_resolve(void)
{
    int error = errno;
    pthread_once(&once, resolve_all);
    errno = error;
    return resolution;
}

int cgevent_hook_index(const char *name)
{
    for (int hook = 0; hook < HOOK_COUNT; hook++)
        if (strcmp(cgevent_hooks[hook].name, name) == 0)
            return hook;
    return -1;
}

bool cgevent_is_replaceable(int hook, void *value)
{
    // Anything inside libc will do, not only the default version: old binaries bind to compatibility versions.
    return value == *cgevent_hooks[hook].original || is_in_libc(value) || (value && value == stand_ins[hook]);
}

bool cgevent_would_be_replaceable(int hook)
{
    return !interposed[hook];
}

// ---- Questions about symbols, for the public header ---------------------------------------------------------------

int cgevent_symbol_count(void)
{
    return HOOK_COUNT;
}

const char *cgevent_symbol_name(int index)
{
    return index >= 0 && index < HOOK_COUNT ? cgevent_hooks[index].name : NULL;
}

uint32_t cgevent_symbol_groups(const char *name)
{
    int hook = cgevent_hook_index(name);
    return hook < 0 ? 0 : cgevent_hooks[hook].groups;
}

bool cgevent_is_symbol_patched(const char *name)
{
    return (cgevent_symbol_groups(name) & cgevent_patched_groups()) != 0;
}

void *cgevent_original(const char *name)
{
    int hook = cgevent_hook_index(name);
    return hook < 0 || cgevent_resolve() != 0 ? NULL : *cgevent_hooks[hook].original;
}

#endif
