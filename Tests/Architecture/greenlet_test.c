// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The face for C users, in C alone: values, parents, ends, destruction and every error.

#define _GNU_SOURCE
#include "CGreenletCore.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if !defined(MANY)
#define MANY 2000
#endif

enum { THREADS = 24, LARGE_STACK = 8 << 20 };

static int failures;

static void check(int holds, const char *what) {
    if (holds) return;
    failures++;
    fprintf(stderr, "FAILED: %s\n", what);
}

static void *number(uintptr_t value) { return (void *)value; }

/// Switches, checks that it worked, and returns what was received.
static uintptr_t exchange(cgreenlet *target, uintptr_t value) {
    void *received = number(~(uintptr_t)0);
    check(cgreenlet_switch_to(target, number(value), &received) == 0, "the switch succeeds");
    return (uintptr_t)received;
}

static size_t live_stacks(void) { return cgreenlet_count_stacks().live; }

/// Adds up what it is sent, from `argument` on; 0 ends it.
static void *adder(void *argument, void *first) {
    uintptr_t sum = (uintptr_t)argument;
    uintptr_t received = (uintptr_t)first;
    while (received) {
        sum += received;
        received = exchange(cgreenlet_parent(cgreenlet_current()), sum);
    }
    return number(sum);
}

static void *echo(void *argument, void *first) {
    (void)argument;
    return first;
}

static void test_values(void) {
    cgreenlet *greenlet = cgreenlet_create(adder, number(100), 0);
    check(greenlet && cgreenlet_parent(greenlet) == cgreenlet_current(), "who creates a greenlet is its parent");
    check(exchange(greenlet, 1) == 101, "the first value and the argument arrive");
    check(exchange(greenlet, 10) == 111, "later values arrive");
    check(!cgreenlet_is_dead(greenlet), "a suspended greenlet lives");
    check(exchange(greenlet, 0) == 111, "the result arrives at the parent");
    check(cgreenlet_is_dead(greenlet) && live_stacks() == 0, "an ended greenlet is dead and has no stack");
    check(exchange(greenlet, 7) == 7, "a dead greenlet passes a value on to its parent");
    check(exchange(cgreenlet_current(), 8) == 8, "a switch to oneself returns the value");
    check(cgreenlet_destroy(greenlet) == 0, "a dead greenlet can be destroyed");
}

static void *nested(void *argument, void *first) {
    cgreenlet *child = cgreenlet_create(adder, argument, 64 * 1024);
    uintptr_t sum = exchange(child, (uintptr_t)first);
    sum = exchange(cgreenlet_parent(cgreenlet_current()), sum);
    sum = exchange(child, sum);
    check(cgreenlet_destroy(child) == 0, "a suspended child can be destroyed");
    return number(sum);
}

static void test_nesting(void) {
    cgreenlet *outer = cgreenlet_create(nested, number(5), 0);
    check(exchange(outer, 1) == 6, "a grandchild's value comes through its parent");
    check(exchange(outer, 100) == 106, "and again");
    check(live_stacks() == 0, "both stacks were given back");
    check(cgreenlet_destroy(outer) == 0, "the outer one can be destroyed");
}

static void test_parents(void) {
    cgreenlet *main = cgreenlet_current();
    cgreenlet *parent = cgreenlet_create(adder, number(1000), 0);
    cgreenlet *child = cgreenlet_create(echo, NULL, 0);
    check(cgreenlet_set_parent(child, parent) == 0 && cgreenlet_parent(child) == parent, "a parent can be set");
    check(cgreenlet_set_parent(parent, child) == -1 && errno == ELOOP, "no greenlet is its own ancestor");
    check(cgreenlet_set_parent(main, child) == -1 && errno == EINVAL, "a thread's own stack has no parent");
    check(cgreenlet_parent(main) == NULL && cgreenlet_parent(parent) == main, "nothing has changed then");
    check(exchange(child, 5) == 1005, "a child's result starts its parent");
    check(cgreenlet_is_dead(child) && !cgreenlet_is_dead(parent), "the child has ended and the parent has not");

    cgreenlet *orphan = cgreenlet_create(echo, NULL, 0);
    check(cgreenlet_set_parent(orphan, parent) == 0, "a suspended parent can be set");
    check(cgreenlet_destroy(parent) == 0, "a parent can be destroyed before its child");
    check(exchange(orphan, 9) == 9, "its child's result arrives at the next ancestor");
    check(cgreenlet_destroy(child) == 0 && cgreenlet_destroy(orphan) == 0, "the children can be destroyed");
    check(live_stacks() == 0, "all stacks were given back");
}

static void *destroys_itself(void *argument, void *first) {
    (void)argument;
    (void)first;
    check(cgreenlet_destroy(cgreenlet_current()) == -1 && errno == EBUSY, "a running greenlet can't be destroyed");
    return NULL;
}

