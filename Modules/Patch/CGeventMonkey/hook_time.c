// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// sleep and its relatives, each with its own way of saying how much was left.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "waiting.h"

#include <errno.h>

static const int64_t second = 1000000000;

static bool is_valid(const struct timespec *duration)
{
    return duration->tv_sec >= 0 && duration->tv_nsec >= 0 && duration->tv_nsec < second;
}

/// Parks for this long. Returns the nanoseconds that were left when an error was injected (at least 1), or 0.
static int64_t park(int64_t nanoseconds)
{
    int error = errno;
    int64_t deadline = cgevent_deadline_after(nanoseconds);
    int failure = cgevent_nap(nanoseconds, CGEVENT_NEVER);
    errno = failure ? failure : error;
    if (failure == 0)
        return 0;
    int64_t left = deadline - cgevent_now();
    return left > 0 ? left : 1;
}

unsigned int cgevent_hook_sleep(unsigned int seconds)
{
    if (!cgevent_may_park(CGEVENT_GROUP_TIME))
        return cgevent_libc.sleep(seconds);
    return (unsigned int)((park(seconds * second) + second - 1) / second);
}

int cgevent_hook_usleep(useconds_t microseconds)
{
    if (!cgevent_may_park(CGEVENT_GROUP_TIME))
        return cgevent_libc.usleep(microseconds);
    return park((int64_t)microseconds * 1000) == 0 ? 0 : -1;
}

static void store(int64_t nanoseconds, struct timespec *target)
{
    if (target)
        *target = (struct timespec){nanoseconds / second, nanoseconds % second};
}

int cgevent_hook_nanosleep(const struct timespec *request, struct timespec *remaining)
{
    if (!cgevent_may_park(CGEVENT_GROUP_TIME) || !request || !is_valid(request))
        return cgevent_libc.nanosleep(request, remaining);
    int64_t left = park(cgevent_nanoseconds(request));
    if (left == 0)
        return 0;
    store(left, remaining);
    return -1;
}

/// The hub keeps monotonic time; a clock that was set meanwhile is looked at again before the sleep ends. A clock that
/// jumps ahead ends it no earlier. Returns an errno, as clock_nanosleep does.
static int sleep_until(clockid_t clock, const struct timespec *time)
{
    for (;;) {
        struct timespec now;
        if (clock_gettime(clock, &now) != 0)
            return errno;
        int64_t left = cgevent_nanoseconds(time) - cgevent_nanoseconds(&now);
        int failure = cgevent_nap(left > 0 ? left : 0, CGEVENT_NEVER);
        if (failure || left <= 0)
            return failure;
    }
}

static bool can_wait_by(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

int cgevent_hook_clock_nanosleep(clockid_t clock, int flags, const struct timespec *request,
                                 struct timespec *remaining)
{
    bool ours = cgevent_may_park(CGEVENT_GROUP_TIME) && can_wait_by(clock) && request && is_valid(request) &&
                (flags & ~TIMER_ABSTIME) == 0;
    if (!ours)
        return cgevent_libc.clock_nanosleep(clock, flags, request, remaining);
    int error = errno; // this one returns its error and leaves errno alone
    int64_t left = 0;
    int failure = 0;
    if (flags & TIMER_ABSTIME)
        failure = sleep_until(clock, request);
    else if ((left = park(cgevent_nanoseconds(request))) > 0) {
        failure = errno;
        store(left, remaining);
    }
    errno = error;
    return failure;
}

#endif
