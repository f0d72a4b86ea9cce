// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How hooks wait: the gate that every hook passes, deadlines, and waiting for a descriptor with a call's own rules.

#ifndef CGEVENT_WAITING_H
#define CGEVENT_WAITING_H

#include "CGeventMonkey.h"
#include "descriptors.h"
#include "platform.h"

#include <stdint.h>
#include <time.h>

CGEVENT_HIDDEN extern uint32_t cgevent_active_groups;

/// A point of CLOCK_MONOTONIC in nanoseconds.
#define CGEVENT_NEVER INT64_MAX

/// The installed table, or NULL.
CGEVENT_HIDDEN const cgevent_scheduler * cgevent_current_scheduler(void);

/// True if a call of this group may wait in a hub: the group is on, and the code runs on a greenlet of a live hub.
CGEVENT_HIDDEN bool cgevent_may_park(uint32_t group);

/// True if the hook is in charge of this call on this descriptor; `traits` is then what is known of it.
CGEVENT_HIDDEN bool cgevent_is_ours(int fd, uint32_t group, cgevent_traits *traits);

CGEVENT_HIDDEN int64_t cgevent_now(void);
CGEVENT_HIDDEN int64_t cgevent_nanoseconds(const struct timespec *duration);

/// The deadline after this many nanoseconds; < 0: never.
CGEVENT_HIDDEN int64_t cgevent_deadline_after(int64_t nanoseconds);

/// Parks until ready or until the deadline. 0 (maybe spuriously), ETIMEDOUT, ECANCELED, EBADF or EPERM.
CGEVENT_HIDDEN bool cgevent_looks_ready(int fd, short events);
CGEVENT_HIDDEN int cgevent_wait_until(int fd, short events, int64_t deadline);

/// Parks for this long, but not beyond the deadline. 0, ETIMEDOUT (the deadline had passed) or ECANCELED.
CGEVENT_HIDDEN int cgevent_nap(int64_t nanoseconds, int64_t deadline);

/// The waiting that one call on one descriptor does, however often.
typedef struct cgevent_wait {
    int fd;
    short events;
    cgevent_traits traits;
    int64_t deadline; // set by the first wait
    unsigned waits;  // in this call
    unsigned misses; // waits in a row that reported ready where the call then said EAGAIN
} cgevent_wait;

/// Waits as the kernel would in a blocking call, within SO_RCVTIMEO (for POLLIN) or SO_SNDTIMEO (for POLLOUT).
/// 0, or the errno with which the call shall fail: EAGAIN (timed out), ECANCELED, EBADF; EPERM: make the blocking call.
CGEVENT_HIDDEN int cgevent_wait_for(cgevent_wait *wait);

/// The same where no event tells that it is worth another try: sleeps, within the same deadline.
CGEVENT_HIDDEN int cgevent_wait_blindly(cgevent_wait *wait, int64_t nanoseconds);

/// To be called when the try failed with EAGAIN. True if the descriptor turned out to be the program's own
/// non-blocking one, so that EAGAIN is the answer.
CGEVENT_HIDDEN bool cgevent_wait_missed(cgevent_wait *wait);

/// To be called at the end of a call that succeeded: yields once in a while if calls never wait. errno is kept.
CGEVENT_HIDDEN void cgevent_io_succeeded(const cgevent_wait *wait);

#endif
