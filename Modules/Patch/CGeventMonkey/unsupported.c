// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The public functions where nothing can be patched: everything builds, patching says why not.

#include "CGeventMonkey.h"
#include "platform.h"

#if !CGEVENT_SUPPORTED

int cgevent_patch(uint32_t groups)
{
    (void)groups;
    return CGEVENT_ERROR_PLATFORM;
}

int cgevent_unpatch(uint32_t groups)
{
    (void)groups;
    return CGEVENT_ERROR_PLATFORM;
}

int cgevent_rescan(void)
{
    return CGEVENT_ERROR_PLATFORM;
}

uint32_t cgevent_patched_groups(void)
{
    return 0;
}

int cgevent_unreachable_slots(void)
{
    return 0;
}

int cgevent_symbol_count(void)
{
    return 0;
}

const char *cgevent_symbol_name(int index)
{
    (void)index;
    return NULL;
}

uint32_t cgevent_symbol_groups(const char *name)
{
    (void)name;
    return 0;
}

int cgevent_symbol_slots(const char *name)
{
    (void)name;
    return 0;
}

bool cgevent_is_symbol_patched(const char *name)
{
    (void)name;
    return false;
}

void *cgevent_original(const char *name)
{
    (void)name;
    return NULL;
}

void cgevent_install_scheduler(const cgevent_scheduler *scheduler)
{
    (void)scheduler;
}

uint32_t cgevent_fd_generation(int fd)
{
    (void)fd;
    return 0;
}

void cgevent_fd_uneven(int fd)
{
    (void)fd;
}

void cgevent_fd_forget(int fd)
{
    (void)fd;
}

#endif
