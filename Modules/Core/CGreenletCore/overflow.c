// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Stack overflow: faults in a guard are reported and end the process; all others go to the handler that was there.

#define _GNU_SOURCE
#include "overflow.h"
#include "include/CGreenletCore.h"
#include "overflow_report.h"
#include "stack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)

#include <ucontext.h>

/// A signal stack: room for the report, and for handlers that ran on a full stack before we came.
enum { ALTERNATE_STACK_SIZE = 128 * 1024 };

static const int fault_signals[] = {SIGSEGV, SIGBUS};
enum { FAULT_SIGNALS = sizeof fault_signals / sizeof fault_signals[0] };

static struct sigaction earlier[FAULT_SIGNALS];
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;

static cgreenlet_fault_place place_of(const siginfo_t *info, const ucontext_t *state) {
    cgreenlet_fault_place place = {.address = (uintptr_t)info->si_addr};
#if defined(__x86_64__)
    place.code = (uintptr_t)state->uc_mcontext.gregs[REG_RIP];
    place.frame = (uintptr_t)state->uc_mcontext.gregs[REG_RBP];
    place.stack = (uintptr_t)state->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    place.code = (uintptr_t)state->uc_mcontext.pc;
    place.frame = (uintptr_t)state->uc_mcontext.regs[29];
    place.stack = (uintptr_t)state->uc_mcontext.sp;
#endif
    return place;
}

// Whose guard `address` lies in. Reads the lists of the thread that it interrupted; those are always whole.
static const cgreenlet_context *guarded_by(const cgreenlet_stack_pool *pool, uintptr_t address) {
    for (const cgreenlet_arena *each = pool->arenas; each; each = each->next) {
        uintptr_t offset = address - (uintptr_t)each->base;
        if (offset >= each->used * pool->slot) continue;
        return offset % pool->slot < pool->guard ? &each->contexts[offset / pool->slot] : NULL;
    }
    for (const cgreenlet_context *each = pool->singles; each; each = each->next) {
        if ((uintptr_t)each->stack_low - address - 1 < pool->guard) return each;
    }
    return NULL;
}

// The greenlet whose stack is used up. Somebody else's stray pointer into its guard is an ordinary fault.
static const cgreenlet_context *overflowed(const siginfo_t *info, const cgreenlet_fault_place *place) {
    const cgreenlet_thread *thread = &cgreenlet_this_thread;
    const cgreenlet_stack_pool *pool = thread->pool;
    if (info->si_code <= 0 || !pool) return NULL;  // sent by somebody, or no greenlets here
    const cgreenlet_context *context = guarded_by(pool, place->address);
    if (!context) return NULL;
    if (context->kind == CGREENLET_KIND_BERTH && context->next) context = context->next;
    uintptr_t depth = place->stack - ((uintptr_t)context->stack_low - pool->guard);
    bool stands_there = depth <= context->stack_size + pool->guard;
    return stands_there || context == thread->current ? context : NULL;
}

static struct sigaction *earlier_for(int signal) {
    int i = 0;
    while (i < FAULT_SIGNALS - 1 && fault_signals[i] != signal) i++;
    return &earlier[i];
}

// Once we return the fault happens again, and ends the process where it was: that is what a core file should show.
static void let_it_die(int signal) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
}

static void pass_on(int signal, siginfo_t *info, void *state) {
    struct sigaction action = *earlier_for(signal);
    bool was_sent = info->si_code <= 0;
    if (action.sa_flags & SA_RESETHAND) earlier_for(signal)->sa_handler = SIG_DFL;
    if (action.sa_flags & SA_RESETHAND) earlier_for(signal)->sa_flags = 0;
    if (action.sa_flags & SA_SIGINFO) {
        action.sa_sigaction(signal, info, state);
    } else if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
        action.sa_handler(signal);
    } else if (action.sa_handler == SIG_DFL || !was_sent) {  // a real fault can't be ignored
        let_it_die(signal);
        if (was_sent) raise(signal);
    }
}

static void handle_fault(int signal, siginfo_t *info, void *state) {
    int saved = errno;
    cgreenlet_fault_place place = place_of(info, state);
    const cgreenlet_context *context = overflowed(info, &place);
    if (context) {
        cgreenlet_report_overflow(context, &place);
        let_it_die(signal);
    } else {
        pass_on(signal, info, state);
    }
    errno = saved;
}

static void install_handler(void) {
    for (int i = 0; i < FAULT_SIGNALS; i++) {
        sigaction(fault_signals[i], NULL, &earlier[i]);  // known before the first fault can come
        struct sigaction action = {
            .sa_sigaction = handle_fault,
            .sa_mask = earlier[i].sa_mask,
            .sa_flags = SA_SIGINFO | SA_ONSTACK | (earlier[i].sa_flags & (SA_NODEFER | SA_RESTART)),
        };
        sigaction(fault_signals[i], &action, NULL);
    }
}

void cgreenlet_overflow_watch(cgreenlet_thread *thread) {
    pthread_once(&handler_once, install_handler);
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
    // Without room for it there is no report, only the fault. The lowest page is a guard.
    char *low = mmap(NULL, ALTERNATE_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (low == MAP_FAILED) return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    mprotect(low, page, PROT_NONE);
    stack_t alternate = {.ss_sp = low + page, .ss_size = ALTERNATE_STACK_SIZE - page};
    if (sigaltstack(&alternate, NULL) == 0) {
        thread->alternate_stack = low;
    } else {
        munmap(low, ALTERNATE_STACK_SIZE);
    }
}

void cgreenlet_overflow_unwatch(cgreenlet_thread *thread) {
    char *low = thread->alternate_stack;
    if (!low) return;
    thread->alternate_stack = NULL;
    stack_t now, none = {.ss_flags = SS_DISABLE};
    if (sigaltstack(NULL, &now) != 0) return;
    bool is_ours = (char *)now.ss_sp > low && (char *)now.ss_sp < low + ALTERNATE_STACK_SIZE;
    if (is_ours && sigaltstack(&none, NULL) != 0) return;
    munmap(low, ALTERNATE_STACK_SIZE);
}

#else

void cgreenlet_overflow_watch(cgreenlet_thread *thread) { (void)thread; }
void cgreenlet_overflow_unwatch(cgreenlet_thread *thread) { (void)thread; }

#endif
