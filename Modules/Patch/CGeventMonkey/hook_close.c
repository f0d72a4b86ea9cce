// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// close and dup in all their forms: whoever waits for a number must learn that it means another descriptor now.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "closing.h"
#include "hooks.h"
#include "waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

static pid_t home; // the process whose scheduler is installed

void cgevent_closing_begins(void)
{
    home = getpid();
}

/// The child of a vfork runs in our memory but changes descriptors of its own: it must touch nothing here.
static bool is_at_home(void)
{
    return !cgevent_current_scheduler() || getpid() == home;
}

void cgevent_closing(int fd)
{
    int error = errno;
    const cgevent_scheduler *scheduler = cgevent_current_scheduler();
    if (fd >= 0 && is_at_home()) {
        if (scheduler)
            scheduler->closing(fd);
        cgevent_fd_forget(fd);
    }
    errno = error;
}

int cgevent_duplicated(int fd, int copy)
{
    if (copy < 0 || copy == fd || !is_at_home())
        return copy;
    cgevent_traits traits = cgevent_describe(fd) & ~CGEVENT_DRAINED;
    cgevent_mark(fd, CGEVENT_SHARED, CGEVENT_DRAINED);
    cgevent_created(copy, traits | CGEVENT_SHARED);
    return copy;
}

int cgevent_hook_close(int fd)
{
    cgevent_closing(fd);
    return cgevent_libc.close(fd);
}

int cgevent_hook_fclose(FILE *stream)
{
    int error = errno;
    int fd = stream ? fileno(stream) : -1;
    errno = error;
    if (fd >= 0)
        cgevent_closing(fd);
    return cgevent_libc.fclose(stream);
}

static void closing_from(unsigned int first, unsigned int last)
{
    int highest = last > INT_MAX ? INT_MAX : (int)last;
    int fd = first > INT_MAX ? -1 : cgevent_next_seen((int)first);
    while (fd >= 0 && fd <= highest) {
        cgevent_closing(fd);
        fd = fd < INT_MAX ? cgevent_next_seen(fd + 1) : -1;
    }
}

int cgevent_hook_close_range(unsigned int first, unsigned int last, int flags)
{
    if (!(flags & CLOSE_RANGE_CLOEXEC))
        closing_from(first, last);
    return cgevent_libc.close_range(first, last, flags);
}

void cgevent_hook_closefrom(int first)
{
    closing_from(first < 0 ? 0 : (unsigned int)first, INT_MAX);
    cgevent_libc.closefrom(first);
}

static bool is_open(int fd)
{
    int error = errno;
    bool open = cgevent_libc.fcntl(fd, F_GETFD) >= 0;
    errno = error;
    return open;
}

int cgevent_hook_dup(int fd)
{
    return cgevent_duplicated(fd, cgevent_libc.dup(fd));
}

int cgevent_hook_dup2(int fd, int target)
{
    if (fd != target && is_open(fd))
        cgevent_closing(target);
    return cgevent_duplicated(fd, cgevent_libc.dup2(fd, target));
}

int cgevent_hook_dup3(int fd, int target, int flags)
{
    if (fd != target && is_open(fd) && !(flags & ~O_CLOEXEC))
        cgevent_closing(target);
    return cgevent_duplicated(fd, cgevent_libc.dup3(fd, target, flags));
}

#endif
