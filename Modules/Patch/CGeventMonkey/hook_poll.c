// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// poll, ppoll, epoll_wait, epoll_pwait: look without waiting, wait in the hub, look again.
//
// A signal mask applies to the looks only: a signal that it lets through is taken when the call looks, not while it is
// parked, since the hub's thread serves other greenlets meanwhile.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "readiness.h"
#include "waiting.h"

#include <errno.h>

static const int64_t millisecond = 1000000;

static int64_t deadline_of(int timeout)
{
    return cgevent_deadline_after(timeout < 0 ? -1 : timeout * millisecond);
}

static int look(struct pollfd *fds, nfds_t count, const sigset_t *mask)
{
    const struct timespec none = {0, 0};
    return mask ? cgevent_libc.ppoll(fds, count, &none, mask) : cgevent_libc.poll(fds, count, 0);
}

static int poll_until(struct pollfd *fds, nfds_t count, int64_t deadline, const sigset_t *mask)
{
    int error = errno, failure = 0;
    cgevent_watch watch = {.deadline = deadline};
    for (;;) {
        int ready = look(fds, count, mask);
        if (ready != 0 && watch.rounds == 0)
            cgevent_looked_without_waiting();
        if (ready != 0 || failure == ETIMEDOUT) {
            errno = ready < 0 ? errno : error;
            return ready;
        }
        failure = cgevent_watch_any(&watch, fds, count);
        if (failure == ECANCELED) {
            errno = failure;
            return -1;
        }
    }
}

int cgevent_hook_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    if (!cgevent_may_park(CGEVENT_GROUP_POLL))
        return cgevent_libc.poll(fds, count, timeout);
    if (timeout != 0)
        return poll_until(fds, count, deadline_of(timeout), NULL);
    cgevent_looked_without_waiting();
    return cgevent_libc.poll(fds, count, 0);
}

int cgevent_hook_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    bool odd = timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000 * millisecond);
    bool instant = timeout && timeout->tv_sec == 0 && timeout->tv_nsec == 0;
    if (odd || instant || !cgevent_may_park(CGEVENT_GROUP_POLL))
        return cgevent_libc.ppoll(fds, count, timeout, mask);
    int64_t deadline = cgevent_deadline_after(timeout ? cgevent_nanoseconds(timeout) : -1);
    return poll_until(fds, count, deadline, mask);
}

int cgevent_hook___poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t capacity)
{
    if (capacity / sizeof *fds < count)
        return cgevent_libc.__poll_chk(fds, count, timeout, capacity); // which ends the program
    return cgevent_hook_poll(fds, count, timeout);
}

int cgevent_hook___ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
                             size_t capacity)
{
    if (capacity / sizeof *fds < count)
        return cgevent_libc.__ppoll_chk(fds, count, timeout, mask, capacity);
    return cgevent_hook_ppoll(fds, count, timeout, mask);
}

int cgevent_hook_epoll_pwait(int epoll, struct epoll_event *events, int capacity, int timeout, const sigset_t *mask)
{
    if (timeout == 0 || !cgevent_may_park(CGEVENT_GROUP_POLL))
        return cgevent_libc.epoll_pwait(epoll, events, capacity, timeout, mask);
    int error = errno, failure = 0;
    cgevent_watch watch = {.deadline = deadline_of(timeout)};
    for (;;) {
        int ready = cgevent_libc.epoll_pwait(epoll, events, capacity, 0, mask);
        if (ready != 0 || failure == ETIMEDOUT) {
            errno = ready < 0 ? errno : error;
            return ready;
        }
        failure = cgevent_watch_one(&watch, epoll, POLLIN);
        if (failure == ECANCELED) {
            errno = failure;
            return -1;
        }
    }
}

int cgevent_hook_epoll_wait(int epoll, struct epoll_event *events, int capacity, int timeout)
{
    return cgevent_hook_epoll_pwait(epoll, events, capacity, timeout, NULL);
}

#endif
