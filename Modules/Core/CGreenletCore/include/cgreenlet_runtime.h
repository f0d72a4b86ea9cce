// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Finding the words that the Swift runtime keeps per thread, by watching them change.

#ifndef CGREENLET_RUNTIME_H
#define CGREENLET_RUNTIME_H

#include "cgreenlet_context.h"

#pragma clang assume_nonnull begin

/// Which runtime library's thread-local block to look into.
typedef enum cgreenlet_library {
    CGREENLET_LIBRARY_CORE,
    CGREENLET_LIBRARY_CONCURRENCY,
    CGREENLET_LIBRARY_OBSERVATION,
} cgreenlet_library;

enum { CGREENLET_SNAPSHOT_WORDS = 512 };

/// A copy of a library's thread-local block, of the calling thread.
typedef struct cgreenlet_snapshot {
    size_t count;
    uintptr_t words[CGREENLET_SNAPSHOT_WORDS];
} cgreenlet_snapshot;

/// Copies the block. `count` is 0 if the library, or a block of a plausible size, isn't there.
void cgreenlet_take_snapshot(cgreenlet_library library, cgreenlet_snapshot *snapshot);

/// Overwrites one word of the calling thread's block.
void cgreenlet_poke(cgreenlet_library library, size_t index, uintptr_t value);

/// Says that word `which` is number `index` of `library`'s block, from now on and for all threads.
void cgreenlet_found_word(int which, cgreenlet_library library, size_t index);

/// Whether `cgreenlet_found_word` was called for `which`.
bool cgreenlet_knows_word(int which);

/// Forgets a word, or all with -1, so that tests can see the fallback. Only threads started later are affected.
void cgreenlet_forget_word(int which);

/// Opens a real exclusive access to `*variable` with the runtime, recorded in `buffer` (3 words), and closes it.
void cgreenlet_begin_access(void *variable, uintptr_t *buffer);
void cgreenlet_end_access(uintptr_t *buffer);

/// An address on the calling stack, whatever a sanitizer makes of local variables.
uintptr_t cgreenlet_stack_address(void);

// A reference to an object that neither keeps it alive nor dangles: the object's memory stays until it is let go, and
// whoever wants the object itself asks whether it still lives. From any thread.
void cgreenlet_hold(void *object);
void cgreenlet_let_go(void *object);
/// Whether `object`, which is held, lives; it is retained then.
bool cgreenlet_try_retain(void *object);

/// The runtime's answer to "which task runs on this thread".
void *_Nullable cgreenlet_runtime_task(void);

#pragma clang assume_nonnull end

#endif
