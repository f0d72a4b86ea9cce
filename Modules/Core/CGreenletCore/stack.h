// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the rest of this target needs to know of the stack pool.

#ifndef CGREENLET_STACK_PRIVATE_H
#define CGREENLET_STACK_PRIVATE_H

#include "include/cgreenlet_context.h"
#include "shared.h"

#include <pthread.h>

#pragma clang assume_nonnull begin

/// What `kind` of a context says.
enum {
    CGREENLET_KIND_OWN = 0,     ///< the thread's own stack
    CGREENLET_KIND_POOLED = 1,  ///< a slot of an arena
    CGREENLET_KIND_SINGLE = 2,  ///< a mapping of its own, for a larger size than the default
    CGREENLET_KIND_BERTH = 3,   ///< a slot of an arena that several take turns on; `next` says who is there
    CGREENLET_KIND_SHARED = 4,  ///< one of those: a lodger
};

/// A reserved range of address space: the contexts, and then the slots that belong to them.
///
/// A slot is a guard and, above it, a stack. Tools/gdb/greenlets.py reads this, and the pool, by name.
typedef struct cgreenlet_arena {
    struct cgreenlet_arena *_Nullable next;
    char *base;      ///< of the slots
    size_t slots;
    size_t used;     ///< slots that were ever handed out; the rest is untouched, but for guards
    size_t guarded;  ///< slots that have their guard
    size_t live;     ///< stacks in use, and one more if the arena is kept
    cgreenlet_context *_Nullable cold;  ///< free and without memory
    uint32_t cold_count;
    bool kept;       ///< not unmapped when none of its stacks is in use, unless somebody asks for it
    cgreenlet_context contexts[];  ///< from a cache line's beginning
} cgreenlet_arena;

_Static_assert(offsetof(cgreenlet_arena, contexts) == 64, "contexts begin at cache lines");

/// The stacks of one thread.
typedef struct cgreenlet_stack_pool {
    cgreenlet_context *_Nullable hot;      ///< last in, first out: the warmest stack first
    cgreenlet_context *_Nullable leaving;  ///< just released and maybe still stood on; neither cooled nor unmapped yet
    size_t hot_count;
    size_t cold_count;    ///< of all arenas
    size_t live_singles;
    size_t kept_slots;    ///< of all arenas that are kept
    size_t page;
    size_t guard;  ///< bytes below each stack that fault
    size_t slot;   ///< bytes of a slot, guard and all
    cgreenlet_arena *_Nullable arenas;     ///< the newest first, the only one with slots that were never handed out
    cgreenlet_arena *_Nullable warming;    ///< where the last cold stack was taken
    cgreenlet_arena *_Nullable idle;       ///< the one that stays though it is not kept and was seen without use
    cgreenlet_context *_Nullable singles;  ///< all with a mapping of their own
    cgreenlet_thread *thread;
    struct cgreenlet_stack_pool *_Nullable next;  ///< in cgreenlet_pools
    size_t left;            ///< once the thread has ended: its stacks that are still in use
    cgreenlet_thread heir;  ///< stands for the thread when stacks outlive it: no thread's record has its address
    cgreenlet_sharing sharing;
} cgreenlet_stack_pool;

/// Free stacks that may keep their memory, and slots of arenas that are kept.
enum { CGREENLET_HOT_LIMIT = 1024 };

/// Stacks that the kernel is told of by one call, where it listens.
enum { CGREENLET_BATCH = 32 };

/// Every pool of the process, for debuggers; guarded by the lock, which also orders the end of threads with the end of
/// stacks that outlived theirs.
extern cgreenlet_stack_pool *_Nullable cgreenlet_pools;
extern pthread_mutex_t cgreenlet_pools_lock;

