// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where stacks come from: a reserved arena a thread, with a guard below each stack, hot ones reused first.

#ifndef CGREENLET_STACK_H
#define CGREENLET_STACK_H

#include "cgreenlet_context.h"

#pragma clang assume_nonnull begin

/// Bytes of address space of a pooled stack; committed page by page as it is used.
enum { CGREENLET_DEFAULT_STACK_SIZE = 256 * 1024, CGREENLET_GUARD_SIZE = 16 * 1024 };

/// Takes a stack of at least `size` bytes (0: the default) for the calling thread.
///
/// NULL with errno ENOMEM when the address space, memory or the number of mappings (vm.max_map_count) is used up.
cgreenlet_context *_Nullable cgreenlet_acquire(size_t size);

/// Gives the stack back. May be called by the greenlet that stands on it, if it leaves right after by
/// `cgreenlet_leave` and acquires at most the context it leaves to.
void cgreenlet_release(cgreenlet_context *context);

/// How many stacks of the calling thread are in use, and how many wait in its pool.
typedef struct cgreenlet_stack_counts {
    size_t live;
    size_t pooled;
} cgreenlet_stack_counts;

cgreenlet_stack_counts cgreenlet_count_stacks(void);

/// Bytes of `context`'s stack that are resident in memory now (mincore). 0 for the thread's own stack.
size_t cgreenlet_resident_bytes(const cgreenlet_context *context);

#pragma clang assume_nonnull end

#endif
