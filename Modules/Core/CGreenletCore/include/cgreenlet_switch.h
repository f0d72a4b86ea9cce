// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch. Inline, so that it becomes part of the Swift caller and only live registers are saved.

#ifndef CGREENLET_SWITCH_H
#define CGREENLET_SWITCH_H

#include "cgreenlet_context.h"

#pragma clang assume_nonnull begin

/// What runs first on a new stack. It must not return: it ends with `cgreenlet_leave`.
typedef void (*cgreenlet_entry)(void *_Nullable argument);

/// Makes `context` begin with `entry(argument)` when it is switched to for the first time.
void cgreenlet_prepare(cgreenlet_context *context, cgreenlet_entry entry, void *_Nullable argument);

/// The same of a context that `cgreenlet_acquire_shared` gave.
void cgreenlet_prepare_shared(cgreenlet_context *context, cgreenlet_entry entry, void *_Nullable argument);

/// The switch for threads marked `careful`: tells the sanitizers, sets aside what no word leads to.
void cgreenlet_switch_carefully(cgreenlet_context *from, cgreenlet_context *to) __attribute__((cold));
void cgreenlet_leave_carefully(cgreenlet_context *from, cgreenlet_context *to) __attribute__((cold, noreturn));

/// The same switch out of line, in plain assembly: the reference, and a place for breakpoints.
void cgreenlet_switch_registers(cgreenlet_context *from, cgreenlet_context *to);
/// Enters `to` and forgets where we were.
void cgreenlet_jump_registers(cgreenlet_context *to) __attribute__((noreturn));

#if defined(__x86_64__)

// How it looks in memory: nothing is pushed. The four words go into the context, so the red zone below the stack
// pointer needs no care, and the jump target is one load away from `to`.
//
// Left with `jmp`, not `ret`: nobody called us from there, so a `ret` would be predicted wrongly each time.
#if defined(__AVX512F__)
#define CGREENLET_CLOBBER_VECTORS                                                                                      \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",      \
        "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define CGREENLET_CLOBBER_VECTORS
#endif
#if defined(__CET__) && (__CET__ & 1)
#define CGREENLET_LANDING "endbr64\n\t"
#else
#define CGREENLET_LANDING ""
#endif

