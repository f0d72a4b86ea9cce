// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A pool of stacks when its thread ends, and what becomes of the stacks that outlive it.

#define _GNU_SOURCE
#include "handle.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"
#include "stack.h"

#include <stdlib.h>
#include <sys/mman.h>

static void unlist(cgreenlet_stack_pool *pool) {
    cgreenlet_stack_pool **link = &cgreenlet_pools;
    while (*link != pool) link = &(*link)->next;
    *link = pool->next;
}

static void unmap_everything(cgreenlet_stack_pool *pool) {
    unlist(pool);
    pool->hot = NULL;
    pool->sharing.live = 0;
    if (pool->leaving && pool->leaving->kind == CGREENLET_KIND_SHARED) cgreenlet_drop_saved(pool, pool->leaving);
    cgreenlet_drop_lodges(pool, true);
    while (pool->singles) cgreenlet_unmap_single(pool, pool->singles);
    while (pool->arenas) cgreenlet_unmap_arena(pool, pool->arenas);
    free(pool);
}

// Nobody's frames are on it any more, or nobody will run them.
static void drop(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    if (context->kind == CGREENLET_KIND_SINGLE) {
        cgreenlet_unmap_single(pool, context);
    } else if (context->kind == CGREENLET_KIND_SHARED) {
        cgreenlet_settle_lodger(pool, context);
    } else {
        madvise(context->stack_low, context->stack_size, MADV_DONTNEED);
    }
}

static void drop_free(cgreenlet_stack_pool *pool) {
    cgreenlet_give_leaving(pool);
    cgreenlet_cool(pool, SIZE_MAX);
}

// One that was in use, and whose thread has ended.
static void drop_left(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    --*context->tally;
    pool->left--;
    context->abandoned = false;  // once is enough, if the thread takes its stacks back
    if (context->handle) cgreenlet_handle_ended(context);
    drop(pool, context);
}

// `visit` may unmap the one that it is shown.
static void visit_all(cgreenlet_stack_pool *pool, void (*visit)(cgreenlet_context *context, void *argument),
                      void *argument) {
    for (cgreenlet_arena *each = pool->arenas; each; each = each->next) {
        for (size_t i = 0; i < each->used; i++) visit(&each->contexts[i], argument);
    }
    for (cgreenlet_context *each = pool->singles, *next; each; each = next) {
        next = each->next;
        visit(each, argument);
    }
    cgreenlet_visit_lodgers(pool, visit, argument);
}

static void give_to_heir(cgreenlet_context *context, void *argument) {
    cgreenlet_stack_pool *pool = argument;
    context->thread = &pool->heir;
    if (context->abandoned) drop_left(pool, context);
}

// Gives the stacks that are still in use to the heir: another thread may get this one's address, but not its stacks.
static void hand_over(cgreenlet_stack_pool *pool) {
    pool->heir.number = pool->thread->number;
    pool->heir.pool = pool;
    pool->thread = &pool->heir;
    visit_all(pool, give_to_heir, pool);
    cgreenlet_unmap_idle_arenas(pool);
}

void cgreenlet_pool_destroy(cgreenlet_thread *thread) {
    cgreenlet_stack_pool *pool = thread->pool;
    if (!pool) return;
    pthread_mutex_lock(&cgreenlet_pools_lock);
    thread->pool = NULL;
    pool->left = cgreenlet_live(pool);
    if (pool->left > 0) {
        drop_free(pool);
        hand_over(pool);
    }
    thread->has_left_stacks = pool->left > 0;
    if (pool->left == 0) unmap_everything(pool);
    pthread_mutex_unlock(&cgreenlet_pools_lock);
}

static void give_to_thread(cgreenlet_context *context, void *argument) { context->thread = argument; }

void cgreenlet_pool_take_back(cgreenlet_thread *thread) {
    pthread_mutex_lock(&cgreenlet_pools_lock);
    cgreenlet_stack_pool *pool = cgreenlet_pools;
    while (pool && (pool->thread != &pool->heir || pool->heir.number != thread->number)) pool = pool->next;
    if (pool) {
        pool->thread = thread;
        visit_all(pool, give_to_thread, thread);
    }
    thread->pool = pool;
    thread->has_left_stacks = false;
    pthread_mutex_unlock(&cgreenlet_pools_lock);
}

void cgreenlet_abandon(cgreenlet_context *context) {
    pthread_mutex_lock(&cgreenlet_pools_lock);
    context->abandoned = true;
    cgreenlet_stack_pool *pool = context->thread->pool;
    // Before that the thread is about to end, and will see the mark.
    if (pool && context->thread == &pool->heir) {
        drop_left(pool, context);
        if (pool->left == 0) unmap_everything(pool);
    }
    pthread_mutex_unlock(&cgreenlet_pools_lock);
}

void cgreenlet_visit_stacks(void (*visit)(cgreenlet_context *context, void *argument), void *argument) {
    cgreenlet_stack_pool *pool = cgreenlet_thread_current()->pool;
    if (!pool) return;
    visit_all(pool, visit, argument);
}
