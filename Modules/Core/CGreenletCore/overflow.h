// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Stack overflow: who is told of faults, and where a thread handles them.

#ifndef CGREENLET_OVERFLOW_PRIVATE_H
#define CGREENLET_OVERFLOW_PRIVATE_H

#include "include/cgreenlet_context.h"

/// Installs the process's fault handler, once, and gives the calling thread a signal stack if it has none.
void cgreenlet_overflow_watch(cgreenlet_thread *thread);

/// Takes the thread's signal stack away, if it came from us.
void cgreenlet_overflow_unwatch(cgreenlet_thread *thread);

#endif
