// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Looking at another thread: from outside while it waits in a system call, else by asking it.

#define _GNU_SOURCE
#include "backtrace.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"
#include "stack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)

#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>

enum {
    ATTEMPTS = 3,              ///< looks at a thread that moves while one looks
    PATIENCE = 100 * 1000000,  ///< nanoseconds in which a thread must answer
    PAUSE = 50 * 1000,         ///< nanoseconds between two looks for its answer
    BUSY = -1,                 ///< it answers right now
};

// One question at a time. Whom it is for: a thread's kernel id; BUSY while it answers; 0 when it has, or nobody is asked.
static atomic_int asked;
static cgreenlet_sighting *answer;
static const cgreenlet_sightee *answering;
static pthread_mutex_t one_question = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static bool can_ask;

// Word by word and not by memcpy: a sanitizer's would object to what lies between the variables of a stack.
CGREENLET_UNINSTRUMENTED static void copy_words(void *to, const void *from, size_t size) {
    volatile uintptr_t *target = to;
    const volatile uintptr_t *source = from;
    for (size_t i = 0; i < size / sizeof *target; i++) target[i] = source[i];
}

// How much of the stack of `context` there is to be copied from `stack_pointer` on.
CGREENLET_UNINSTRUMENTED static size_t depth(
    cgreenlet_sighting *sighting, const cgreenlet_context *context, const cgreenlet_sightee *sightee) {
    bool is_own = context->kind == CGREENLET_KIND_OWN;
    // In the midst of a switch it is on another stack than that of `current`, and in a handler on a stack of its own.
    uintptr_t low = is_own ? sightee->stack_low : (uintptr_t)context->stack_low;
    uintptr_t end = is_own ? sightee->stack_end : low + context->stack_size;
    if (sighting->stack_pointer < low || sighting->stack_pointer >= end) return 0;
    size_t whole = end - sighting->stack_pointer;
    sighting->has_end = !is_own && whole <= CGREENLET_SIGHTED_STACK;
    return (whole < CGREENLET_SIGHTED_STACK ? whole : CGREENLET_SIGHTED_STACK) & ~(sizeof(uintptr_t) - 1);
}

// The thread that was asked answers.
CGREENLET_UNINSTRUMENTED static void answer_question(cgreenlet_sighting *sighting, const ucontext_t *state) {
    const cgreenlet_sightee *self = answering;
    const cgreenlet_context *context = self->thread->current;
#if defined(__x86_64__)
    sighting->code = (uintptr_t)state->uc_mcontext.gregs[REG_RIP];
    sighting->frame = (uintptr_t)state->uc_mcontext.gregs[REG_RBP];
    sighting->stack_pointer = (uintptr_t)state->uc_mcontext.gregs[REG_RSP] & ~(sizeof(uintptr_t) - 1);
#elif defined(__aarch64__)
    sighting->code = (uintptr_t)state->uc_mcontext.pc;
    sighting->frame = (uintptr_t)state->uc_mcontext.regs[29];
    sighting->link = cgreenlet_without_signature((uintptr_t)state->uc_mcontext.regs[30]);
    sighting->stack_pointer = (uintptr_t)state->uc_mcontext.sp;
#endif
    sighting->context = context;
    sighting->scheduled = context->scheduled;
    sighting->system_call = -1;
    sighting->copied = depth(sighting, context, self);
    copy_words(sighting->stack, (void *)sighting->stack_pointer, sighting->copied);
#if defined(__x86_64__)
    if (sighting->copied > 0) sighting->link = *(const uintptr_t *)sighting->stack;
#endif
    if (!sighting->scheduled) return;
    copy_words(sighting->object, (const char *)sighting->scheduled + self->object_offset, self->object_size);
}

