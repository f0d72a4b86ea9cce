// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How many stacks a thread has, and how much memory lies in them.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "stack.h"

#include <unistd.h>

cgreenlet_stack_counts cgreenlet_count_stacks(void) {
    cgreenlet_stack_pool *pool = cgreenlet_thread_current()->pool;
    if (!pool) return (cgreenlet_stack_counts){0, 0};
    size_t leaving = pool->leaving != NULL;
    return (cgreenlet_stack_counts){
        .live = cgreenlet_live(pool),
        .pooled = pool->hot_count + pool->cold_count + leaving + (size_t)__builtin_popcountll(pool->sharing.vacant),
    };
}

static void weigh(const cgreenlet_stack_pool *pool, const cgreenlet_context *context, cgreenlet_stack_bytes *bytes) {
    bytes->committed += cgreenlet_resident(context->stack_low, context->stack_size, pool->page, NULL);
}

cgreenlet_stack_bytes cgreenlet_weigh_stacks(void) {
    cgreenlet_stack_bytes bytes = {0, 0};
    cgreenlet_stack_pool *pool = cgreenlet_thread_current()->pool;
    if (!pool) return bytes;
    bytes.committed = pool->sharing.saved;
    for (cgreenlet_arena *each = pool->arenas; each; each = each->next) {
        bytes.reserved += each->slots * pool->slot;
        for (size_t i = 0; i < each->used; i++) weigh(pool, &each->contexts[i], &bytes);
    }
    for (cgreenlet_context *each = pool->singles; each; each = each->next) {
        bytes.reserved += each->stack_size + pool->guard;
        weigh(pool, each, &bytes);
    }
    return bytes;
}

size_t cgreenlet_resident_bytes(const cgreenlet_context *context) {
    if (context->kind == CGREENLET_KIND_OWN) return 0;
    return cgreenlet_resident(context->stack_low, context->stack_size, (size_t)sysconf(_SC_PAGESIZE), NULL);
}

size_t cgreenlet_high_water(const cgreenlet_context *context) {
    if (context->kind == CGREENLET_KIND_OWN) return 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    // Under a sanitizer the lowest page holds the first frame's entry (context.c), whatever the greenlet did.
    size_t skipped = context->thread->careful ? page : 0;
    size_t size = context->stack_size - skipped, lowest;
    cgreenlet_resident(context->stack_low + skipped, size, page, &lowest);
    return size - lowest;
}
