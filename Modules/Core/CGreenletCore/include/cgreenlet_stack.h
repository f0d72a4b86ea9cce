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

/// Takes a context whose stack others use as well, in turns: while it is suspended its bytes may lie elsewhere.
///
/// Must be prepared by `cgreenlet_prepare_shared`, and is released like others. Has a stack of its own, and still has to
/// be prepared so, where something watches the thread (sanitizers, Valgrind), or Swift's words were not found. NULL with
/// errno ENOMEM, as `cgreenlet_acquire`.
cgreenlet_context *_Nullable cgreenlet_acquire_shared(void);

/// How many stacks the calling thread's contexts share from now on, at most: 64 unless this says less. For tests;
/// those that it has already stay.
void cgreenlet_limit_berths(size_t count);

/// Gives up a stack whose thread has ended, or is past the point where it ends greenlets. From any thread, once.
///
/// Nothing on it is unwound: what its frames own is lost, its memory is not.
void cgreenlet_abandon(cgreenlet_context *context);

/// Gives the memory of the calling thread's free stacks back, and the addresses of arenas that none is in use of.
///
/// Returns how many bytes that were, of memory. Not between a release and the switch that follows it.
size_t cgreenlet_trim_stacks(void);

/// Shows `visit` all stacks of the calling thread, in use or not. It must not take or give any.
void cgreenlet_visit_stacks(void (*visit)(cgreenlet_context *context, void *argument), void *argument);

/// How many stacks of the calling thread are in use, and how many wait in its pool.
typedef struct cgreenlet_stack_counts {
    size_t live;
    size_t pooled;
} cgreenlet_stack_counts;

cgreenlet_stack_counts cgreenlet_count_stacks(void);

/// What the calling thread's stacks, live and pooled, take.
typedef struct cgreenlet_stack_bytes {
    size_t reserved;   ///< of address space, guards and all
    size_t committed;  ///< of memory that is resident now
} cgreenlet_stack_bytes;

/// Asks the kernel about each stack (mincore): a system call for every stack that ever was.
cgreenlet_stack_bytes cgreenlet_weigh_stacks(void);

/// Bytes of `context`'s stack that are resident in memory now (mincore). 0 for the thread's own stack.
size_t cgreenlet_resident_bytes(const cgreenlet_context *context);

/// Bytes from the top of `context`'s stack down to the lowest page that is resident: how deep it ever was, counting
/// the greenlets that had the stack before, since it last came from the kernel. 0 for the thread's own stack.
size_t cgreenlet_high_water(const cgreenlet_context *context);

/// Makes guards by mprotect, two mappings a stack, and tells of each stack by a call of its own, as on kernels before
/// 6.13. For tests of just that.
void cgreenlet_use_mapped_guards(bool wanted);

/// What stands in the way of another stack.
typedef enum cgreenlet_limit {
    CGREENLET_LIMIT_MEMORY,     ///< none of the others: memory, or a container's share of it
    CGREENLET_LIMIT_ADDRESSES,  ///< RLIMIT_AS: bytes of address space of the process
    CGREENLET_LIMIT_DATA,       ///< RLIMIT_DATA: bytes of private writable mappings
    CGREENLET_LIMIT_MAPPINGS,   ///< vm.max_map_count: mappings of the process
    CGREENLET_LIMIT_MACHINE,    ///< no process has that many addresses
} cgreenlet_limit;

/// A limit that was hit: its value and how much of it is used, in bytes or mappings; 0 if that can't be known.
typedef struct cgreenlet_limit_hit {
    cgreenlet_limit limit;
    size_t used;
    size_t allowed;
} cgreenlet_limit_hit;

/// Finds out why `cgreenlet_acquire(size)` has just failed. Allocates nothing; may read all of /proc/self/maps.
cgreenlet_limit_hit cgreenlet_find_limit(size_t size);

#pragma clang assume_nonnull end

#endif