CGREENLET_UNINSTRUMENTED static void handle_question(int signal, siginfo_t *info, void *state) {
    (void)signal, (void)info;
    int saved = errno, self = (int)syscall(SYS_gettid);
    if (atomic_compare_exchange_strong(&asked, &self, BUSY)) {
        answer_question(answer, state);
        atomic_store(&asked, 0);
    }
    errno = saved;
}

// A fork while somebody asks: the child has neither who asked nor, maybe, who answers.
static void forget_question(void) {
    atomic_store(&asked, 0);
    pthread_mutex_init(&one_question, NULL);
}

static void prepare_to_ask(void) {
    struct sigaction now;
    if (sigaction(SIGURG, NULL, &now) != 0) return;
    if ((now.sa_flags & SA_SIGINFO) || (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN)) return;
    struct sigaction action = {.sa_sigaction = handle_question, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    can_ask = sigaction(SIGURG, &action, NULL) == 0;
    pthread_atfork(NULL, NULL, forget_question);
}

static bool is_ours(void) {
    struct sigaction now;
    bool known = can_ask && sigaction(SIGURG, NULL, &now) == 0;
    return known && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle_question;
}

// Once it has begun to answer it will have done so soon; before that the question may be taken back.
static bool wait_for_answer(int kernel_id) {
    const struct timespec pause = {.tv_nsec = PAUSE};
    for (long waited = 0; atomic_load(&asked) != 0; waited += PAUSE) {
        nanosleep(&pause, NULL);
        int expected = kernel_id;
        if (waited >= PATIENCE && atomic_compare_exchange_strong(&asked, &expected, 0)) return false;
    }
    return true;
}

static bool ask(cgreenlet_sighting *sighting, const cgreenlet_sightee *sightee) {
    pthread_once(&prepared, prepare_to_ask);
    pthread_mutex_lock(&one_question);
    answer = sighting;
    answering = sightee;
    bool is_answered = is_ours();
    if (is_answered) {
        atomic_store(&asked, sightee->kernel_id);
        syscall(SYS_tgkill, getpid(), sightee->kernel_id, SIGURG);
        is_answered = wait_for_answer(sightee->kernel_id);
    }
    pthread_mutex_unlock(&one_question);
    return is_answered;
}

/// What the kernel tells of a thread that does not run.
typedef struct place {
    bool is_running;
    long system_call;  ///< -1 if it was stopped elsewhere
    uintptr_t stack_pointer, code;
} place;

static bool read_place(int kernel_id, place *found) {
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", kernel_id);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return false;
    text[length] = 0;
    *found = (place){.is_running = strncmp(text, "running", 7) == 0};
    if (found->is_running) return true;
    // `NUMBER SIX-ARGUMENTS SP PC`, or `-1 SP PC`.
    char *rest;
    found->system_call = strtol(text, &rest, 10);
    for (int i = 0; i < (found->system_call < 0 ? 0 : 6); i++) strtoul(rest, &rest, 16);
    found->stack_pointer = strtoul(rest, &rest, 16) & ~(sizeof(uintptr_t) - 1);
    found->code = strtoul(rest, &rest, 16);
    return found->stack_pointer != 0;
}

static bool is_same_place(const place *a, const place *b) {
    return !a->is_running && !b->is_running && a->system_call == b->system_call &&
           a->stack_pointer == b->stack_pointer && a->code == b->code;
}

// What is read while the thread stays where it is belongs together.
CGREENLET_UNINSTRUMENTED static bool look_from_outside(
    cgreenlet_sighting *sighting, const cgreenlet_sightee *sightee, const place *before) {
    const cgreenlet_thread *thread = sightee->thread;
    const cgreenlet_context *running = *(cgreenlet_context *const volatile *)&thread->current;
    cgreenlet_context context;
    if (!cgreenlet_read_memory(&context, running, sizeof context)) return false;
    sighting->context = running;
    sighting->scheduled = context.scheduled;
    sighting->system_call = before->system_call;
    sighting->code = before->code;
    sighting->stack_pointer = before->stack_pointer;
    sighting->copied = depth(sighting, &context, sightee);
    if (!cgreenlet_read_memory(sighting->stack, (void *)sighting->stack_pointer, sighting->copied)) return false;
    const char *object = context.scheduled ? (char *)context.scheduled + sightee->object_offset : NULL;
    if (object && !cgreenlet_read_memory(sighting->object, object, sightee->object_size)) return false;
    place after;
    return read_place(sightee->kernel_id, &after) && is_same_place(before, &after);
}

bool cgreenlet_read_memory(void *to, const void *from, size_t size) {
    struct iovec local = {to, size}, remote = {(void *)from, size};
    return size == 0 || process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

bool cgreenlet_sight(cgreenlet_sighting *sighting, const cgreenlet_sightee *sightee) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        memset(sighting, 0, offsetof(cgreenlet_sighting, stack));
        place now;
        if (!read_place(sightee->kernel_id, &now)) return false;
        if (now.is_running ? ask(sighting, sightee) : look_from_outside(sighting, sightee, &now)) return true;
    }
    memset(sighting, 0, offsetof(cgreenlet_sighting, stack));
    return false;
}

