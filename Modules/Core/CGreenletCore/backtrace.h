// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A walk along frame pointers that reads nothing outside of one stack; safe in a signal handler.

#ifndef CGREENLET_BACKTRACE_PRIVATE_H
#define CGREENLET_BACKTRACE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// How far a walk is.
typedef struct cgreenlet_walk {
    uintptr_t frame;  ///< the next frame record: the caller's frame pointer, then the return address
    uintptr_t low;    ///< lowest address that a record may have
    uintptr_t high;   ///< end of the stack
    uintptr_t shift;  ///< from an address on the stack to where its bytes are kept; 0 if they lie there
} cgreenlet_walk;

/// A return address without the signature that code built for pointer authentication gives it before it stores it.
static inline __attribute__((always_inline)) uintptr_t cgreenlet_without_signature(uintptr_t address) {
#if defined(__aarch64__)
    // xpaclri: works on x30 alone; nothing on processors that sign nothing.
    __asm__("mov x30, %0\n\thint #7\n\tmov %0, x30" : "+r"(address) : : "x30");
#endif
    return address;
}

/// Goes one frame outwards. False at the outermost frame, whose own return address leads nowhere, and wherever the
/// chain is not one.
static inline __attribute__((always_inline)) bool cgreenlet_walk_on(cgreenlet_walk *walk, uintptr_t *address) {
    uintptr_t record = walk->frame;
    bool fits = record >= walk->low && record % sizeof(uintptr_t) == 0 && walk->high >= 2 * sizeof(uintptr_t) &&
                record <= walk->high - 2 * sizeof(uintptr_t);
    if (!fits) return false;
    const volatile uintptr_t *words = (const volatile uintptr_t *)(record + walk->shift);
    walk->frame = words[0];
    walk->low = record + 2 * sizeof(uintptr_t);
    *address = cgreenlet_without_signature(words[1]);
    return walk->frame != 0 && *address != 0;
}

/// The bounds of the calling thread's own stack; zeros if they are not known.
void cgreenlet_own_stack(uintptr_t *low, uintptr_t *end);

/// `walk`, or, where the frame pointer holds something else, a walk along the chain that is on the stack all the same.
///
/// `has_end`: the stack is a greenlet's, and all of it can be read, so that its outermost record is known when it is met.
cgreenlet_walk cgreenlet_find_chain(cgreenlet_walk walk, uintptr_t stack_pointer, bool has_end);

/// Writes the return addresses below the record that `walk` begins with, of functions that keep no records: from
/// `code` on until they leave its file. They are guessed: what looks like one is one.
size_t cgreenlet_guess_returns(cgreenlet_walk walk, uintptr_t stack_pointer, uintptr_t code, uintptr_t *addresses,
                               size_t limit);

/// Reads memory of this process that may go at any moment. False if it is not there.
bool cgreenlet_read_memory(void *to, const void *from, size_t size);

/// Whether the instruction before an address is a call.
bool cgreenlet_follows_call(uintptr_t address);

/// Whether an address lies in the code of a loaded file, and then where that was put.
bool cgreenlet_is_code(uintptr_t address, uintptr_t *base);

#endif
