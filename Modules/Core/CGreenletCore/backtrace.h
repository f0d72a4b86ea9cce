// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A walk along frame pointers that reads nothing outside of one stack; safe in a signal handler.

#ifndef CGREENLET_BACKTRACE_PRIVATE_H
#define CGREENLET_BACKTRACE_PRIVATE_H

#include <stdbool.h>
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

#endif
