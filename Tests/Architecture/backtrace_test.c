// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Backtraces by frame pointers, in C alone: that of a suspended greenlet, and that of one that has used its stack up.

#define _GNU_SOURCE
#include "CGreenletCore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY_FRAMES = 64, REPORT_SIZE = 16 * 1024 };

static cgreenlet_context *main_context;
static cgreenlet_context *partner;
static int failures;

static void check(int holds, const char *what, const char *seen) {
    if (holds) return;
    failures++;
    fprintf(stderr, "FAILED: %s, but:\n%s\n", what, seen);
}

// Each does something after its call, so that none becomes a jump.
__attribute__((noinline)) static void wait_inside(void) {
    cgreenlet_switch(partner, main_context);
    __asm__ volatile("");
}

__attribute__((noinline)) static void wait_outside(void) {
    wait_inside();
    __asm__ volatile("");
}

static void waiting_entry(void *argument) {
    (void)argument;
    wait_outside();
    cgreenlet_release(partner);
    cgreenlet_leave(partner, main_context);
}

static void test_suspended(void) {
    partner = cgreenlet_acquire(0);
    cgreenlet_prepare(partner, waiting_entry, NULL);
    cgreenlet_switch(main_context, partner);
    uintptr_t addresses[MANY_FRAMES];
    char seen[MANY_FRAMES * CGREENLET_NAME_SIZE] = "";
    size_t count = cgreenlet_backtrace(partner, addresses, MANY_FRAMES);
    for (size_t i = 0; i < count; i++) {
        cgreenlet_symbol symbol;
        cgreenlet_symbolize(i == 0 ? addresses[i] : addresses[i] - 1, &symbol);
        strcat(strcat(seen, symbol.name), "\n");
    }
    const char *expected = "wait_inside\nwait_outside\nwaiting_entry\n";
    check(strncmp(seen, expected, strlen(expected)) == 0, "the frames of a suspended greenlet have names", seen);
    cgreenlet_switch(main_context, partner);
}

__attribute__((noinline)) static int recurse(volatile int depth) {
    volatile char filler[512] = {0};
    if (depth > 0) filler[0] = (char)recurse(depth + 1);
    return filler[0] + 1;
}

static void deep_entry(void *argument) {
    (void)argument;
    recurse(1);
    abort();
}

static void overflow(int errors) {
    dup2(errors, STDERR_FILENO);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    partner = cgreenlet_acquire(0);
    cgreenlet_prepare(partner, deep_entry, NULL);
    cgreenlet_switch(main_context, partner);
}

// Where the chain begins is found by what its addresses lead to.
static void test_overflow(void) {
    int ends[2];
    if (pipe(ends) != 0) abort();
    pid_t child = fork();
    if (child == 0) overflow(ends[1]);
    close(ends[1]);
    char report[REPORT_SIZE];
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], report + length, sizeof report - 1 - length)) > 0;) length += (size_t)got;
    report[length] = 0;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    check(WIFSIGNALED(status), "a used-up stack ends the process", report);
    check(strstr(report, "stack overflow in greenlet") && strstr(report, "  #1 ") && strstr(report, " recurse + "),
          "the frames at the end of a used-up stack have names", report);
    check(strstr(report, " deep_entry + ") != NULL, "and those at its beginning", report);
}

int main(void) {
    cgreenlet_use_mapped_guards(true);  // qemu-user says yes to the others, and has none
    main_context = cgreenlet_thread_current()->current;
    test_suspended();
    test_overflow();
    printf("backtraces: %s\n", failures ? "failed" : "passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
