// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch, in C alone: both forms keep what the ABI says, and backtraces end; on this machine or under qemu-user.

#define _GNU_SOURCE
#include "CGreenletCore.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#if defined(__ARM_FEATURE_BTI_DEFAULT)
#include <sys/auxv.h>
#include <sys/mman.h>
#endif

typedef void (*switcher)(cgreenlet_context *from, cgreenlet_context *to);

enum { ROUNDS = 1000, VALUES = 24, TRAMPOLINE_SIZE = 64, MANY_FRAMES = 64, ABOVE = 64 };

// registers.S: fills all callee-saved registers, calls, and says which have changed.
uint64_t registers_changed_by(void (*function)(void), uint64_t seed);
extern char cgreenlet_trampoline[];

static cgreenlet_context *main_context;
static cgreenlet_context *partner;
static switcher switch_by;
static int failures;
static int visits;

static void check(int holds, const char *what) {
    if (holds) return;
    failures++;
    fprintf(stderr, "FAILED: %s\n", what);
}

__attribute__((noinline)) static void by_inline(cgreenlet_context *from, cgreenlet_context *to) {
    cgreenlet_switch(from, to);
}

// More live integers and doubles than there are registers of either kind: the compiler keeps as many as it can in
// callee-saved ones, and all must be there after each switch.
__attribute__((noinline)) static void hold_values(long seed, cgreenlet_context *from, cgreenlet_context *to) {
    long integers[VALUES];
    double doubles[VALUES];
    for (int i = 0; i < VALUES; i++) {
        integers[i] = seed * 1000 + i;
        doubles[i] = (double)seed / (i + 1);
    }
    for (int round = 0; round < ROUNDS; round++) {
        switch_by(from, to);
        for (int i = 0; i < VALUES; i++) {
            integers[i] += 3;
            doubles[i] += 0.5;
        }
    }
    int right = 1;
    for (int i = 0; i < VALUES; i++) {
        right &= integers[i] == seed * 1000 + i + 3L * ROUNDS;
        double expected = (double)seed / (i + 1);
        for (int round = 0; round < ROUNDS; round++) expected += 0.5;
        right &= doubles[i] == expected;
    }
    check(right, "values are kept across switches");
}

static void to_partner(void) { switch_by(main_context, partner); }

static void to_main(void) { switch_by(partner, main_context); }

// Each side's registers hold what the other's don't, and its stack pointer comes back too.
static void hold_registers(void (*away)(void), uint64_t seed) {
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t changed = registers_changed_by(away, seed + 1000 * round);
        if (changed) fprintf(stderr, "changed registers (see registers.S): %#llx\n", (unsigned long long)changed);
        check(!changed, "callee-saved registers are kept across a switch");
    }
}

// The rounding mode and its like are the thread's, not the greenlet's: a switch neither saves nor loads them.
static void leave_rounding(int found, int left) {
    check(fegetround() == found, "the rounding mode is as the other greenlet left it");
    fesetround(left);
}

typedef struct trace {
    int frames;
    uintptr_t outermost;
} trace;

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *frame, void *argument) {
    trace *seen = argument;
    if (_Unwind_GetIP(frame)) seen->outermost = _Unwind_GetIP(frame);
    return ++seen->frames < MANY_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static bool ends_at_entry(trace seen) {
    uintptr_t trampoline = (uintptr_t)cgreenlet_trampoline;
    return seen.frames > 0 && seen.frames < MANY_FRAMES && seen.outermost > trampoline &&
           seen.outermost < trampoline + TRAMPOLINE_SIZE;
}

// The signature in a return address, if there is one, is in bits that no address here uses.
static uintptr_t plain_address(uintptr_t address) { return address & (((uintptr_t)1 << 48) - 1); }

static void trace_back(void) {
    trace unwound = {0};
    _Unwind_Backtrace(count_frame, &unwound);
    check(ends_at_entry(unwound), "unwinding by call frame information ends at a greenlet's entry");

    trace walked = {0};
    for (uintptr_t *frame = __builtin_frame_address(0); frame && walked.frames < MANY_FRAMES; walked.frames++) {
        walked.outermost = plain_address(frame[1]);
        frame = (uintptr_t *)frame[0];
    }
    check(ends_at_entry(walked), "the chain of frame pointers ends at a greenlet's entry");
}

static void partner_entry(void *argument) {
    check(argument == &visits, "the entry gets its argument");
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    uintptr_t low = (uintptr_t)partner->stack_low;
    check(frame > low && frame < low + partner->stack_size, "the entry runs on its own stack");
    check(frame % 16 == 0, "the entry's stack is aligned as the ABI says");
    trace_back();
    leave_rounding(FE_TONEAREST, FE_UPWARD);
    to_main();
    leave_rounding(FE_TOWARDZERO, FE_TONEAREST);
    visits++;
    hold_registers(to_main, 0x5555000000000000);
    trace_back();
    hold_values(7, partner, main_context);
    cgreenlet_release(partner);
    cgreenlet_leave(partner, main_context);
}

static void run(switcher by, const char *name) {
    switch_by = by;
    cgreenlet_thread *thread = cgreenlet_thread_current();
    check(!thread->careful, "nothing keeps the inline switch from being used");
    main_context = thread->current;
    partner = cgreenlet_acquire(0);
    check(partner != NULL, "a stack can be had");
    cgreenlet_prepare(partner, partner_entry, &visits);
    // What lies above the first frame is not zero everywhere: an unwinder that looked there would not end.
    partner->stack_pointer = (char *)partner->stack_pointer - ABOVE;
    memset(partner->stack_pointer, 0x5a, ABOVE);
    to_partner();
    leave_rounding(FE_UPWARD, FE_TOWARDZERO);
    hold_registers(to_partner, 0x0aaa000000000000);
    hold_values(3, main_context, partner);
    to_partner();
    check(fegetround() == FE_TONEAREST, "the rounding mode was put back");
    check(cgreenlet_count_stacks().live == 0, "the stack was given back");
    printf("%s: %s\n", name, failures ? "failed" : "passed");
}

#if defined(__ARM_FEATURE_BTI_DEFAULT)

// From here on an indirect jump within this program faults unless it lands on a bti. The system would see to that
// itself, if the C library's own start-up code bore the mark too.
static void enforce_branch_targets(void) {
    enum { PROTECT_BTI = 0x10, HAS_BTI = 1 << 17 };  // PROT_BTI, HWCAP2_BTI
    extern char etext[];
    if (!(getauxval(AT_HWCAP2) & HAS_BTI)) return;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)cgreenlet_trampoline, here = (uintptr_t)enforce_branch_targets;
    uintptr_t low = (first < here ? first : here) & ~(page - 1);
    uintptr_t high = ((uintptr_t)etext + page - 1) & ~(page - 1);
    check(mprotect((void *)low, high - low, PROT_READ | PROT_EXEC | PROTECT_BTI) == 0, "branch targets are enforced");
    puts("branch targets are enforced");
}

#else

static void enforce_branch_targets(void) {}

#endif

int main(void) {
    enforce_branch_targets();
    run(by_inline, "inline switch");
    run(cgreenlet_switch_registers, "out-of-line switch");
    check(visits == 2, "both greenlets ran");
    fflush(stdout);
    _exit(failures ? EXIT_FAILURE : EXIT_SUCCESS);  // past the C library's code in this program, see above
}