/// Where the frames of a greenlet on that stack begin.
///
/// Stacks of one size begin at equal addresses modulo the cache's way size, so that thousands of them would fight for the
/// same few cache lines. Up to 15 lines of difference spread them and stay within one page's budget.
static inline uintptr_t cgreenlet_top(const cgreenlet_context *context) {
    uintptr_t colour = ((uintptr_t)context->stack_low / 4096 % 16) * 64;
    return ((uintptr_t)context->stack_low + context->stack_size - colour) & ~(uintptr_t)15;
}

/// The thread's pool, made on first use; NULL with errno ENOMEM.
cgreenlet_stack_pool *_Nullable cgreenlet_pool_of(cgreenlet_thread *thread);

/// Unmaps every stack of the thread that nobody's frames are on any more. Those that are in use stay mapped and belong
/// to no thread from now on, until cgreenlet_abandon, or until the thread takes them back.
void cgreenlet_pool_destroy(cgreenlet_thread *thread);

/// Makes the pool of stacks that outlived this very thread its own again, if some of them are still in use: it was taken
/// down, and came back, as other destructors of thread-specific data may do.
void cgreenlet_pool_take_back(cgreenlet_thread *thread);

/// Reserves `size` bytes that are committed page by page; NULL with errno if there is no room.
char *_Nullable cgreenlet_map_stacks(size_t size);

/// Makes `size` bytes from `low` fault. False with errno ENOMEM if that takes more mappings than there may be.
bool cgreenlet_install_guard(char *low, size_t size);

/// The same at `low` and every `stride` bytes further, up to `count` times and at most CGREENLET_BATCH. Returns how
/// many there are now; 0 with errno ENOMEM.
size_t cgreenlet_install_guards(char *low, size_t stride, size_t size, size_t count);

/// Gives the memory of up to CGREENLET_BATCH free stacks back.
void cgreenlet_drop_pages(cgreenlet_context *const _Nonnull contexts[_Nonnull], size_t count);

/// Bytes of [low, low + size) that are in memory now; `lowest` becomes the offset of the first of them, or `size`.
size_t cgreenlet_resident(char *low, size_t size, size_t page, size_t *_Nullable lowest);

/// Takes a free slot without memory, the first of the oldest arena that has one, or one that nobody had. NULL with
/// errno ENOMEM.
cgreenlet_context *_Nullable cgreenlet_take_cold(cgreenlet_stack_pool *pool);

/// Takes the memory of the free stacks that were released last: of `count`, or all that keep theirs.
void cgreenlet_cool(cgreenlet_stack_pool *pool, size_t count);

/// Puts a free stack of an arena where the next one is taken.
static inline void cgreenlet_make_hot(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    context->next = pool->hot;
    pool->hot = context;
    pool->hot_count++;
}

/// Finds a place for the stack that was released last: nobody stands on it. Returns the bytes of memory that it gave.
size_t cgreenlet_give_leaving(cgreenlet_stack_pool *pool);

/// None of the stacks of `context`'s arena is in use, and it is not kept: it goes, or another that is idle too.
void cgreenlet_arena_is_idle(cgreenlet_stack_pool *pool, const cgreenlet_context *context);

/// Unmaps all arenas that have no stack in use, and returns the bytes of memory that their contexts took. Once the free
/// stacks are cool.
size_t cgreenlet_unmap_idle_arenas(cgreenlet_stack_pool *pool);

/// Unmaps an arena that has no stack in use, whatever is on its stacks.
void cgreenlet_unmap_arena(cgreenlet_stack_pool *pool, cgreenlet_arena *arena);

/// Stacks in use of an arena, and of the whole pool; berths don't count, but those that share them.
static inline size_t cgreenlet_live_in(const cgreenlet_arena *arena) { return arena->live - arena->kept; }
size_t cgreenlet_live(const cgreenlet_stack_pool *pool);

/// Unmaps a stack with a mapping of its own.
void cgreenlet_unmap_single(cgreenlet_stack_pool *pool, cgreenlet_context *context);

#pragma clang assume_nonnull end

#endif
