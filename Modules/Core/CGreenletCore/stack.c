// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Stacks: taken and given back, hot ones reused first; those that are larger than the pool's.

#define _GNU_SOURCE
#include "stack.h"
#include "handle.h"
#include "include/CGreenletCore.h"
#include "overflow.h"
#include "sanitizer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

cgreenlet_stack_pool *cgreenlet_pools;
pthread_mutex_t cgreenlet_pools_lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) static cgreenlet_context *map_single(cgreenlet_stack_pool *pool, size_t size) {
    if (size > SIZE_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    size = (size + pool->page - 1) / pool->page * pool->page;
    cgreenlet_context *context = aligned_alloc(64, sizeof *context);
    char *low = context ? cgreenlet_map_stacks(size + pool->guard) : NULL;
    if (!low || !cgreenlet_install_guard(low, pool->guard)) {
        if (low) munmap(low, size + pool->guard);
        free(context);
        errno = ENOMEM;
        return NULL;
    }
    *context = (cgreenlet_context){
        .thread = pool->thread,
        .stack_low = low + pool->guard,
        .stack_size = size,
        .kind = CGREENLET_KIND_SINGLE,
        .next = pool->singles,
        .tally = &pool->live_singles,
    };
    if (pool->singles) pool->singles->previous = context;
    atomic_signal_fence(memory_order_release);  // the handler of overflow.c walks the list
    pool->singles = context;
    cgreenlet_sanitizer_map(context);
    return context;
}

void cgreenlet_unmap_single(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    cgreenlet_context *next = context->next, *previous = context->previous;
    if (next) next->previous = previous;
    *(previous ? &previous->next : &pool->singles) = next;
    cgreenlet_sanitizer_unmap(context);
    munmap(context->stack_low - pool->guard, context->stack_size + pool->guard);
    free(context);
}

// Those that are no slot of an arena.
__attribute__((noinline)) static void settle_odd(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    if (context->kind == CGREENLET_KIND_SINGLE) {
        cgreenlet_unmap_single(pool, context);
        return;
    }
    cgreenlet_settle_lodger(pool, context);
    cgreenlet_drop_lodges(pool, false);
}

// Apart from `settle`: inlined it would cost those that don't need it registers.
__attribute__((noinline)) static void settle_rarely(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    if (context->kind != CGREENLET_KIND_POOLED) {
        settle_odd(pool, context);
        return;
    }
    cgreenlet_make_hot(pool, context);
    // Before anything is cooled: what lies in an arena that goes need not be.
    if (*context->tally == 0) cgreenlet_arena_is_idle(pool, context);
    if (pool->hot_count >= CGREENLET_HOT_LIMIT) cgreenlet_cool(pool, CGREENLET_BATCH);
}

// Nobody stands on `context` any more once another stack is released: find its final place.
static inline void settle(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    bool is_rare = *context->tally == 0 || pool->hot_count >= CGREENLET_HOT_LIMIT - 1;
    if (__builtin_expect(is_rare || context->kind != CGREENLET_KIND_POOLED, 0)) {
        settle_rarely(pool, context);
    } else {
        cgreenlet_make_hot(pool, context);
    }
}

static cgreenlet_stack_pool *make_fresh_pool(cgreenlet_thread *thread) {
    cgreenlet_stack_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->page = (size_t)sysconf(_SC_PAGESIZE);
    pool->guard = CGREENLET_GUARD_SIZE > pool->page ? CGREENLET_GUARD_SIZE : pool->page;
    // An odd number of pages: with a power of two the tops of all stacks would fall into the same few sets of the TLB.
    pool->slot = CGREENLET_DEFAULT_STACK_SIZE + pool->page;
    pool->thread = thread;
    pthread_mutex_lock(&cgreenlet_pools_lock);
    pool->next = cgreenlet_pools;
    cgreenlet_pools = pool;
    pthread_mutex_unlock(&cgreenlet_pools_lock);
    thread->pool = pool;
    return pool;
}

__attribute__((noinline)) static cgreenlet_stack_pool *make_pool(cgreenlet_thread *thread) {
    if (thread->has_left_stacks) cgreenlet_pool_take_back(thread);
    if (!thread->pool && !make_fresh_pool(thread)) return NULL;
    cgreenlet_overflow_watch(thread);
    return thread->pool;
}

cgreenlet_stack_pool *cgreenlet_pool_of(cgreenlet_thread *thread) {
    return thread->pool ? thread->pool : make_pool(thread);
}

static inline cgreenlet_context *take_pooled(cgreenlet_thread *thread, cgreenlet_stack_pool *pool) {
    cgreenlet_context *context = pool->leaving;
    // The caller may be standing on it; cgreenlet_release's contract makes that harmless, though not to a sanitizer.
    if (context && context->kind == CGREENLET_KIND_POOLED && !thread->careful) {
        pool->leaving = NULL;
        return context;
    }
    context = pool->hot;
    if (!context) return cgreenlet_take_cold(pool);
    pool->hot = context->next;
    pool->hot_count--;
    return context;
}

cgreenlet_context *cgreenlet_acquire(size_t size) {
    cgreenlet_thread *thread = cgreenlet_thread_current();
    cgreenlet_stack_pool *pool = thread->pool;
    if (__builtin_expect(!pool, 0)) pool = make_pool(thread);
    if (!pool) return NULL;
    bool is_pooled = size <= pool->slot - pool->guard;
    cgreenlet_context *context = is_pooled ? take_pooled(thread, pool) : map_single(pool, size);
    if (!context) return NULL;
    ++*context->tally;
    if (__builtin_expect(thread->careful, 0)) cgreenlet_sanitizer_acquire(context);
    return context;
}

void cgreenlet_release(cgreenlet_context *context) {
    cgreenlet_stack_pool *pool = context->thread->pool;
    // While `context` still counts: its arena may go otherwise, and the caller may be standing on it.
    if (pool->leaving) settle(pool, pool->leaving);
    --*context->tally;
    context->abandoned = false;  // somebody ran it to its end all the same
    pool->leaving = context;
    if (context->handle) cgreenlet_handle_ended(context);
    context->owner = NULL;
    context->scheduled = NULL;
}
