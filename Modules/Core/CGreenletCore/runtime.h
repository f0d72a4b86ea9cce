// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the rest of this target needs to know of the runtime's words.

#ifndef CGREENLET_RUNTIME_PRIVATE_H
#define CGREENLET_RUNTIME_PRIVATE_H

#include "include/cgreenlet_context.h"

/// Finds the addresses of the calibrated words for the calling thread; an unknown word gets a stand-in.
void cgreenlet_runtime_attach(cgreenlet_thread *thread);

/// Whether Swift's runtime is part of this process.
bool cgreenlet_runtime_present(void);

#endif
