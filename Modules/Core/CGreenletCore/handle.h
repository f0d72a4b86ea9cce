// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the rest of this target needs to know of C's handles.

#ifndef CGREENLET_HANDLE_PRIVATE_H
#define CGREENLET_HANDLE_PRIVATE_H

#include "include/cgreenlet_context.h"

/// The stack behind `context->handle`, which is not NULL, is given back: the handle is dead from now on.
void cgreenlet_handle_ended(cgreenlet_context *context);

#endif
