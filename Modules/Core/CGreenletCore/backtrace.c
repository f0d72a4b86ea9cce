// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Backtraces of greenlets, running and suspended.

#define _GNU_SOURCE
#include "backtrace.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"
#include "stack.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void cgreenlet_trampoline(void);
char *swift_demangle(const char *mangled, size_t length, char *_Nullable buffer, size_t *_Nullable size,
                     uint32_t flags) __attribute__((weak));

void cgreenlet_own_stack(uintptr_t *low, uintptr_t *end) {
    *low = *end = 0;
#if defined(__linux__)
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    void *lowest;
    size_t size;
    if (pthread_attr_getstack(&attributes, &lowest, &size) == 0) {
        *low = (uintptr_t)lowest;
        *end = (uintptr_t)lowest + size;
    }
    pthread_attr_destroy(&attributes);
#else
    *end = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
    *low = *end - pthread_get_stacksize_np(pthread_self());
#endif
}

CGREENLET_UNINSTRUMENTED static size_t collect(cgreenlet_walk walk, uintptr_t *addresses, size_t limit) {
    size_t count = 0;
    while (count < limit && cgreenlet_walk_on(&walk, &addresses[count])) count++;
    return count;
}

CGREENLET_UNINSTRUMENTED __attribute__((noinline)) size_t cgreenlet_backtrace(
    const cgreenlet_context *context, uintptr_t *addresses, size_t limit) {
    bool is_running = context->thread->current == context;
    uintptr_t shift;
    const cgreenlet_registers registers = cgreenlet_registers_of(context, &shift);
    if (limit == 0 || (!is_running && registers.resume_address == (void *)cgreenlet_trampoline)) return 0;
    cgreenlet_walk walk = {.low = (uintptr_t)__builtin_frame_address(0), .frame = (uintptr_t)registers.frame_pointer};
    if (context->kind == CGREENLET_KIND_OWN) {
        uintptr_t low;
        cgreenlet_own_stack(&low, &walk.high);
    } else {
        walk.high = (uintptr_t)context->stack_low + context->stack_size;
    }
    if (is_running) {
        uintptr_t caller;
        walk.frame = walk.low;
        return cgreenlet_walk_on(&walk, &caller) ? collect(walk, addresses, limit) : 0;
    }
    walk.low = (uintptr_t)registers.stack_pointer;
    walk.shift = shift;
    addresses[0] = (uintptr_t)registers.resume_address;
    return 1 + collect(walk, addresses + 1, limit - 1);
}

char *cgreenlet_demangle(const char *mangled) {
    return swift_demangle ? swift_demangle(mangled, strlen(mangled), NULL, NULL, 0) : NULL;
}