static inline __attribute__((always_inline)) void cgreenlet_switch_inline(
    cgreenlet_context *from, cgreenlet_context *to) {
    __asm__ volatile(
        "leaq 1f(%%rip), %%rax\n\t"
        "movq %%rsp, 0(%%rdi)\n\t"
        "movq %%rbp, 8(%%rdi)\n\t"
        "movq %%rbx, 16(%%rdi)\n\t"
        "movq %%rax, 24(%%rdi)\n\t"
        "movq 0(%%rsi), %%rsp\n\t"
        "movq 8(%%rsi), %%rbp\n\t"
        "movq 16(%%rsi), %%rbx\n\t"
        "jmpq *24(%%rsi)\n"
        "1:\n\t" CGREENLET_LANDING
        : "+D"(from), "+S"(to)
        :
        : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
          "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st",
          "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "cc", "memory" CGREENLET_CLOBBER_VECTORS);
}

/// `cgreenlet_jump_registers`, inline: a call that nobody returns from would spoil the processor's guesses for the
/// returns of whoever is entered.
static inline __attribute__((always_inline, noreturn)) void cgreenlet_jump_inline(cgreenlet_context *to) {
    __asm__ volatile(
        "movq 0(%%rsi), %%rsp\n\t"
        "movq 8(%%rsi), %%rbp\n\t"
        "movq 16(%%rsi), %%rbx\n\t"
        "jmpq *24(%%rsi)"
        :
        : "S"(to)
        : "memory");
    __builtin_unreachable();
}

#elif defined(__aarch64__)

#if defined(__ARM_FEATURE_BTI_DEFAULT)
#define CGREENLET_LANDING "hint #36\n\t"  // bti j
#else
#define CGREENLET_LANDING ""
#endif

static inline __attribute__((always_inline)) void cgreenlet_switch_inline(
    cgreenlet_context *from, cgreenlet_context *to) {
    register cgreenlet_context *x0 __asm__("x0") = from;
    register cgreenlet_context *x1 __asm__("x1") = to;
    __asm__ volatile(
        "adr x9, 1f\n\t"
        "mov x10, sp\n\t"
        "stp x10, x29, [x0]\n\t"
        "stp x19, x9, [x0, #16]\n\t"
        "ldp x10, x29, [x1]\n\t"
        "ldp x19, x11, [x1, #16]\n\t"
        "mov sp, x10\n\t"
        "br x11\n"
        "1:\n\t" CGREENLET_LANDING
        : "+r"(x0), "+r"(x1)
        :
        : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
#if !defined(__APPLE__)  // the platform's own register there, never touched by compiled code
          "x18",
#endif
          "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5",
          "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",
          "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
}

static inline __attribute__((always_inline, noreturn)) void cgreenlet_jump_inline(cgreenlet_context *to) {
    cgreenlet_jump_registers(to);
}

#else
#error "swift-greenlet knows x86_64 and aarch64 only; an architecture is one .S file and one case here"
#endif

/// Moves the runtime's words, when one of them is not zero.
void cgreenlet_exchange_words(cgreenlet_context *from, cgreenlet_context *to) __attribute__((cold));
/// The half of it that loads.
void cgreenlet_load_words(cgreenlet_context *to) __attribute__((cold));

/// Not zero if `any` is not, or a word but the first; or if the thread must always look.
static inline __attribute__((always_inline)) uintptr_t cgreenlet_or_rare_words(
    uintptr_t any, const cgreenlet_thread *thread) {
    const uintptr_t *watched = thread->watched;
    any |= *thread->words[CGREENLET_WORD_OBSERVATION];
#pragma clang loop unroll(full)
    for (int i = 0; i < CGREENLET_WATCHED_WORDS; i++) any |= watched[i];
    return any;
}

/// Whether there is something to move; or the thread must always look. Looking is much cheaper than moving.
static inline __attribute__((always_inline)) bool cgreenlet_has_words(
    const cgreenlet_thread *thread, const cgreenlet_context *to) {
    uintptr_t any = to->holds_words | *thread->words[CGREENLET_WORD_EXCLUSIVITY];
    return __builtin_expect(cgreenlet_or_rare_words(any, thread) != 0, 0);
}

/// Moves what each switch moves: errno. Returns whether there is more.
static inline __attribute__((always_inline)) bool cgreenlet_exchange(
    cgreenlet_thread *thread, cgreenlet_context *from, cgreenlet_context *to) {
    thread->current = to;
    int *error_number = thread->error_number;
    from->error_number = *error_number;
    *error_number = to->error_number;
    return cgreenlet_has_words(thread, to);
}

/// Leaves `from`, which must be the running context, and continues in `to`, of the same thread; maybe the same.
///
/// errno and the runtime's words travel along. Returns when somebody switches back to `from`.
static inline __attribute__((always_inline)) void cgreenlet_switch(cgreenlet_context *from, cgreenlet_context *to) {
    // Not from->thread: what is loaded from a context arrives late, and all else would wait for it.
    cgreenlet_thread *thread = &cgreenlet_this_thread;
    if (cgreenlet_exchange(thread, from, to)) {
        if (thread->careful) {
            cgreenlet_switch_carefully(from, to);
            return;
        }
        cgreenlet_exchange_words(from, to);
    }
    cgreenlet_switch_inline(from, to);
}

enum { CGREENLET_WARM_LINES = 16 };

/// Asks for memory that will be needed soon. Never faults, whatever the address.
static inline void cgreenlet_prefetch(const void *_Nullable address) { __builtin_prefetch(address, 1, 3); }

/// Asks for the innermost frames of a suspended context's stack.
static inline void cgreenlet_prefetch_stack(const cgreenlet_context *context) {
    const char *stack_pointer = context->stack_pointer;
    for (int i = 0; i < CGREENLET_WARM_LINES; i++) cgreenlet_prefetch(stack_pointer + 64 * i);
}

/// Continues in `to` and never comes back: the stack of `from` was given back to its pool.
static inline __attribute__((always_inline, noreturn)) void cgreenlet_leave(cgreenlet_context *from, cgreenlet_context *to) {
    cgreenlet_thread *thread = &cgreenlet_this_thread;
    thread->current = to;
    *thread->error_number = to->error_number;
    if (cgreenlet_has_words(thread, to)) {
        if (thread->careful) cgreenlet_leave_carefully(from, to);
        cgreenlet_load_words(to);
    }
    cgreenlet_jump_inline(to);
}

#pragma clang assume_nonnull end

#endif
