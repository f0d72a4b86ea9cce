// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Turns "any of these descriptors" into one descriptor the hub can wait for: themselves, or an epoll set of them.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "closing.h"
#include "hooks.h"
#include "readiness.h"
#include "waiting.h"

#include <errno.h>

static const int64_t millisecond = 1000000;
static const int64_t year = (int64_t)365 * 24 * 3600 * 1000000000;

enum { PLAIN = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM };

/// Readiness may not be what was asked for: the hub reports a hang-up to whoever waits for urgent data, say, and will
/// at once again. The first rounds cost nothing; after those it is looked at ever more rarely.
static int slow_down(cgevent_watch *watch)
{
    if (++watch->rounds <= 2)
        return 0;
    return cgevent_nap((watch->rounds < 16 ? watch->rounds : 16) * millisecond, watch->deadline);
}

static int wait_plainly(cgevent_watch *watch, int fd, short events)
{
    int result = cgevent_wait_until(fd, events, watch->deadline);
    if (result == EPERM)
        return cgevent_nap(16 * millisecond, watch->deadline);
    return result == EBADF ? 0 : result; // closed: the next look will say so
}

int cgevent_watch_one(cgevent_watch *watch, int fd, short events)
{
    int result = slow_down(watch);
    if (result || (watch->rounds > 2 && cgevent_looks_ready(fd, events)))
        return result;
    return wait_plainly(watch, fd, events);
}

static void close_set(int set)
{
    cgevent_closing(set);
    cgevent_libc.close(set);
}

/// An epoll descriptor that is readable when any of them is ready, or -1. Descriptors that can't be watched (files) are
/// always ready: the look before would have seen them if anyone had asked for that.
static int make_set(const struct pollfd *fds, nfds_t count)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        return -1;
    cgevent_fd_forget(set);
    for (nfds_t index = 0; index < count; index++) {
        struct epoll_event event = {.events = (uint16_t)fds[index].events, .data.fd = fds[index].fd};
        if (fds[index].fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fds[index].fd, &event) == 0 || errno == EPERM)
            continue;
        if (errno == EEXIST) { // named twice: watch for what any of the entries asks
            for (nfds_t other = 0; other < index; other++)
                event.events |= fds[other].fd == fds[index].fd ? (uint16_t)fds[other].events : 0;
            if (epoll_ctl(set, EPOLL_CTL_MOD, fds[index].fd, &event) == 0)
                continue;
        }
        close_set(set);
        return -1;
    }
    return set;
}

static int wait_for_set(cgevent_watch *watch, const struct pollfd *fds, nfds_t count)
{
    int set = make_set(fds, count);
    if (set < 0) // no descriptor or no memory left, or one of them was closed: look again soon, without stalling
        return cgevent_nap(5 * millisecond, watch->deadline);
    int result = wait_plainly(watch, set, POLLIN);
    close_set(set);
    return result;
}

int cgevent_watch_any(cgevent_watch *watch, const struct pollfd *fds, nfds_t count)
{
    const struct pollfd *only = NULL;
    nfds_t interesting = 0;
    for (nfds_t index = 0; index < count; index++)
        if (fds[index].fd >= 0 && interesting++ == 0)
            only = &fds[index];
    if (!only)
        return cgevent_nap(year, watch->deadline);
    int result = slow_down(watch);
    if (result)
        return result;
    // Someone who asks for POLLIN learns of POLLRDHUP by it, for the end of the data is readable.
    short events = only->events & POLLIN ? only->events & ~POLLRDHUP : only->events;
    if (interesting > 1 || events == 0 || (events & ~PLAIN))
        return wait_for_set(watch, fds, count);
    short plain = (events & (POLLIN | POLLRDNORM) ? POLLIN : 0) | (events & (POLLOUT | POLLWRNORM) ? POLLOUT : 0);
    if (watch->rounds > 2 && cgevent_looks_ready(only->fd, plain))
        return 0;
    return wait_plainly(watch, only->fd, plain);
}

void cgevent_looked_without_waiting(void)
{
    const cgevent_wait none = {.waits = 0};
    cgevent_io_succeeded(&none);
}

#endif
