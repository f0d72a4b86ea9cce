// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Telling AddressSanitizer, ThreadSanitizer and Valgrind about stacks. Weak symbols: no build flag is needed.

#define _GNU_SOURCE
#include "sanitizer.h"

#include <pthread.h>
#include <signal.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

// The sanitizers' public interface (sanitizer/common_interface_defs.h, tsan_interface.h, asan_interface.h), declared
// weak: absent ones are NULL.
#define WEAK __attribute__((weak))
void __sanitizer_start_switch_fiber(void **_Nullable fake_stack, const void *bottom, size_t size) WEAK;
void __sanitizer_finish_switch_fiber(void *_Nullable fake_stack, const void **_Nullable bottom,
                                     size_t *_Nullable size) WEAK;
void __asan_poison_memory_region(const volatile void *address, size_t size) WEAK;
void __asan_unpoison_memory_region(const volatile void *address, size_t size) WEAK;
void *__tsan_get_current_fiber(void) WEAK;
void *__tsan_create_fiber(unsigned flags) WEAK;
void __tsan_destroy_fiber(void *fiber) WEAK;
void __tsan_switch_to_fiber(void *fiber, unsigned flags) WEAK;

bool cgreenlet_sanitizer_present(void) {
    return __sanitizer_start_switch_fiber != NULL || __tsan_switch_to_fiber != NULL;
}

void cgreenlet_sanitizer_thread(cgreenlet_thread *thread) {
    if (__tsan_get_current_fiber) thread->main.tsan_fiber = __tsan_get_current_fiber();
#if defined(__linux__)
    pthread_attr_t attributes;
    if (!__sanitizer_start_switch_fiber || pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    void *low;
    size_t size;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        thread->main.stack_low = low;
        thread->main.stack_size = size;
    }
    pthread_attr_destroy(&attributes);
#endif
}

static void unpoison(cgreenlet_context *context) {
    if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(context->stack_low, context->stack_size);
}

void cgreenlet_sanitizer_acquire(cgreenlet_context *context) {
    unpoison(context);
    if (__tsan_create_fiber) context->tsan_fiber = __tsan_create_fiber(0);
}

// AddressSanitizer's fake stack, if it has one, is lost: only who stands on it can give it back.
void cgreenlet_sanitizer_abandon(cgreenlet_context *context) {
    if (__tsan_destroy_fiber && context->tsan_fiber) __tsan_destroy_fiber(context->tsan_fiber);
    context->tsan_fiber = NULL;
}

#if defined(__linux__)
CGREENLET_UNINSTRUMENTED static void mask_signals(int how, const uint64_t *mask, uint64_t *_Nullable before) {
    syscall(SYS_rt_sigprocmask, how, mask, before, sizeof *mask); // past ThreadSanitizer: between fibers it must not run
}
#else
static void mask_signals(int how, const uint64_t *mask, uint64_t *_Nullable before) {
    (void)how, (void)mask, (void)before;
}
#endif

// ThreadSanitizer delivers a signal at once that meets a fiber parked inside an interceptor (below it a patched call
// waits), even in the middle of this, where it then waits for a lock that it has: so none arrives here.
CGREENLET_UNINSTRUMENTED static void switch_fiber(void *fiber) {
    const uint64_t every = UINT64_MAX;
    uint64_t before = 0;
    mask_signals(SIG_BLOCK, &every, &before);
    __tsan_switch_to_fiber(fiber, 0);
    mask_signals(SIG_SETMASK, &before, NULL);
}

CGREENLET_UNINSTRUMENTED void cgreenlet_sanitizer_before(cgreenlet_context *from, cgreenlet_context *to, bool final) {
    if (__asan_poison_memory_region && final) from->thread->departed = from;
    if (__sanitizer_start_switch_fiber) {
        __sanitizer_start_switch_fiber(final ? NULL : &from->fake_stack, to->stack_low, to->stack_size);
    }
    if (__tsan_switch_to_fiber) {
        if (final) {
            from->thread->departed_fiber = from->tsan_fiber;
            from->tsan_fiber = NULL;
        }
        switch_fiber(to->tsan_fiber);
    }
}

CGREENLET_UNINSTRUMENTED void cgreenlet_sanitizer_after(cgreenlet_context *arrived) {
    if (__sanitizer_finish_switch_fiber) {
        __sanitizer_finish_switch_fiber(arrived->fake_stack, NULL, NULL);
        arrived->fake_stack = NULL;
    }
    cgreenlet_thread *thread = arrived->thread;
    if (thread->departed_fiber) __tsan_destroy_fiber(thread->departed_fiber);
    thread->departed_fiber = NULL;
    // Nobody may look at a stack that lies in the pool: a pointer into it is one that outlived its greenlet.
    cgreenlet_context *departed = thread->departed;
    if (departed) __asan_poison_memory_region(departed->stack_low, departed->stack_size);
    thread->departed = NULL;
}

#if defined(__x86_64__)

// Valgrind's client request: a sequence of rotations that does nothing on a CPU and that Valgrind recognises.
static uintptr_t valgrind_request(uintptr_t code, uintptr_t first, uintptr_t second) {
    volatile uintptr_t request[6] = {code, first, second, 0, 0, 0};
    uintptr_t result = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                     : "=d"(result)
                     : "a"(&request[0]), "0"(result)
                     : "cc", "memory");
    return result;
}

enum { VALGRIND_RUNNING = 0x1001, VALGRIND_STACK_REGISTER = 0x1501, VALGRIND_STACK_DEREGISTER = 0x1502 };

bool cgreenlet_valgrind_present(void) { return valgrind_request(VALGRIND_RUNNING, 0, 0) > 0; }

void cgreenlet_sanitizer_map(cgreenlet_context *context) {
    uintptr_t low = (uintptr_t)context->stack_low;
    context->valgrind_id = (uint32_t)valgrind_request(VALGRIND_STACK_REGISTER, low, low + context->stack_size);
}

void cgreenlet_sanitizer_unmap(cgreenlet_context *context) {
    unpoison(context);
    valgrind_request(VALGRIND_STACK_DEREGISTER, context->valgrind_id, 0);
}

#else

bool cgreenlet_valgrind_present(void) { return false; }
void cgreenlet_sanitizer_map(cgreenlet_context *context) { (void)context; }
void cgreenlet_sanitizer_unmap(cgreenlet_context *context) { unpoison(context); }

#endif