#else

bool cgreenlet_read_memory(void *to, const void *from, size_t size) {
    (void)to, (void)from, (void)size;
    return false;
}

bool cgreenlet_sight(cgreenlet_sighting *sighting, const cgreenlet_sightee *sightee) {
    (void)sightee;
    memset(sighting, 0, offsetof(cgreenlet_sighting, stack));
    return false;
}

#endif

cgreenlet_sightee cgreenlet_become_visible(void) {
    cgreenlet_sightee self = {.thread = cgreenlet_thread_current()};
#if defined(__linux__)
    self.kernel_id = (int)syscall(SYS_gettid);
    sigset_t question;  // threads of Dispatch block all signals, and so do those that they start
    sigemptyset(&question);
    sigaddset(&question, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &question, NULL);
#endif
    cgreenlet_own_stack(&self.stack_low, &self.stack_end);
    return self;
}

static bool is_same_function(uintptr_t a, uintptr_t b) {
    cgreenlet_symbol symbol;
    cgreenlet_symbolize(a, &symbol);
    uintptr_t beginning = a - symbol.offset;
    cgreenlet_symbolize(b, &symbol);
    return beginning == b - symbol.offset;
}

// Whether it stands in a function that has no record, or none yet: then the chain begins with its caller's.
static bool has_no_record(const cgreenlet_sighting *sighting, cgreenlet_walk chain) {
    uintptr_t first = 0, link = sighting->link;
    cgreenlet_walk_on(&chain, &first);
    return link != first && cgreenlet_follows_call(link) && !is_same_function(sighting->code, link - 1);
}

size_t cgreenlet_sighting_backtrace(const cgreenlet_sighting *sighting, uintptr_t *addresses, size_t limit) {
    if (limit == 0 || sighting->code == 0) return 0;
    uintptr_t low = sighting->stack_pointer;
    cgreenlet_walk walk = {
        .frame = sighting->frame,
        .low = low,
        .high = low + sighting->copied,
        .shift = (uintptr_t)sighting->stack - low,
    };
    walk = cgreenlet_find_chain(walk, low, sighting->has_end);
    size_t count = 1;
    addresses[0] = sighting->code;
    // Whoever waits in the kernel got there by functions of the C library, which keep no records.
    if (sighting->frame == 0) {
        cgreenlet_walk below = {.frame = walk.frame, .low = low, .high = walk.high, .shift = walk.shift};
        count += cgreenlet_guess_returns(below, low, sighting->code, addresses + 1, limit - 1);
    } else if (limit > 1 && has_no_record(sighting, walk)) {
        addresses[count++] = sighting->link;
    }
    while (count < limit && cgreenlet_walk_on(&walk, &addresses[count])) count++;
    return count;
}
