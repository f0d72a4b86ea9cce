// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Fills every register that a function must leave alone, calls one, and says which were changed.

#include "../../Modules/Core/CGreenletCore/arch/format.h"

    .text

// uint64_t registers_changed_by(void (*function)(void), uint64_t seed): bit 0 for the first register below and so on;
// the last bit is the stack pointer's. Register number k (from 1) holds seed + k.

#if defined(__x86_64__)

// mark BIT, VALUE, REGISTER: sets the bit in eax unless the register holds seed + VALUE.
.macro mark bit, value, register
    leaq \value(%rdx), %rcx
    cmpq %rcx, \register
    je 1f
    orl $(1 << \bit), %eax
1:
.endm

    FUNCTION registers_changed_by
    endbr64
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rsi                  // the seed; aligned
    leaq 1(%rsi), %rbx
    leaq 2(%rsi), %r12
    leaq 3(%rsi), %r13
    leaq 4(%rsi), %r14
    leaq 5(%rsi), %r15
    callq *%rdi
    xorl %eax, %eax
    movq -48(%rbp), %rdx
    mark 0, 1, %rbx
    mark 1, 2, %r12
    mark 2, 3, %r13
    mark 3, 4, %r14
    mark 4, 5, %r15
    leaq -48(%rbp), %rcx        // rbp itself must be right, or nobody comes back from here
    cmpq %rcx, %rsp
    je 1f
    orl $(1 << 5), %eax
1:  leaq -40(%rbp), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    .cfi_def_cfa rsp, 8
    retq
    END registers_changed_by

#elif defined(__aarch64__)

// mark BIT, VALUE, REGISTER: sets the bit in x0 unless the register holds seed + VALUE.
.macro mark bit, value, register
    add x10, x9, #\value
    cmp x10, \register
    b.eq 1f
    orr x0, x0, #(1 << \bit)
1:
.endm

.macro mark_double bit, value, register
    fmov x11, \register
    mark \bit, \value, x11
.endm

    FUNCTION registers_changed_by
    hint #25                    // paciasp
    .cfi_negate_ra_state
    stp x29, x30, [sp, #-192]!
    .cfi_def_cfa_offset 192
    .cfi_offset x29, -192
    .cfi_offset x30, -184
    mov x29, sp
    .cfi_def_cfa_register x29
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    str x1, [sp, #160]          // the seed
    add x19, x1, #1
    add x20, x1, #2
    add x21, x1, #3
    add x22, x1, #4
    add x23, x1, #5
    add x24, x1, #6
    add x25, x1, #7
    add x26, x1, #8
    add x27, x1, #9
    add x28, x1, #10
    add x9, x1, #11
    fmov d8, x9
    add x9, x1, #12
    fmov d9, x9
    add x9, x1, #13
    fmov d10, x9
    add x9, x1, #14
    fmov d11, x9
    add x9, x1, #15
    fmov d12, x9
    add x9, x1, #16
    fmov d13, x9
    add x9, x1, #17
    fmov d14, x9
    add x9, x1, #18
    fmov d15, x9
    blr x0
    mov x0, #0
    ldr x9, [x29, #160]
    mark 0, 1, x19
    mark 1, 2, x20
    mark 2, 3, x21
    mark 3, 4, x22
    mark 4, 5, x23
    mark 5, 6, x24
    mark 6, 7, x25
    mark 7, 8, x26
    mark 8, 9, x27
    mark 9, 10, x28
    mark_double 10, 11, d8
    mark_double 11, 12, d9
    mark_double 12, 13, d10
    mark_double 13, 14, d11
    mark_double 14, 15, d12
    mark_double 15, 16, d13
    mark_double 16, 17, d14
    mark_double 17, 18, d15
    mov x10, sp                 // x29 itself must be right, or nobody comes back from here
    cmp x10, x29
    b.eq 1f
    orr x0, x0, #(1 << 18)
1:  mov sp, x29
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #192
    .cfi_def_cfa sp, 0
    .cfi_restore x29
    .cfi_restore x30
    hint #29                    // autiasp
    .cfi_negate_ra_state
    ret
    END registers_changed_by

#endif

    NOTES
