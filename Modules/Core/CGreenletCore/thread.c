// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thread's record: made on first use, taken down when the thread exits.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "overflow.h"
#include "runtime.h"
#include "sanitizer.h"
#include "stack.h"

#include <pthread.h>
#include <stdatomic.h>

_Thread_local cgreenlet_thread cgreenlet_this_thread __attribute__((tls_model("initial-exec")));

static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static atomic_int thread_count;

// A hub may run greenlets to their end here, and those may use other thread-specific data, whose destructors can
// bring this one back: each part is cleared before it is torn down.
static void thread_exits(void *argument) {
    cgreenlet_thread *thread = argument;
    if (thread->hub) {
        void *hub = thread->hub;
        thread->hub_exit(hub);
        thread->hub = NULL;
    }
    if (thread->record) {
        void *record = thread->record;
        thread->record_exit(record);
        thread->record = NULL;
    }
    cgreenlet_pool_destroy(thread);
    cgreenlet_overflow_unwatch(thread);
    thread->started = false;
}

static void make_exit_key(void) { pthread_key_create(&exit_key, thread_exits); }

cgreenlet_thread *cgreenlet_thread_start(void) {
    cgreenlet_thread *thread = &cgreenlet_this_thread;
    if (thread->started) return thread;
    pthread_once(&exit_key_once, make_exit_key);
    pthread_setspecific(exit_key, thread);
    if (thread->number == 0) thread->number = atomic_fetch_add(&thread_count, 1) + 1;
    thread->main = (cgreenlet_context){.thread = thread};
    thread->current = &thread->main;
    cgreenlet_runtime_attach(thread);
    thread->careful = cgreenlet_sanitizer_present() || !cgreenlet_knows_word(CGREENLET_WORD_EXCLUSIVITY);
    cgreenlet_sanitizer_thread(thread);
    thread->started = true;
    return thread;
}
