// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Telling AddressSanitizer, ThreadSanitizer and Valgrind about stacks. Weak symbols: no build flag is needed.

#ifndef CGREENLET_SANITIZER_H
#define CGREENLET_SANITIZER_H

#include "include/cgreenlet_context.h"

#pragma clang assume_nonnull begin

/// For functions that run half on one stack and half on another: their own instrumentation would enter a frame on
/// one ThreadSanitizer fiber and leave it on the other.
#define CGREENLET_UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation))

/// Whether a sanitizer's runtime is part of this process.
bool cgreenlet_sanitizer_present(void);

/// Whether this process runs on Valgrind, which would take bytes that return to a stack for stray writes. x86_64 only.
bool cgreenlet_valgrind_present(void);

/// The thread's own stack: its bounds, its fiber.
void cgreenlet_sanitizer_thread(cgreenlet_thread *thread);

/// A stack begins to be used by a greenlet.
void cgreenlet_sanitizer_acquire(cgreenlet_context *context);

/// Around a switch. `final` says that `from` will never be entered again.
void cgreenlet_sanitizer_before(cgreenlet_context *from, cgreenlet_context *to, bool final);
void cgreenlet_sanitizer_after(cgreenlet_context *arrived);

/// A stack that was acquired is given back by another than the greenlet on it, which is never entered again.
void cgreenlet_sanitizer_abandon(cgreenlet_context *context);

/// A stack's memory appears, or goes for good.
void cgreenlet_sanitizer_map(cgreenlet_context *context);
void cgreenlet_sanitizer_unmap(cgreenlet_context *context);

#pragma clang assume_nonnull end

#endif
