// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a stack of execution is while it does not run, and what a thread knows of the one that does.

#ifndef CGREENLET_CONTEXT_H
#define CGREENLET_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The words that the Swift runtime keeps per thread and that must follow the greenlet instead.
enum {
    CGREENLET_WORD_EXCLUSIVITY = 0,  ///< list of open exclusive accesses; its nodes lie on stacks (libswiftCore)
    CGREENLET_WORD_TASK_LOCALS = 1,  ///< @TaskLocal bindings made outside of a task (libswift_Concurrency)
    CGREENLET_WORD_TASK = 2,         ///< the current Task
    CGREENLET_WORD_EXECUTOR = 3,     ///< the executor tracking record; it lies on a stack
    CGREENLET_WORD_OBSERVATION = 4,  ///< the list that withObservationTracking fills (libswiftObservation)
    CGREENLET_WORDS = 5,
    CGREENLET_WATCHED_WORDS = 3,  ///< those of libswift_Concurrency: task locals, task, executor
};

/// Which words a suspended context holds, for they are not all zero.
enum {
    CGREENLET_HOLDS_ACCESSES = 1,  ///< the first
    CGREENLET_HOLDS_ALL = 2,
};

struct cgreenlet_thread;

/// A stack of execution that can be left and entered again.
///
/// Owned by the stack pool of the thread that acquired it; belongs to that thread for ever.
typedef struct cgreenlet_context {
    // The registers that no compiler lets an inline assembly clobber. All the others are declared clobbered at the
    // switch, so that the compiler saves just those that are live there.
    void *_Nullable stack_pointer;
    void *_Nullable frame_pointer;   ///< rbp, x29
    void *_Nullable base_register;   ///< rbx, x19: the compiler's base pointer in functions that realign the stack
    void *_Nullable resume_address;
    struct cgreenlet_thread *thread;
    void *_Nullable scheduled;   ///< what a scheduler above Core hangs on this context; not retained
    int error_number;            ///< errno, while the context is suspended
    uint32_t holds_words;        ///< which of `words` mean something: CGREENLET_HOLDS_; zero while the context runs
    // Up to here all that a switch touches of the contexts, as a rule.
    uintptr_t words[CGREENLET_WORDS];

    void *_Nullable owner;       ///< the RawGreenlet of this context; only its memory is held, see cgreenlet_hold
    void *_Nullable parent;      ///< only of a raw greenlet that has started: its parent; retained unless it is `main`'s
    char *_Nullable stack_low;   ///< lowest usable address, above the guard; NULL for the thread's own stack
    size_t stack_size;           ///< usable bytes
    struct cgreenlet_context *_Nullable next;  ///< of the free ones, or of those with mappings of their own
    struct cgreenlet_context *_Nullable starting;  ///< whom it has started, and not been resumed since
    union {
        void *_Nullable fake_stack;  ///< AddressSanitizer's
        void *_Nullable tsan_fiber;  ///< ThreadSanitizer's; a process has one of them at most
    };
    uint32_t valgrind_id;
    uint32_t orphan_place;       ///< from 1: where it stands in its thread's list of orphans
    uint8_t kind;                ///< see stack.h
    bool abandoned;              ///< nobody will enter it again, and its thread has ended or is about to
    bool parent_waits;  ///< its parent started it, and may still be waiting in that call: its `starting` tells
    uint8_t berth : 7;  ///< of a berth: its number
    uint8_t was_in_task : 1;  ///< it stands within a task of Swift's, which may be set aside: see cgreenlet_set_aside
    uint32_t start_number;       ///< of a raw greenlet: the how manieth of its thread that started; of a berth: how many
                                 ///< have it
    struct cgreenlet_context *_Nullable previous;  ///< of those with mappings of their own
    size_t *tally;               ///< how many stacks are in use, of its arena or of those with mappings of their own
    struct cgreenlet *_Nullable handle;  ///< C's handle on it (cgreenlet.h)
} cgreenlet_context;

