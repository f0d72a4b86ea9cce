// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for several descriptors at once: what poll and select have in common.

#ifndef CGEVENT_READINESS_H
#define CGEVENT_READINESS_H

#include "platform.h"

#include <poll.h>
#include <stdint.h>

/// The waiting of one call of poll or select. It looks, waits, and looks again, until there is something to see.
typedef struct cgevent_watch {
    int64_t deadline;
    unsigned rounds;
} cgevent_watch;

/// Waits until one of them may be ready; negative descriptors are ignored, the kernel's revents left alone.
/// 0 (look again), ETIMEDOUT (look a last time) or ECANCELED.
CGEVENT_HIDDEN int cgevent_watch_any(cgevent_watch *watch, const struct pollfd *fds, nfds_t count);

/// The same for one descriptor, which may be an epoll descriptor.
CGEVENT_HIDDEN int cgevent_watch_one(cgevent_watch *watch, int fd, short events);

/// To be called when a look needed no waiting: yields once in a while, for programs that look and look.
CGEVENT_HIDDEN void cgevent_looked_without_waiting(void);

#endif
