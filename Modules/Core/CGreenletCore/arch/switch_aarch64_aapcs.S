// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// aarch64, AAPCS64: the first frame of a new stack, and the switch out of line.
//
// A context (cgreenlet_context.h) begins with four words: 0 sp, 8 x29, 16 x19, 24 address to go on at.
// The inline switch in cgreenlet_switch.h reads and writes the same four.

#include "format.h"

#if defined(__aarch64__)

    .text

// The bottom frame of every greenlet. cgreenlet_prepare put the entry into x29's place and its argument into x19's.
// The return address is undefined and x29 becomes 0, so both kinds of unwinder end at this frame.
    FUNCTION cgreenlet_trampoline
    .cfi_undefined x30
    hint #36                    // bti j: entered by br
    mov x9, x29                 // the entry
    mov x0, x19                 // its argument
    mov x29, #0                 // the frame pointer chain ends here
    mov x30, #0
    mov x19, #0
    blr x9
    brk #1                      // an entry never returns
    END cgreenlet_trampoline

// void cgreenlet_switch_registers(cgreenlet_context *from /* x0 */, cgreenlet_context *to /* x1 */)
//
// The callee-saved registers that the context has no room for go to the stack that is left:
//
//     sp -> x29 x30 | x20 x21 | x22 x23 | x24 x25 | x26 x27 | x28 - | d8 d9 | d10 d11 | d12 d13 | d14 d15
    FUNCTION cgreenlet_switch_registers
    hint #25                    // paciasp, where a bl may land too; nothing on older processors, as all these hints
    .cfi_negate_ra_state
    stp x29, x30, [sp, #-160]!
    .cfi_def_cfa_offset 160
    .cfi_offset x29, -160
    .cfi_offset x30, -152
    mov x29, sp
    stp x20, x21, [sp, #16]
    stp x22, x23, [sp, #32]
    stp x24, x25, [sp, #48]
    stp x26, x27, [sp, #64]
    str x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    adr x9, 1f
    mov x10, sp
    stp x10, x29, [x0]
    stp x19, x9, [x0, #16]
    ldp x10, x29, [x1]
    ldp x19, x11, [x1, #16]
    mov sp, x10
    br x11
1:  hint #36                    // bti j; resumed: sp is again as it was when it was saved
    ldp x20, x21, [sp, #16]
    ldp x22, x23, [sp, #32]
    ldp x24, x25, [sp, #48]
    ldp x26, x27, [sp, #64]
    ldr x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    hint #29                    // autiasp: sp is what it was at paciasp
    .cfi_negate_ra_state
    ret
    END cgreenlet_switch_registers

// void cgreenlet_jump_registers(cgreenlet_context *to /* x0 */) does not return
    FUNCTION cgreenlet_jump_registers
    hint #34                    // bti c
    mov x1, x0
    ldp x10, x29, [x1]
    ldp x19, x11, [x1, #16]
    mov sp, x10
    br x11
    END cgreenlet_jump_registers

#endif

    NOTES
