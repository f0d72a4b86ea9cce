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

uintptr_t cgreenlet_own_stack_end(void) {
#if defined(__linux__)
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
    void *low = NULL;
    size_t size = 0;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    return (uintptr_t)low + size;
#else
    return (uintptr_t)pthread_get_stackaddr_np(pthread_self());
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
        walk.high = cgreenlet_own_stack_end();
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
