// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What is said of a greenlet whose stack is used up.

#ifndef CGREENLET_OVERFLOW_REPORT_H
#define CGREENLET_OVERFLOW_REPORT_H

#include "include/cgreenlet_context.h"

/// The registers at a fault, and what it touched.
typedef struct cgreenlet_fault_place {
    uintptr_t address;
    uintptr_t code;
    uintptr_t frame;
    uintptr_t stack;
} cgreenlet_fault_place;

/// Writes to standard error which greenlet it was, how large its stack is, what to do, and a backtrace.
///
/// For signal handlers: allocates nothing, uses no stdio. Names are looked up under the loader's lock; an alarm ends
/// the process if somebody who waits for us holds it.
void cgreenlet_report_overflow(const cgreenlet_context *context, const cgreenlet_fault_place *place);

#endif