_Static_assert(offsetof(cgreenlet_context, words) <= 64, "what each switch needs is one cache line");
_Static_assert(sizeof(cgreenlet_context) % 64 == 0, "contexts in an array begin at cache lines");

/// A library's thread-local variables, of one thread, word by word.
typedef struct cgreenlet_block {
    uintptr_t *_Nullable words;
    size_t count;
    bool begins_at_zero;  ///< whether all are zero in a new thread
} cgreenlet_block;

enum { CGREENLET_WHOLE_LIBRARIES = 2 };  ///< concurrency, observation

/// Called when a thread that used greenlets exits, on its own stack.
typedef void (*cgreenlet_thread_exit)(void *record);

/// How Swift and the greenlets of cgreenlet.h hand things to each other; all set or none.
typedef struct cgreenlet_swift_side {
    /// Leaves a value for `target`, which is entered next and stands in Swift's switch.
    void (*_Nullable send)(cgreenlet_context *target, void *value);
    /// Takes what Swift left for the greenlet that was just entered. False if it was an error, which is dropped.
    bool (*_Nullable receive)(void *_Nullable *_Nonnull value);
    /// The same for a greenlet that is entered for the first time, whose parent is to get the error instead.
    bool (*_Nullable begin)(void *_Nullable *_Nonnull value);
    /// Says that the stack of `context`, which has an owner or is known to a scheduler, is about to be given back.
    void (*_Nullable end)(cgreenlet_context *context);
} cgreenlet_swift_side;

/// What a thread knows: who runs, where the runtime's words are, which stacks are free.
typedef struct cgreenlet_thread {
    cgreenlet_context *current;
    uintptr_t *_Nonnull words[CGREENLET_WORDS];  ///< this thread's addresses of the runtime's words
    /// The words of concurrency, in any order; of a careful thread, and where they don't lie in a row, `never_zero`.
    const uintptr_t *watched;
    int *error_number;      ///< this thread's errno
    bool careful;           ///< a sanitizer watches, or something is set aside at a switch: take the slow way
    bool started;
    bool delivery;          ///< the switch that is under way hands something over
    uint8_t exits;          ///< how often it was taken down with stacks in use, or looked at again after that
    bool has_left_stacks;   ///< it was taken down while stacks were in use; it may take them back
    /// The record itself; NULL while a switch must look before it leaps: a handle was dropped, orphans are to be ended,
    /// somebody runs without a handle, or a tracer watches.
    _Atomic(struct cgreenlet_thread *_Nullable) at_ease;
    cgreenlet_context main; ///< the thread's own stack

    void *_Nullable record;  ///< GreenletCore's side of this thread; retained
    void *_Nullable hub;     ///< the scheduler's side of this thread; retained
    void *_Nullable inherited_hub;  ///< in the child of a fork: what was `hub` there, until somebody asks for it
    cgreenlet_thread_exit _Nullable hub_exit;
    cgreenlet_thread_exit _Nullable record_exit;

    uintptr_t absent[CGREENLET_WORDS];  ///< stands in for a word that this process does not have
    uintptr_t never_zero[CGREENLET_WATCHED_WORDS];  ///< what a thread watches that must always look
    int number;                         ///< small id for messages; the first thread that asks is 1
    void *_Nullable departed_fiber;  ///< ThreadSanitizer's fiber of a context left for good, still to be freed
    struct cgreenlet_stack_pool *_Nullable pool;
    cgreenlet_swift_side swift;  ///< empty until this thread used Swift's side of greenlets
    cgreenlet_context *_Nullable departed;  ///< AddressSanitizer: left for good, to be poisoned upon arrival elsewhere
    char *_Nullable alternate_stack;        ///< mapping of the signal stack that this thread was given; see overflow.c
    /// Of libraries of which a word was not found: all that they keep follows the greenlet. Empty as a rule.
    cgreenlet_block whole[CGREENLET_WHOLE_LIBRARIES];
} cgreenlet_thread;

/// Sets the calling thread up, once. Not a switch point. errno is unspecified afterwards.
cgreenlet_thread *cgreenlet_thread_start(void);

