// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// GreenletCore alone, from C: a greenlet that adds up what it is sent.

#include <cgreenlet.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/// Ends the program if something does not hold.
static void expect(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s does not hold\n", what);
    abort();
}

static uintptr_t exchange(cgreenlet *target, uintptr_t value) {
    void *received;
    expect(cgreenlet_switch_to(target, (void *)value, &received) == 0, "the switch");
    return (uintptr_t)received;
}

static void *add(void *argument, void *first) {
    (void)argument;
    uintptr_t sum = 0;
    for (uintptr_t number = (uintptr_t)first; number; number = exchange(cgreenlet_parent(cgreenlet_current()), sum)) {
        sum += number;
    }
    return (void *)(sum * 100);
}

int main(void) {
    cgreenlet *adder = cgreenlet_create(add, NULL, 0);
    expect(adder != NULL, "a greenlet");
    expect(exchange(adder, 1) == 1, "the first value");
    expect(exchange(adder, 2) == 3, "the second value");
    expect(exchange(adder, 0) == 300, "the result");
    expect(cgreenlet_is_dead(adder) && cgreenlet_destroy(adder) == 0, "the end");
    puts("GreenletCore works from C");
    return 0;
}
