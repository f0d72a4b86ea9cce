// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thread's record: made on first use, taken down when the thread exits.

#define _GNU_SOURCE
#include "handle.h"
#include "include/CGreenletCore.h"
#include "overflow.h"
#include "runtime.h"
#include "sanitizer.h"
#include "stack.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

_Thread_local cgreenlet_thread cgreenlet_this_thread __attribute__((tls_model("initial-exec")));

cgreenlet_thread cgreenlet_no_thread;
cgreenlet_context cgreenlet_no_context = {.thread = &cgreenlet_no_thread};

// Defined in Swift (GreenletThread+C.swift), so absent from a program in C alone: finds the runtime's words, once. A
// thread may use greenlets from C before it does so from Swift.
void cgreenlet_calibrate_runtime(void) __attribute__((weak));

static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static atomic_int thread_count;

// A hub may run greenlets to their end here, and those may use other thread-specific data, whose destructors can
// bring this one back: at the end nothing of it is left. The hub that was torn down stays until the raw greenlets have
// ended too: whoever waits in a `defer` there is told by it that nothing can wait any more.
static void end_thread(cgreenlet_thread *thread) {
    if (!thread->hub) thread->hub = thread->inherited_hub;
    thread->inherited_hub = NULL;
    if (thread->hub) thread->hub_exit(thread->hub);
    if (thread->record) {
        thread->record_exit(thread->record);
        thread->record = NULL;
    }
    thread->hub = NULL;
    if (thread->main.handle) cgreenlet_handle_ended(&thread->main);
    cgreenlet_pool_destroy(thread);
    cgreenlet_set_attention(thread, true);
    cgreenlet_overflow_unwatch(thread);
    thread->started = false;
}

// Comes again as often as it can while stacks are left: until the last time the thread may take them back, and after that
// it is another, for there would be nobody to take them down again.
static void thread_exits(void *argument) {
    cgreenlet_thread *thread = argument;
    if (thread->started) end_thread(thread);
    // For ThreadSanitizer a thread has ended by the last round.
    if (!thread->has_left_stacks || cgreenlet_sanitizer_present()) return;
    if (++thread->exits < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(exit_key, thread);
    } else {
        thread->has_left_stacks = false;
        thread->number = 0;
    }
}

// A fork while another thread has the lock of the pools would leave it locked in the child for ever.
static void lock_pools(void) { pthread_mutex_lock(&cgreenlet_pools_lock); }
static void unlock_pools(void) { pthread_mutex_unlock(&cgreenlet_pools_lock); }

static void make_exit_key(void) {
    pthread_key_create(&exit_key, thread_exits);
    pthread_atfork(lock_pools, unlock_pools, unlock_pools);
}

cgreenlet_thread *cgreenlet_thread_start(void) {
    cgreenlet_thread *thread = &cgreenlet_this_thread;
    if (thread->started) return thread;
    pthread_once(&exit_key_once, make_exit_key);
    pthread_setspecific(exit_key, thread);
    if (thread->number == 0) thread->number = atomic_fetch_add(&thread_count, 1) + 1;
    thread->main = (cgreenlet_context){.thread = thread};
    thread->current = &thread->main;
    if (cgreenlet_calibrate_runtime) cgreenlet_calibrate_runtime();
    bool sets_aside = cgreenlet_runtime_attach(thread);
    thread->error_number = &errno;
    thread->careful = cgreenlet_sanitizer_present() || sets_aside;
    if (thread->careful) thread->watched = thread->never_zero;
    cgreenlet_sanitizer_thread(thread);
    thread->started = true;
    cgreenlet_set_attention(thread, false);
    return thread;
}