/// Where control goes when `context` ends, if it is one of cgreenlet.h's; else NULL.
cgreenlet_context *_Nullable cgreenlet_heir(const cgreenlet_context *context);

/// Sets where control goes when `context` ends, which is one of cgreenlet.h's. Returns 0, or an errno as
/// `cgreenlet_set_parent` sets it, or ENOMEM.
int cgreenlet_set_heir(cgreenlet_context *context, cgreenlet_context *heir);

extern _Thread_local cgreenlet_thread cgreenlet_this_thread __attribute__((tls_model("initial-exec")));

/// This thread's record. Its address may be kept across switches: a greenlet never changes its thread.
static inline cgreenlet_thread *cgreenlet_thread_current(void) {
    cgreenlet_thread *thread = &cgreenlet_this_thread;
    if (__builtin_expect(!thread->started, 0)) return cgreenlet_thread_start();
    return thread;
}

/// This thread's record if it ever used greenlets, else NULL.
static inline cgreenlet_thread *_Nullable cgreenlet_thread_if_started(void) {
    cgreenlet_thread *thread = &cgreenlet_this_thread;
    return thread->started ? thread : NULL;
}

/// GreenletCore's side of this thread if it ever used greenlets from Swift, else NULL.
static inline void *_Nullable cgreenlet_record(void) { return cgreenlet_this_thread.record; }

/// Whether `record` is it.
static inline bool cgreenlet_is_home(const void *record) { return cgreenlet_this_thread.record == record; }

/// Whether `thread` is the calling thread, and nothing asks for its attention.
static inline bool cgreenlet_is_at_ease(const cgreenlet_thread *thread) {
    return thread == __c11_atomic_load(&cgreenlet_this_thread.at_ease, __ATOMIC_RELAXED);
}

/// Whether `record` is GreenletCore's side of the calling thread, and nothing asks for its attention.
static inline bool cgreenlet_is_at_ease_at(const void *record) {
    return cgreenlet_is_home(record) && __c11_atomic_load(&cgreenlet_this_thread.at_ease, __ATOMIC_RELAXED);
}

/// The same record if the thread's own stack runs, and nothing asks for attention; else NULL.
static inline void *_Nullable cgreenlet_record_at_ease_on_main(void) {
    const cgreenlet_thread *thread = &cgreenlet_this_thread;
    if (thread->current != &thread->main || !__c11_atomic_load(&thread->at_ease, __ATOMIC_RELAXED)) return NULL;
    return thread->record;
}

/// Whether `context` belongs to the calling thread and nothing asks for that thread's attention.
static inline bool cgreenlet_is_plain(const cgreenlet_context *context) {
    return cgreenlet_is_at_ease(context->thread);
}

/// Whether `context` has started `other` and waits in that very call.
static inline bool cgreenlet_is_starting(const cgreenlet_context *context, const cgreenlet_context *other) {
    return context->starting == other;
}

extern cgreenlet_thread cgreenlet_no_thread;
extern cgreenlet_context cgreenlet_no_context;

/// A record that is no thread's: none is at ease with it.
static inline const cgreenlet_thread *cgreenlet_nobody(void) { return &cgreenlet_no_thread; }

/// A context that nobody enters: no thread is at ease with it.
static inline cgreenlet_context *cgreenlet_nowhere(void) { return &cgreenlet_no_context; }

/// What runs now. The thread must have been started.
static inline cgreenlet_context *cgreenlet_running(void) { return cgreenlet_this_thread.current; }

/// Whether the switch that has just arrived here handed something over.
static inline bool cgreenlet_has_delivery(void) { return cgreenlet_this_thread.delivery; }

static inline void cgreenlet_set_attention(cgreenlet_thread *thread, bool wanted) {
    __c11_atomic_store(&thread->at_ease, wanted ? NULL : thread, __ATOMIC_SEQ_CST);
}

static inline bool cgreenlet_wants_attention(cgreenlet_thread *thread) {
    return __c11_atomic_load(&thread->at_ease, __ATOMIC_SEQ_CST) == NULL;
}

#pragma clang assume_nonnull end

#endif
