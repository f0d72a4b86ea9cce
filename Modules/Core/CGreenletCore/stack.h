// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the rest of this target needs to know of the stack pool.

#ifndef CGREENLET_STACK_PRIVATE_H
#define CGREENLET_STACK_PRIVATE_H

#include "include/cgreenlet_context.h"

/// Unmaps every stack of the thread. None may be in use any more; those that are stay mapped, as nothing is safer.
void cgreenlet_pool_destroy(cgreenlet_thread *thread);

#endif
