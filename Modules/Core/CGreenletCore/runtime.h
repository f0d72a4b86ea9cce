// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the rest of this target needs to know of what Swift's runtime keeps per thread.

#ifndef CGREENLET_RUNTIME_PRIVATE_H
#define CGREENLET_RUNTIME_PRIVATE_H

#include "include/cgreenlet_runtime.h"

#pragma clang assume_nonnull begin

/// Whether a library is part of this process.
bool cgreenlet_has_library(cgreenlet_library library);

/// Finds the addresses of the calibrated words for the calling thread, and sees to the others. Returns whether a switch
/// must set something aside for them.
bool cgreenlet_runtime_attach(cgreenlet_thread *thread);

enum { CGREENLET_WHOLE_WORDS = 16 };  ///< of a library that is set aside whole, at most

/// What a greenlet has open in libraries whose words were not found, while it is suspended. It lies on its stack.
typedef struct cgreenlet_aside {
    uintptr_t accesses[2];  ///< state of the runtime's own functions
    uintptr_t words[CGREENLET_WHOLE_LIBRARIES][CGREENLET_WHOLE_WORDS];
} cgreenlet_aside;

/// Takes it off the thread, which is as new for these libraries then, and puts it back.
void cgreenlet_set_aside(cgreenlet_thread *thread, cgreenlet_aside *aside);
void cgreenlet_put_back(cgreenlet_thread *thread, cgreenlet_aside *aside);

/// Says on standard error, once for the process, which words stay with the thread: bit n of `lacking` is word n.
void cgreenlet_report_lacking(unsigned lacking);

#pragma clang assume_nonnull end

#endif
