// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// x86_64, System V ABI: the first frame of a new stack, and the switch out of line.
//
// A context (cgreenlet_context.h) begins with four words: 0 rsp, 8 rbp, 16 rbx, 24 address to go on at.
// The inline switch in cgreenlet_switch.h reads and writes the same four.

#include "format.h"

#if defined(__x86_64__)

    .text

// The bottom frame of every greenlet. cgreenlet_prepare put the entry into rbp's place and its argument into rbx's:
//
//     rsp -> 16-byte aligned top of the stack; nothing lies above that anybody may read
//
// rip is undefined here and rbp becomes 0, so both kinds of unwinder (CFI, frame pointers) end at this frame.
    FUNCTION cgreenlet_trampoline
    .cfi_undefined rip
    endbr64
    movq %rbp, %rax             // the entry
    movq %rbx, %rdi             // its argument
    xorl %ebp, %ebp             // the frame pointer chain ends here
    xorl %ebx, %ebx
    leaq 1f(%rip), %rdx
    pushq %rdx                  // aligned: the entry sees rsp % 16 == 8, as the ABI says
    .cfi_adjust_cfa_offset 8
    jmpq *%rax                  // no call: the processor would wait for its return, and miss those of the next greenlet
    .cfi_adjust_cfa_offset -8
    nop                         // what unwinders take for the call
1:  ud2                         // an entry never returns
    END cgreenlet_trampoline

// void cgreenlet_switch_registers(cgreenlet_context *from /* rdi */, cgreenlet_context *to /* rsi */)
//
// A call, so the caller-saved registers are dead already; the callee-saved ones that the context has no room for go
// to the stack that is left:
//
//     rsp -> r15 | r14 | r13 | r12 | return address of the caller
    FUNCTION cgreenlet_switch_registers
    endbr64
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    leaq 1f(%rip), %rax
    movq %rsp, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %rbx, 16(%rdi)
    movq %rax, 24(%rdi)
    movq 0(%rsi), %rsp
    movq 8(%rsi), %rbp
    movq 16(%rsi), %rbx
    jmpq *24(%rsi)
1:  endbr64                     // resumed: rsp is again as it was after the last push
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    retq
    END cgreenlet_switch_registers

// void cgreenlet_jump_registers(cgreenlet_context *to /* rdi */) does not return
    FUNCTION cgreenlet_jump_registers
    endbr64
    movq %rdi, %rsi             // the resumed side finds `to` where the inline switch has it
    movq 0(%rsi), %rsp
    movq 8(%rsi), %rbp
    movq 16(%rsi), %rbx
    jmpq *24(%rsi)
    END cgreenlet_jump_registers

#endif

    NOTES