static void test_destruction(void) {
    cgreenlet *unstarted = cgreenlet_create(echo, NULL, 0);
    check(cgreenlet_destroy(unstarted) == 0, "one that has not begun can be destroyed");
    cgreenlet *running = cgreenlet_create(destroys_itself, NULL, 0);
    exchange(running, 0);
    check(cgreenlet_destroy(running) == 0, "and later it can");
    check(cgreenlet_destroy(cgreenlet_current()) == -1 && errno == EINVAL, "a thread's own stack can't be destroyed");

    cgreenlet *many[MANY];
    for (size_t i = 0; i < MANY; i++) {
        many[i] = cgreenlet_create(adder, number(i), i % 2 ? 0 : 32 * 1024);
        check(many[i] && exchange(many[i], 1) == i + 1, "many greenlets start");
    }
    check(live_stacks() == MANY, "many stacks are in use");
    for (size_t i = 0; i < MANY; i++) {
        check(exchange(many[i], 2) == i + 3, "many greenlets go on");
        check(cgreenlet_destroy(many[i]) == 0, "a suspended greenlet can be destroyed");
    }
    check(live_stacks() == 0, "all stacks were given back");
}

static void *on_another_thread(void *argument) {
    cgreenlet *foreign = argument;
    void *received = foreign;
    check(cgreenlet_switch_to(foreign, NULL, &received) == -1 && errno == EPERM && !received,
          "a greenlet of another thread can't be entered");
    check(cgreenlet_set_parent(foreign, cgreenlet_current()) == -1 && errno == EPERM, "nor get a parent here");
    check(cgreenlet_destroy(foreign) == -1 && errno == EPERM, "nor be destroyed");
    cgreenlet *own = cgreenlet_create(echo, NULL, 0);
    check(own && exchange(own, 3) == 3 && cgreenlet_destroy(own) == 0, "this thread has greenlets of its own");
    return NULL;
}

static void test_errors(void) {
    check(!cgreenlet_create(echo, NULL, SIZE_MAX / 2) && errno == ENOMEM, "a stack can be too large");
    cgreenlet *greenlet = cgreenlet_create(adder, NULL, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, on_another_thread, greenlet);
    pthread_join(thread, NULL);
    errno = EXDEV;
    check(exchange(greenlet, 1) == 1 && errno == EXDEV, "a switch that succeeds keeps errno");
    check(cgreenlet_switch_to(greenlet, number(1), NULL) == 0, "what is received need not be looked at");
    check(cgreenlet_destroy(greenlet) == 0, "it can be destroyed at home");
}

/// Bytes of address space of this process.
static size_t reserved(void) {
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%zu", &pages) != 1) pages = 0;
    if (file) fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/// What a thread leaves to a destructor that runs after the library's own, whose key is older.
typedef struct leftovers {
    cgreenlet *suspended, *unstarted, *large, *creates;
} leftovers;

static pthread_key_t leftovers_key;
static int cleared;

static void *creates_another(void *argument, void *first) {
    (void)argument;
    exchange(cgreenlet_parent(cgreenlet_current()), (uintptr_t)first);
    cgreenlet *late = cgreenlet_create(echo, NULL, 0);
    check(late && exchange(late, 6) == 6 && cgreenlet_destroy(late) == 0, "there are stacks past a thread's end");
    return number(7);
}

static void clear_leftovers(void *argument) {
    leftovers *left = argument;
    check(cgreenlet_destroy(left->suspended) == 0, "one that is suspended can be destroyed past its thread's end");
    check(exchange(left->large, 10) == 111, "one that is suspended can go on there");
    check(exchange(left->large, 0) == 111 && cgreenlet_is_dead(left->large), "and come to its end");
    check(exchange(left->creates, 1) == 7, "and create others");
    check(exchange(left->unstarted, 8) == 8, "one that has not begun can do so");
    check(cgreenlet_destroy(left->large) == 0 && cgreenlet_destroy(left->creates) == 0, "the ended can be destroyed");
    check(cgreenlet_destroy(left->unstarted) == 0 && live_stacks() == 0, "nothing is in use then");
    free(left);
    cleared++;
}

static void *leaves_some(void *argument) {
    leftovers *left = malloc(sizeof *left);
    (void)argument;
    left->suspended = cgreenlet_create(adder, number(100), 0);
    left->large = cgreenlet_create(adder, number(100), LARGE_STACK);
    left->unstarted = cgreenlet_create(echo, NULL, 0);
    left->creates = cgreenlet_create(creates_another, NULL, 0);
    check(exchange(left->suspended, 1) == 101 && exchange(left->large, 1) == 101, "both have begun");
    check(exchange(left->creates, 5) == 5, "so has the third");
    pthread_setspecific(leftovers_key, left);
    return NULL;
}

static void test_ended_threads(void) {
    check(pthread_key_create(&leftovers_key, clear_leftovers) == 0, "a key can be had");
    size_t before = 0;
    for (int i = 0; i < THREADS; i++) {
        if (i == THREADS / 2) before = reserved();  // by then the C library has what it keeps for threads
        pthread_t thread;
        pthread_create(&thread, NULL, leaves_some, NULL);
        pthread_join(thread, NULL);
    }
    check(cleared == THREADS, "each thread's destructor ran");
    check(reserved() < before + THREADS / 4 * (size_t)LARGE_STACK, "what is destroyed past a thread's end is unmapped");
}

int main(void) {
    test_values();
    test_nesting();
    test_parents();
    test_destruction();
    test_errors();
    test_ended_threads();
    printf("greenlets for C: %s\n", failures ? "failed" : "passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
