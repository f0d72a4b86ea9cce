// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Stacks: slots of a reserved arena, hot ones reused first, cold ones' memory given back.

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

enum {
    FIRST_ARENA_SLOTS = 64,      ///< 16 MiB of addresses
    LARGEST_ARENA_SLOTS = 8192,  ///< 2 GiB of addresses
    HOT_LIMIT = 1024,            ///< free stacks that may keep their memory
};

cgreenlet_stack_pool *cgreenlet_pools;
pthread_mutex_t cgreenlet_pools_lock = PTHREAD_MUTEX_INITIALIZER;

static cgreenlet_arena *map_arena(const cgreenlet_stack_pool *pool, size_t slots) {
    // The contexts get a mapping too: touched page by page, as the slots are.
    size_t bytes = cgreenlet_arena_bytes(slots);
    cgreenlet_arena *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) return NULL;
    char *base = cgreenlet_map_stacks(slots * pool->slot);
    if (!base) {
        munmap(fresh, bytes);
        errno = ENOMEM;
        return NULL;
    }
    fresh->base = base;
    fresh->slots = slots;
    return fresh;
}

// Each arena has twice the slots of the one before; less when there is no room for that many.
static cgreenlet_arena *add_arena(cgreenlet_stack_pool *pool) {
    size_t slots = pool->arenas ? pool->arenas->slots * 2 : FIRST_ARENA_SLOTS;
    if (slots > LARGEST_ARENA_SLOTS) slots = LARGEST_ARENA_SLOTS;
    cgreenlet_arena *fresh = map_arena(pool, slots);
    while (!fresh && slots > FIRST_ARENA_SLOTS) fresh = map_arena(pool, slots /= 2);
    if (!fresh) return NULL;
    fresh->next = pool->arenas;
    atomic_signal_fence(memory_order_release);  // the handler of overflow.c walks the list
    pool->arenas = fresh;
    return fresh;
}

static cgreenlet_context *take_fresh_slot(cgreenlet_thread *thread, cgreenlet_stack_pool *pool) {
    cgreenlet_arena *newest = pool->arenas;
    if (!newest || newest->used == newest->slots) newest = add_arena(pool);
    if (!newest) return NULL;
    char *low = newest->base + newest->used * pool->slot;
    if (!cgreenlet_install_guard(low, pool->guard)) return NULL;
    cgreenlet_context *context = &newest->contexts[newest->used++];
    context->thread = thread;
    context->stack_low = low + pool->guard;
    context->stack_size = pool->slot - pool->guard;
    context->kind = CGREENLET_KIND_POOLED;
    cgreenlet_sanitizer_map(context);
    return context;
}

static cgreenlet_context *map_single(cgreenlet_thread *thread, cgreenlet_stack_pool *pool, size_t size) {
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
        .thread = thread,
        .stack_low = low + pool->guard,
        .stack_size = size,
        .kind = CGREENLET_KIND_SINGLE,
        .next_single = pool->singles,
    };
    if (pool->singles) pool->singles->previous_single = context;
    atomic_signal_fence(memory_order_release);  // as in add_arena
    pool->singles = context;
    cgreenlet_sanitizer_map(context);
    return context;
}

void cgreenlet_unmap_single(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    cgreenlet_context *next = context->next_single, *previous = context->previous_single;
    if (next) next->previous_single = previous;
    *(previous ? &previous->next_single : &pool->singles) = next;
    cgreenlet_sanitizer_unmap(context);
    munmap(context->stack_low - pool->guard, context->stack_size + pool->guard);
    free(context);
}

static void push(cgreenlet_context **list, size_t *count, cgreenlet_context *context) {
    context->next_free = *list;
    *list = context;
    *count += 1;
}

static cgreenlet_context *pop(cgreenlet_context **list, size_t *count) {
    cgreenlet_context *context = *list;
    if (!context) return NULL;
    *list = context->next_free;
    *count -= 1;
    return context;
}

// Nobody stands on `leaving` any more once another stack is released or wanted: find its final place.
static void settle(cgreenlet_stack_pool *pool) {
    cgreenlet_context *context = pool->leaving;
    if (!context) return;
    pool->leaving = NULL;
    if (context->kind == CGREENLET_KIND_SINGLE) {
        cgreenlet_unmap_single(pool, context);
        return;
    }
    if (pool->hot_count < HOT_LIMIT) {
        push(&pool->hot, &pool->hot_count, context);
        return;
    }
    madvise(context->stack_low, context->stack_size, MADV_DONTNEED);
    push(&pool->cold, &pool->cold_count, context);
}

static cgreenlet_stack_pool *pool_of(cgreenlet_thread *thread) {
    if (thread->pool) return thread->pool;
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
    cgreenlet_overflow_watch(thread);
    thread->pool = pool;
    return pool;
}

static cgreenlet_context *take_pooled(cgreenlet_thread *thread, cgreenlet_stack_pool *pool) {
    cgreenlet_context *context = pool->leaving;
    // The caller may be standing on it; cgreenlet_release's contract makes that harmless, though not to a sanitizer.
    if (context && context->kind == CGREENLET_KIND_POOLED && !thread->careful) {
        pool->leaving = NULL;
        return context;
    }
    context = pop(&pool->hot, &pool->hot_count);
    if (!context) context = pop(&pool->cold, &pool->cold_count);
    if (!context) context = take_fresh_slot(thread, pool);
    return context;
}

cgreenlet_context *cgreenlet_acquire(size_t size) {
    cgreenlet_thread *thread = cgreenlet_thread_current();
    cgreenlet_stack_pool *pool = pool_of(thread);
    if (!pool) return NULL;
    bool pooled = size <= pool->slot - pool->guard;
    cgreenlet_context *context = pooled ? take_pooled(thread, pool) : map_single(thread, pool, size);
    if (!context) return NULL;
    pool->live++;
    if (__builtin_expect(thread->careful, 0)) cgreenlet_sanitizer_acquire(context);
    return context;
}

void cgreenlet_release(cgreenlet_context *context) {
    cgreenlet_stack_pool *pool = context->thread->pool;
    settle(pool);
    if (context->handle) cgreenlet_handle_ended(context);
    context->owner = NULL;
    context->scheduled = NULL;
    pool->leaving = context;
    pool->live--;
}
