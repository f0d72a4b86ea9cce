// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What is said of a greenlet whose stack is used up, by write(2) alone.

#define _GNU_SOURCE
#include "overflow_report.h"
#include "backtrace.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    INNERMOST = 24,  ///< frames that are shown at the end where the stack ran out
    OUTERMOST = 12,  ///< and at the end where it began, seven of which are ours
    PATIENCE = 10,   ///< seconds until the process ends whether or not the report is done
};

/// A line in the making.
typedef struct line {
    char text[2 * CGREENLET_NAME_SIZE];
    size_t length;
} line;

static void add(line *line, const char *text) {
    for (; *text && line->length < sizeof line->text; text++) line->text[line->length++] = *text;
}

static void add_number(line *line, uintptr_t number, unsigned base) {
    char digits[24], *first = digits + sizeof digits;
    *--first = 0;
    do {
        *--first = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    add(line, base == 16 ? "0x" : "");
    add(line, first);
}

static void say(line *line) {
    if (line->length == sizeof line->text) line->length--;
    line->text[line->length++] = '\n';
    const char *rest = line->text;
    for (size_t left = line->length; left > 0;) {
        ssize_t written = write(STDERR_FILENO, rest, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        rest += written;
        left -= (size_t)written;
    }
    line->length = 0;
}

static void say_frame(size_t number, uintptr_t address, uintptr_t looked_up) {
    cgreenlet_symbol symbol;
    cgreenlet_symbolize(looked_up, &symbol);
    line line = {.length = 0};
    add(&line, "  #");
    add_number(&line, number, 10);
    add(&line, " ");
    add_number(&line, address, 16);
    add(&line, symbol.name[0] ? " " : "");
    add(&line, symbol.name);
    add(&line, " + ");
    add_number(&line, symbol.offset + (address - looked_up), 10);
    add(&line, " (");
    add(&line, symbol.image);
    add(&line, ")");
    say(&line);
}

// The innermost frames and the outermost ones: where it runs round, and whose body that is.
CGREENLET_UNINSTRUMENTED static void say_backtrace(cgreenlet_walk walk, uintptr_t code) {
    uintptr_t last[OUTERMOST], address;
    size_t count = 1;
    say_frame(0, code, code);
    for (; cgreenlet_walk_on(&walk, &address); count++) {
        // A return address may be the next function's first, if the call was its caller's last instruction.
        if (count < INNERMOST) say_frame(count, address, address - 1);
        last[count % OUTERMOST] = address;
    }
    size_t first = count > INNERMOST + OUTERMOST ? count - OUTERMOST : INNERMOST;
    if (first > INNERMOST) {
        line line = {.length = 0};
        add(&line, "  ... ");
        add_number(&line, first - INNERMOST, 10);
        add(&line, " more");
        say(&line);
    }
    for (size_t i = first; i < count; i++) say_frame(i, last[i % OUTERMOST], last[i % OUTERMOST] - 1);
}

static void say_who(const cgreenlet_context *context, const cgreenlet_fault_place *place) {
    line line = {.length = 0};
    add(&line, "greenlet: stack overflow in greenlet ");
    add_number(&line, (uintptr_t)(context->owner ? context->owner : (void *)context), 16);
    add(&line, " (context ");
    add_number(&line, (uintptr_t)context, 16);
    add(&line, ", thread ");
    add_number(&line, (uintptr_t)context->thread->number, 10);
    add(&line, "): all ");
    add_number(&line, context->stack_size, 10);
    add(&line, " bytes of its stack are used up; it touched ");
    add_number(&line, place->address, 16);
    say(&line);
    add(&line, "greenlet: create it with a larger stackSize, recurse less deep, or keep large values off the stack");
    say(&line);
    add(&line, "greenlet: its backtrace (for Swift's names, pipe it through `swift demangle`):");
    say(&line);
}

// Whoever holds the loader's lock may wait for one that was held where the stack ran out: better no names than no end.
static void die_in_time(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t alarm_alone;
    sigemptyset(&alarm_alone);
    sigaddset(&alarm_alone, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm_alone, NULL);
    alarm(PATIENCE);
}

void cgreenlet_report_overflow(const cgreenlet_context *context, const cgreenlet_fault_place *place) {
    cgreenlet_walk walk = {
        .frame = place->frame,
        .low = (uintptr_t)context->stack_low,
        .high = (uintptr_t)context->stack_low + context->stack_size,
    };
    say_who(context, place);
    die_in_time();
    say_backtrace(cgreenlet_find_chain(walk, place->stack, true), place->code);
}
