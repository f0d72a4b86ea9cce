// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Shared stacks, in C alone: many contexts on few stacks, entered in any order; on this machine or under qemu-user.

#define _GNU_SOURCE
#include "CGreenletCore.h"
#include "cgreenlet.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 50, SWITCHES = 20000, DEEPEST = 30, FRAME = 24, MANY_FRAMES = 64 };

typedef struct member {
    cgreenlet_context *context;
    unsigned number;
    unsigned random;
    unsigned steps;  // until it ends
} member;

static member members[MEMBERS];
static cgreenlet_context *main_context;
static unsigned long switches, deepest_seen;
static int failures;

static void check(int holds, const char *what) {
    if (holds) return;
    if (failures++ < 20) fprintf(stderr, "FAILED: %s\n", what);
}

static unsigned pick(unsigned *state, unsigned limit) {
    *state = *state * 1103515245 + 12345;
    return (*state >> 16) % limit;
}

// Somebody else, if there is anybody; else the thread's own stack.
static cgreenlet_context *somebody(unsigned *state) {
    for (int i = 0; i < 4; i++) {
        member *other = &members[pick(state, MEMBERS)];
        if (other->context) return other->context;
    }
    return main_context;
}

// Fills a frame at each depth, switches at the bottom, and looks into each on the way back. Doubles too, which the
// compiler keeps in registers across the call.
__attribute__((noinline)) static void dive(member *self, unsigned depth) {
    volatile unsigned long frame[FRAME];
    double value = self->number + depth / 64.0;
    void *there = (void *)frame;
    for (int i = 0; i < FRAME; i++) frame[i] = self->number * 1000003ul + depth * 1009ul + i;
    if (depth > 0) {
        dive(self, depth - 1);
    } else {
        errno = (int)self->number + 1;
        cgreenlet_context *target = somebody(&self->random);
        switches++;
        if (target != self->context) cgreenlet_switch(self->context, target);
        check(errno == (int)self->number + 1, "errno is one's own");
    }
    for (int i = 0; i < FRAME; i++) {
        check(frame[i] == self->number * 1000003ul + depth * 1009ul + i, "a frame holds what it held");
    }
    check(value == self->number + depth / 64.0, "registers hold what they held");
    check(there == (void *)frame, "a frame is where it was");
}

// Vacant berths become free stacks, and those are written to.
static void disturb(void) {
    enum { STACKS = 4 };
    cgreenlet_context *taken[STACKS];
    cgreenlet_trim_stacks();
    for (int i = 0; i < STACKS; i++) {
        taken[i] = cgreenlet_acquire(0);
        if (taken[i]) memset(taken[i]->stack_low + taken[i]->stack_size / 2, 0xab, taken[i]->stack_size / 2);
    }
    for (int i = 0; i < STACKS; i++) {
        if (taken[i]) cgreenlet_release(taken[i]);
    }
}

static void live(void *argument) {
    member *self = argument;
    while (self->steps-- > 0) {
        if (pick(&self->random, 100) == 0) disturb();
        unsigned depth = pick(&self->random, DEEPEST);
        if (depth > deepest_seen) deepest_seen = depth;
        dive(self, depth);
    }
    cgreenlet_context *context = self->context;
    self->context = NULL;
    cgreenlet_context *next = somebody(&self->random);
    cgreenlet_release(context);
    cgreenlet_leave(context, next);
}

static void start(member *self, unsigned number) {
    self->context = cgreenlet_acquire_shared();
    check(self->context != NULL, "there is a context");
    self->number = number;
    self->random = number * 2654435761u + 1;
    self->steps = pick(&self->random, 200) + 1;
    cgreenlet_prepare_shared(self->context, live, self);
}

