// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch, in C alone: both forms keep every callee-saved register, on this machine or under qemu-user.

#define _GNU_SOURCE
#include "CGreenletCore.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*switcher)(cgreenlet_context *from, cgreenlet_context *to);

enum { ROUNDS = 1000, VALUES = 24 };

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

static void count_frames(void) {
    void *frames[64];
    int count = backtrace(frames, 64);
    check(count > 0 && count < 16, "a backtrace in a greenlet ends at its entry");
}

static void partner_entry(void *argument) {
    check(argument == &visits, "the entry gets its argument");
    uintptr_t address = cgreenlet_stack_address();
    uintptr_t low = (uintptr_t)partner->stack_low;
    check(address > low && address < low + partner->stack_size, "the entry runs on its own stack");
    count_frames();
    visits++;
    hold_values(7, partner, main_context);
    cgreenlet_release(partner);
    cgreenlet_leave(partner, main_context);
}

static void run(switcher by, const char *name) {
    switch_by = by;
    main_context = cgreenlet_thread_current()->current;
    partner = cgreenlet_acquire(0);
    check(partner != NULL, "a stack can be had");
    cgreenlet_prepare(partner, partner_entry, &visits);
    hold_values(3, main_context, partner);
    switch_by(main_context, partner);
    check(cgreenlet_count_stacks().live == 0, "the stack was given back");
    printf("%s: %s\n", name, failures ? "failed" : "passed");
}

int main(void) {
    run(by_inline, "inline switch");
    run(cgreenlet_switch_registers, "out-of-line switch");
    check(visits == 2, "both greenlets ran");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
