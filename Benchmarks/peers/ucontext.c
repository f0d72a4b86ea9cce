// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The switch of POSIX's ucontext: what is to be had without a line of assembly, at two system calls a round trip.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

enum { stack_size = 64 * 1024 };

static ucontext_t here;
static ucontext_t there;

static void bounce(void) {
    for (;;) {
        swapcontext(&there, &here);
    }
}

static void round_trips(long count) {
    for (long i = 0; i < count; i++) {
        swapcontext(&here, &there);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    long rounds = argc == 3 && strcmp(argv[1], "switch") == 0 ? atol(argv[2]) / 2 : 0;
    if (rounds < 1) {
        fprintf(stderr, "usage: %s switch COUNT\n", argv[0]);
        return 64;
    }
    if (getcontext(&there) < 0) {
        perror("getcontext");
        return 1;
    }
    static char stack[stack_size];
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, bounce, 0);
    round_trips(rounds / 10);
    double start = now();
    round_trips(rounds);
    double seconds = now() - start;
    printf("{\"case\":\"switch\",\"operations\":%ld,\"seconds\":%.9f}\n", 2 * rounds, seconds);
    return 0;
}
