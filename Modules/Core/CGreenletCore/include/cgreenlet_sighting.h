// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What another thread is doing at this moment: who runs there, in which system call, and where.

#ifndef CGREENLET_SIGHTING_H
#define CGREENLET_SIGHTING_H

#include "cgreenlet_context.h"

#include <pthread.h>

#pragma clang assume_nonnull begin

enum {
    CGREENLET_SIGHTED_STACK = 1 << 16,   ///< bytes of the stack that are looked at, from its innermost frame on
    CGREENLET_SIGHTED_OBJECT = 64,       ///< bytes of what a scheduler hung on the context
};

/// A thread that others look at. Filled in by `cgreenlet_become_visible`, on that thread.
typedef struct cgreenlet_sightee {
    const cgreenlet_thread *thread;
    int kernel_id;
    uintptr_t stack_low, stack_end;  ///< of the thread's own stack
    size_t object_offset;  ///< where to begin in the object that a scheduler hung on a context
    size_t object_size;    ///< how much of it to take, CGREENLET_SIGHTED_OBJECT at most
} cgreenlet_sightee;

/// What was seen, all of it a copy: what the addresses lead to may be gone.
typedef struct cgreenlet_sighting {
    const cgreenlet_context *context;  ///< who runs
    const void *_Nullable scheduled;   ///< what a scheduler hung on it
    long system_call;                  ///< the number of the system call that it waits in, or -1
    uintptr_t code;                    ///< where it stands; 0 if that could not be found out
    uintptr_t frame;                   ///< its frame pointer; 0 within a system call
    uintptr_t link;                    ///< where it returns to, if it keeps no record of its own
    uintptr_t stack_pointer;
    size_t copied;  ///< bytes of `stack`, which begins at `stack_pointer`
    bool has_end;   ///< it is a greenlet's, and those are all of it
    _Alignas(16) unsigned char object[CGREENLET_SIGHTED_OBJECT];
    _Alignas(16) unsigned char stack[CGREENLET_SIGHTED_STACK];
} cgreenlet_sighting;

/// Lets other threads look at the calling one from now on; it doesn't block SIGURG any more.
cgreenlet_sightee cgreenlet_become_visible(void);

/// Looks at another thread, which must not end meanwhile.
///
/// A thread that waits in a system call is not disturbed: what it is doing is read from outside. One that calculates is
/// asked by a signal (SIGURG, which nobody else may have a handler for), and answers within microseconds.
///
/// False if it could not be found out: the thread does this and that, or does not answer, or the system has no way.
bool cgreenlet_sight(cgreenlet_sighting *sighting, const cgreenlet_sightee *sightee);

/// Writes up to `limit` code addresses to `addresses`, the innermost first, and returns how many. All but the first are
/// return addresses.
size_t cgreenlet_sighting_backtrace(const cgreenlet_sighting *sighting, uintptr_t *addresses, size_t limit);

/// The name of a system call that may wait; NULL if it is none of those.
const char *_Nullable cgreenlet_system_call_name(long number);

/// `pthread_cond_timedwait(3)`, of a condition that goes by the monotonic clock. In C, as Swift can't tell which module the
/// fields of a `timespec` belong to: that depends on the order of compilation.
void cgreenlet_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t nanoseconds);

/// Names the calling thread, in 15 characters at most.
void cgreenlet_name_thread(const char *name);

#pragma clang assume_nonnull end

#endif
