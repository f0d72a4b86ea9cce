// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What differs between object file formats: names, and what a file says of itself. ELF is run and tested; Mach-O is
// assembled only.

#if defined(__MACH__)
#define SYMBOL(name) _##name
#else
#define SYMBOL(name) name
#endif

// FUNCTION name … END name: seen by this library's other files only.
.macro FUNCTION name
    .p2align 4
    .globl SYMBOL(\name)
#if defined(__MACH__)
    .private_extern SYMBOL(\name)
#else
    .hidden \name
    .type \name, %function
#endif
SYMBOL(\name):
    .cfi_startproc
.endm

.macro END name
    .cfi_endproc
#if defined(__ELF__)
    .size \name, . - \name
#endif
.endm

// What each file ends with, also one that is empty on this architecture: without these notes an object would ask for an
// executable stack, and would take from the linked program the protections that all the others know of.
//
// x86: IBT (1), as each indirect jump lands on an endbr64. aarch64: BTI (1), as each lands on a bti, and PAC (2), as no
// return address goes to memory unsigned. Neither says shadow stacks (SHSTK, GCS): nobody here exchanges them.
#if defined(__aarch64__)
#define PROPERTY 0xc0000000     // GNU_PROPERTY_AARCH64_FEATURE_1_AND
#define FEATURES 3
#else
#define PROPERTY 0xc0000002     // GNU_PROPERTY_X86_FEATURE_1_AND
#define FEATURES 1
#endif

.macro NOTES
#if defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
    .section .note.gnu.property, "a", %note
    .p2align 3
    .long 4                     // bytes of the name
    .long 16                    // bytes of what follows it
    .long 5                     // NT_GNU_PROPERTY_TYPE_0
    .asciz "GNU"
    .long PROPERTY
    .long 4                     // bytes of the features
    .long FEATURES
    .long 0
#endif
.endm
