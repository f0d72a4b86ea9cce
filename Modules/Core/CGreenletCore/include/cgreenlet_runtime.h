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

enum { CGREENLET_LIBRARIES = 3 };

/// The calling thread's block of a library, which begins to exist if it didn't. Empty if the library isn't there, or
/// has none.
cgreenlet_block cgreenlet_find_block(cgreenlet_library library);

/// In whose block word `which` lies.
cgreenlet_library cgreenlet_library_of(int which);

/// Says that word `which` is number `index` of its library's block, from now on and for all threads.
void cgreenlet_found_word(int which, size_t index);

/// Whether `cgreenlet_found_word` was called for `which`.
bool cgreenlet_knows_word(int which);

/// Forgets a word, or all with -1, so that tests can see the fallback. Only threads started later are affected.
void cgreenlet_forget_word(int which);

/// Takes the program for one with the static standard library, whose libraries have no blocks of their own. For tests
/// too, and for threads started later.
void cgreenlet_take_blocks_for_shared(void);

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

/// Whether the runtime takes what stands in `*word`, which is zero, for the task that runs on this thread.
bool cgreenlet_leads_to_task(volatile uintptr_t *word);

#pragma clang assume_nonnull end

#endif
