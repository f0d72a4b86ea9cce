// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What happens to a descriptor number besides I/O: it is closed, or comes to share its description with another.

#ifndef CGEVENT_CLOSING_H
#define CGEVENT_CLOSING_H

#include "platform.h"

/// The scheduler belongs to the calling process.
CGEVENT_HIDDEN void cgevent_closing_begins(void);

/// To be called before a number is closed or replaced: wakes its waiters and forgets it. errno is kept.
CGEVENT_HIDDEN void cgevent_closing(int fd);

/// To be called after `copy` became a second number of fd's description, or a negative value if that failed.
/// From then on what is set through one number isn't taken for unset under the other. Returns `copy`.
CGEVENT_HIDDEN int cgevent_duplicated(int fd, int copy);

#endif
