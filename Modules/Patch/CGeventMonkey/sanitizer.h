// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Under a sanitizer the executable calls an interceptor directly: no slot to rebind, but the interceptor has one.

#ifndef CGEVENT_SANITIZER_H
#define CGEVENT_SANITIZER_H

#include "platform.h"

/// The variable through which a sanitizer's interceptor of a hook's function reaches libc, or NULL without one. To
/// rebind it puts the hook behind the interceptor: program and libraries come by, and nothing goes unchecked.
CGEVENT_HIDDEN void **cgevent_interceptor_slot(int hook);

#endif
