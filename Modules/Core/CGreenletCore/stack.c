// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Stacks: slots of a reserved arena, hot ones reused first, cold ones' memory given back.

#define _GNU_SOURCE
#include "stack.h"
#include "handle.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102  // Linux 6.13: pages that fault, without a mapping of their own
#endif
#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif

enum {
    KIND_OWN = 0,     ///< the thread's own stack
    KIND_POOLED = 1,  ///< a slot of an arena
    KIND_SINGLE = 2,  ///< a mapping of its own, for another size than the default
};

enum {
    FIRST_ARENA_SLOTS = 64,      ///< 16 MiB of addresses
    LARGEST_ARENA_SLOTS = 8192,  ///< 2 GiB of addresses
    HOT_LIMIT = 1024,            ///< free stacks that may keep their memory
};

/// A reserved range of address space cut into slots, and the contexts that belong to them.
typedef struct arena {
    struct arena *next;
    char *base;
    size_t slots;
    size_t used;  ///< slots that were ever handed out; the rest is untouched
    char padding[64 - sizeof(void *) - sizeof(char *) - 2 * sizeof(size_t)];
    cgreenlet_context contexts[];  ///< from a cache line's beginning
} arena;

typedef struct cgreenlet_stack_pool {
    cgreenlet_context *hot;   ///< last in, first out: the warmest stack first
    cgreenlet_context *cold;  ///< free and without memory
    cgreenlet_context *leaving;  ///< just released and maybe still stood on; neither cooled nor unmapped yet
    size_t hot_count;
    size_t cold_count;
    size_t live;
    size_t page;
    size_t guard;  ///< bytes below each stack that fault
    size_t slot;   ///< bytes of a slot, guard and all
    arena *arenas;
} cgreenlet_stack_pool;

/// Stands for the thread of stacks that outlived theirs: no thread's record has its address.
static cgreenlet_thread ended_thread;

static size_t arena_bytes(size_t slots) { return sizeof(arena) + slots * sizeof(cgreenlet_context); }

static void *reserve(size_t size) {
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return NULL;
#if defined(MADV_NOHUGEPAGE)
    madvise(base, size, MADV_NOHUGEPAGE);  // a huge page would commit 2 MiB for a stack that needs 4 KiB
#endif
    return base;
}

static bool install_guard(const cgreenlet_stack_pool *pool, char *low) {
    if (madvise(low, pool->guard, MADV_GUARD_INSTALL) == 0) return true;
    return mprotect(low, pool->guard, PROT_NONE) == 0;
}

static arena *add_arena(cgreenlet_stack_pool *pool) {
    size_t slots = pool->arenas ? pool->arenas->slots * 2 : FIRST_ARENA_SLOTS;
    if (slots > LARGEST_ARENA_SLOTS) slots = LARGEST_ARENA_SLOTS;
    // The contexts get a mapping too: touched page by page, as the slots are.
    arena *fresh = mmap(NULL, arena_bytes(slots), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) return NULL;
    fresh->base = reserve(slots * pool->slot);
    if (!fresh->base) {
        munmap(fresh, arena_bytes(slots));
        return NULL;
    }
    fresh->slots = slots;
    fresh->next = pool->arenas;
    pool->arenas = fresh;
    return fresh;
}

static cgreenlet_context *take_fresh_slot(cgreenlet_thread *thread, cgreenlet_stack_pool *pool) {
    arena *newest = pool->arenas;
    if (!newest || newest->used == newest->slots) newest = add_arena(pool);
    if (!newest) return NULL;
    char *low = newest->base + newest->used * pool->slot;
    if (!install_guard(pool, low)) {
        errno = ENOMEM;  // vm.max_map_count, where the guard needs a mapping of its own
        return NULL;
    }
    cgreenlet_context *context = &newest->contexts[newest->used++];
    context->thread = thread;
    context->stack_low = low + pool->guard;
    context->stack_size = pool->slot - pool->guard;
    context->kind = KIND_POOLED;
    cgreenlet_sanitizer_map(context);
    return context;
}

static cgreenlet_context *map_single(cgreenlet_thread *thread, const cgreenlet_stack_pool *pool, size_t size) {
    if (size > SIZE_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    size = (size + pool->page - 1) / pool->page * pool->page;
    cgreenlet_context *context = aligned_alloc(64, sizeof *context);
    char *low = context ? reserve(size + pool->guard) : NULL;
    if (!low || !install_guard(pool, low)) {
        if (low) munmap(low, size + pool->guard);
        free(context);
        errno = ENOMEM;
        return NULL;
    }
    *context = (cgreenlet_context){
        .thread = thread,
        .stack_low = low + pool->guard,
        .stack_size = size,
        .kind = KIND_SINGLE,
    };
    cgreenlet_sanitizer_map(context);
    return context;
}

static void unmap_single(cgreenlet_context *context) {
    cgreenlet_sanitizer_unmap(context);
    size_t guard = context->thread->pool->guard;
    munmap(context->stack_low - guard, context->stack_size + guard);
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
    if (context->kind == KIND_SINGLE) {
        unmap_single(context);
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
    thread->pool = pool;
    return pool;
}

static cgreenlet_context *take_pooled(cgreenlet_thread *thread, cgreenlet_stack_pool *pool) {
    cgreenlet_context *context = pool->leaving;
    // The caller may be standing on it; cgreenlet_release's contract makes that harmless, though not to a sanitizer.
    if (context && context->kind == KIND_POOLED && !thread->careful) {
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

cgreenlet_stack_counts cgreenlet_count_stacks(void) {
    cgreenlet_stack_pool *pool = cgreenlet_thread_current()->pool;
    if (!pool) return (cgreenlet_stack_counts){0, 0};
    size_t leaving = pool->leaving != NULL;
    return (cgreenlet_stack_counts){.live = pool->live, .pooled = pool->hot_count + pool->cold_count + leaving};
}

size_t cgreenlet_resident_bytes(const cgreenlet_context *context) {
    if (context->kind == KIND_OWN) return 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = context->stack_size / page;
    unsigned char resident[64];
    size_t total = 0;
    for (size_t first = 0; first < pages; first += sizeof resident) {
        size_t count = pages - first < sizeof resident ? pages - first : sizeof resident;
        if (mincore(context->stack_low + first * page, count * page, (void *)resident) != 0) return 0;
        for (size_t i = 0; i < count; i++) total += resident[i] & 1 ? page : 0;
    }
    return total;
}

void cgreenlet_pool_destroy(cgreenlet_thread *thread) {
    cgreenlet_stack_pool *pool = thread->pool;
    if (!pool) return;
    if (pool->live > 0) {
        // Somebody's frames are still there. Another thread may get this one's address, but not its stacks.
        for (arena *each = pool->arenas; each; each = each->next) {
            for (size_t i = 0; i < each->used; i++) each->contexts[i].thread = &ended_thread;
        }
        thread->pool = NULL;
        return;
    }
    settle(pool);
    while (pool->arenas) {
        arena *gone = pool->arenas;
        pool->arenas = gone->next;
        for (size_t i = 0; i < gone->used; i++) cgreenlet_sanitizer_unmap(&gone->contexts[i]);
        munmap(gone->base, gone->slots * pool->slot);
        munmap(gone, arena_bytes(gone->slots));
    }
    free(pool);
    thread->pool = NULL;
}
