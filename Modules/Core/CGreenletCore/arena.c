// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Arenas: where slots for stacks come from, where those without memory wait, and when their addresses are given back.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "sanitizer.h"
#include "stack.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum {
    FIRST_ARENA_SLOTS = 64,      ///< 16 MiB of addresses
    LARGEST_ARENA_SLOTS = 2048,  ///< 520 MiB of addresses: 500 mappings for a million stacks
};

/// Bytes of an arena before its first slot: touched page by page, as the slots are.
static size_t head_bytes(const cgreenlet_stack_pool *pool, size_t slots) {
    size_t bytes = sizeof(cgreenlet_arena) + slots * sizeof(cgreenlet_context);
    return (bytes + pool->page - 1) / pool->page * pool->page;
}

static cgreenlet_arena *map_arena(const cgreenlet_stack_pool *pool, size_t slots) {
    size_t head = head_bytes(pool, slots);
    char *low = cgreenlet_map_stacks(head + slots * pool->slot);
    if (!low) {
        errno = ENOMEM;
        return NULL;
    }
    cgreenlet_arena *fresh = (cgreenlet_arena *)low;
    fresh->base = low + head;
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
    fresh->kept = pool->kept_slots + slots <= CGREENLET_HOT_LIMIT;
    fresh->live = fresh->kept;
    if (fresh->kept) pool->kept_slots += slots;
    fresh->next = pool->arenas;
    atomic_signal_fence(memory_order_release);  // the handler of overflow.c walks the list
    pool->arenas = fresh;
    return fresh;
}

static void unlist(cgreenlet_stack_pool *pool, const cgreenlet_arena *arena) {
    cgreenlet_arena **link = &pool->arenas;
    while (*link != arena) link = &(*link)->next;
    *link = arena->next;
    if (pool->warming == arena) pool->warming = NULL;
    if (pool->idle == arena) pool->idle = NULL;
    pool->cold_count -= arena->cold_count;
    if (arena->kept) pool->kept_slots -= arena->slots;
}

static void forget_hot(cgreenlet_stack_pool *pool, const cgreenlet_arena *arena) {
    cgreenlet_context **link = &pool->hot;
    while (*link) {
        if ((*link)->tally != &arena->live) {
            link = &(*link)->next;
            continue;
        }
        *link = (*link)->next;
        pool->hot_count--;
    }
}

void cgreenlet_unmap_arena(cgreenlet_stack_pool *pool, cgreenlet_arena *arena) {
    forget_hot(pool, arena);
    unlist(pool, arena);
    for (size_t i = 0; i < arena->used; i++) cgreenlet_sanitizer_unmap(&arena->contexts[i]);
    size_t bytes = head_bytes(pool, arena->slots) + arena->slots * pool->slot;
    // At vm.max_map_count the kernel can't cut it out between its neighbours: then only addresses are lost.
    if (munmap(arena, bytes) != 0) madvise(arena, bytes, MADV_DONTNEED);
}

static cgreenlet_arena *arena_of(const cgreenlet_context *context) {
    return (cgreenlet_arena *)((char *)context->tally - offsetof(cgreenlet_arena, live));
}

// One may stay, so that a stack more or less does not map and unmap. The smaller one, if there are two.
void cgreenlet_arena_is_idle(cgreenlet_stack_pool *pool, const cgreenlet_context *context) {
    cgreenlet_arena *arena = arena_of(context), *other = pool->idle;
    if (other == arena) return;
    if (!other || other->live > 0 || other->slots >= arena->slots) pool->idle = arena;
    if (!other || other->live > 0) return;
    cgreenlet_unmap_arena(pool, pool->idle == arena ? other : arena);
}

size_t cgreenlet_live(const cgreenlet_stack_pool *pool) {
    const cgreenlet_sharing *sharing = &pool->sharing;
    size_t live = pool->live_singles + sharing->live - sharing->count - (sharing->packer != NULL);
    for (const cgreenlet_arena *each = pool->arenas; each; each = each->next) live += cgreenlet_live_in(each);
    return live;
}

// Guards in advance, but no more than there are stacks: they cost page tables.
static bool has_guard(const cgreenlet_stack_pool *pool, cgreenlet_arena *arena) {
    if (arena->used < arena->guarded) return true;
    size_t rest = arena->slots - arena->used, wanted = arena->used + 1;
    char *low = arena->base + arena->used * pool->slot;
    arena->guarded += cgreenlet_install_guards(low, pool->slot, pool->guard, wanted < rest ? wanted : rest);
    return arena->used < arena->guarded;
}

static cgreenlet_context *take_fresh(cgreenlet_stack_pool *pool) {
    cgreenlet_arena *newest = pool->arenas;
    if (!newest || newest->used == newest->slots) newest = add_arena(pool);
    if (!newest || !has_guard(pool, newest)) return NULL;
    cgreenlet_context *context = &newest->contexts[newest->used];
    context->thread = pool->thread;
    context->stack_low = newest->base + newest->used * pool->slot + pool->guard;
    context->stack_size = pool->slot - pool->guard;
    context->kind = CGREENLET_KIND_POOLED;
    context->tally = &newest->live;
    cgreenlet_sanitizer_map(context);
    newest->used++;
    return context;
}

// The oldest first: the newer ones may be free one day.
static cgreenlet_arena *oldest_with_cold(const cgreenlet_stack_pool *pool) {
    cgreenlet_arena *oldest = NULL;
    for (cgreenlet_arena *each = pool->arenas; each; each = each->next) {
        if (each->cold) oldest = each;
    }
    return oldest;
}

cgreenlet_context *cgreenlet_take_cold(cgreenlet_stack_pool *pool) {
    if (pool->cold_count == 0) return take_fresh(pool);
    if (!pool->warming || !pool->warming->cold) pool->warming = oldest_with_cold(pool);
    cgreenlet_context *context = pool->warming->cold;
    pool->warming->cold = context->next;
    pool->warming->cold_count--;
    pool->cold_count--;
    return context;
}

static size_t cool_some(cgreenlet_stack_pool *pool, size_t count) {
    cgreenlet_context *cooled[CGREENLET_BATCH];
    size_t found = 0;
    for (; found < count && found < CGREENLET_BATCH && pool->hot; found++) {
        cgreenlet_context *context = pool->hot;
        pool->hot = context->next;
        cgreenlet_arena *arena = arena_of(context);
        context->next = arena->cold;
        arena->cold = context;
        arena->cold_count++;
        cooled[found] = context;
    }
    pool->hot_count -= found;
    pool->cold_count += found;
    cgreenlet_drop_pages(cooled, found);
    return found;
}

void cgreenlet_cool(cgreenlet_stack_pool *pool, size_t count) {
    while (count > 0 && pool->hot) count -= cool_some(pool, count);
}

size_t cgreenlet_unmap_idle_arenas(cgreenlet_stack_pool *pool) {
    size_t given = 0;
    for (cgreenlet_arena *each = pool->arenas, *next; each; each = next) {
        next = each->next;
        if (cgreenlet_live_in(each) > 0) continue;
        given += cgreenlet_resident((char *)each, head_bytes(pool, each->slots), pool->page, NULL);
        cgreenlet_unmap_arena(pool, each);
    }
    return given;
}