static void test_crowd(size_t berths) {
    cgreenlet_limit_berths(berths);
    unsigned state = 7, next_number = 0;
    switches = 0;
    while (switches < SWITCHES) {
        // Whoever has ended is followed by another, with the same memory.
        for (int i = 0; i < MEMBERS; i++) {
            if (!members[i].context) start(&members[i], next_number++);
        }
        cgreenlet_context *target = somebody(&state);
        if (target != main_context) cgreenlet_switch(main_context, target);
    }
    for (int i = 0; i < MEMBERS; i++) {
        if (members[i].context) members[i].steps = 0;
    }
    for (int i = 0; i < MEMBERS; i++) {
        while (members[i].context) cgreenlet_switch(main_context, members[i].context);
    }
    check(next_number > 2 * MEMBERS, "many have ended and others begun");
    check(deepest_seen > DEEPEST / 2, "some were deep");
    check(cgreenlet_count_stacks().live == 0, "all were given back");
    cgreenlet_trim_stacks();
    check(cgreenlet_weigh_stacks().reserved == 0, "their stacks are free ones again, and unmapped");
}

__attribute__((noinline)) static void wait_here(member *self) {
    cgreenlet_switch(self->context, main_context);
    __asm__ volatile("" ::: "memory");
}

static void wait_once(void *argument) {
    member *self = argument;
    wait_here(self);
    cgreenlet_context *context = self->context;
    self->context = NULL;
    cgreenlet_release(context);
    cgreenlet_leave(context, main_context);
}

// The frames of one that is packed are the same as when it stood on its stack.
static void test_backtrace(void) {
    cgreenlet_limit_berths(1);
    uintptr_t there[MANY_FRAMES], packed[MANY_FRAMES];
    for (int i = 0; i < 2; i++) {
        members[i] = (member){.context = cgreenlet_acquire_shared(), .number = (unsigned)i};
        cgreenlet_prepare_shared(members[i].context, wait_once, &members[i]);
        check(cgreenlet_backtrace(members[i].context, there, MANY_FRAMES) == 0, "none before it begins");
    }
    cgreenlet_switch(main_context, members[0].context);
    size_t count = cgreenlet_backtrace(members[0].context, there, MANY_FRAMES);
    check(count >= 2, "a backtrace on its stack");
    cgreenlet_switch(main_context, members[1].context);
    check(cgreenlet_backtrace(members[0].context, packed, MANY_FRAMES) == count, "as long when packed");
    check(memcmp(there, packed, count * sizeof *there) == 0, "and the same");
    check(cgreenlet_weigh_stacks().committed > 0, "stacks have a weight");
    for (int i = 1; i >= 0; i--) cgreenlet_switch(main_context, members[i].context);
    check(cgreenlet_count_stacks().live == 0, "both have ended");
}

static pthread_key_t left_key;

static void *waits(void *argument, void *first) {
    void *received = NULL;
    (void)argument;
    cgreenlet_switch_to(cgreenlet_parent(cgreenlet_current()), first, &received);
    return received;
}

static void run_one(void) {
    members[0] = (member){.context = cgreenlet_acquire_shared()};
    cgreenlet_prepare_shared(members[0].context, wait_once, &members[0]);
    for (int i = 0; i < 2; i++) cgreenlet_switch(main_context, members[0].context);
    check(!members[0].context, "it has ended");
}

// The thread takes its stacks back: the one that was left last is one of the free ones, and stands on no other.
static void go_on(void *left) {
    check(cgreenlet_destroy(left) == 0, "what was left can be destroyed past the thread's end");
    main_context = cgreenlet_thread_current()->current;
    test_crowd(3);
}

static void *leave_one(void *argument) {
    (void)argument;
    main_context = cgreenlet_thread_current()->current;
    run_one();
    cgreenlet *left = cgreenlet_create(waits, NULL, 0);
    check(left && cgreenlet_switch_to(left, NULL, NULL) == 0, "one is left suspended");
    run_one();
    pthread_setspecific(left_key, left);
    return NULL;
}

static void test_end_of_thread(void) {
    pthread_t thread;
    check(pthread_key_create(&left_key, go_on) == 0, "a key can be had");
    check(pthread_create(&thread, NULL, leave_one, NULL) == 0 && pthread_join(thread, NULL) == 0, "a thread can run");
}

int main(void) {
    main_context = cgreenlet_thread_current()->current;
    test_crowd(1);
    test_crowd(2);
    test_crowd(7);
    test_crowd(64);
    test_backtrace();
    test_end_of_thread();
    if (failures == 0) puts("shared stacks: passed");
    return failures == 0 ? 0 : 1;
}
