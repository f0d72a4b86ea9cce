// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the rest of this target needs to know of the stack pool.

#ifndef CGREENLET_STACK_PRIVATE_H
#define CGREENLET_STACK_PRIVATE_H

#include "include/cgreenlet_context.h"

#include <pthread.h>

#pragma clang assume_nonnull begin

/// What `kind` of a context says.
enum {
    CGREENLET_KIND_OWN = 0,     ///< the thread's own stack
    CGREENLET_KIND_POOLED = 1,  ///< a slot of an arena
    CGREENLET_KIND_SINGLE = 2,  ///< a mapping of its own, for a larger size than the default
};

/// A reserved range of address space cut into slots, and the contexts that belong to them.
///
/// A slot is a guard and, above it, a stack. Tools/gdb/greenlets.py reads this, and the pool, by name.
typedef struct cgreenlet_arena {
    struct cgreenlet_arena *_Nullable next;
    char *base;
    size_t slots;
    size_t used;  ///< slots that were ever handed out; the rest is untouched
    char padding[64 - sizeof(void *) - sizeof(char *) - 2 * sizeof(size_t)];
    cgreenlet_context contexts[];  ///< from a cache line's beginning
} cgreenlet_arena;

/// The stacks of one thread.
typedef struct cgreenlet_stack_pool {
    cgreenlet_context *_Nullable hot;      ///< last in, first out: the warmest stack first
    cgreenlet_context *_Nullable cold;     ///< free and without memory
    cgreenlet_context *_Nullable leaving;  ///< just released and maybe still stood on; neither cooled nor unmapped yet
    size_t hot_count;
    size_t cold_count;
    size_t live;
    size_t page;
    size_t guard;  ///< bytes below each stack that fault
    size_t slot;   ///< bytes of a slot, guard and all
    cgreenlet_arena *_Nullable arenas;
    cgreenlet_context *_Nullable singles;  ///< all with a mapping of their own, by next_single
    cgreenlet_thread *thread;
    struct cgreenlet_stack_pool *_Nullable next;  ///< in cgreenlet_pools
    cgreenlet_thread heir;  ///< stands for the thread when stacks outlive it: no thread's record has its address
} cgreenlet_stack_pool;

/// Every pool of the process, for debuggers; guarded by the lock, which also orders the end of threads with the end of
/// stacks that outlived theirs.
extern cgreenlet_stack_pool *_Nullable cgreenlet_pools;
extern pthread_mutex_t cgreenlet_pools_lock;

/// Unmaps every stack of the thread that nobody's frames are on any more. Those that are in use stay mapped and belong
/// to no thread from now on, until cgreenlet_abandon.
void cgreenlet_pool_destroy(cgreenlet_thread *thread);

/// Reserves `size` bytes that are committed page by page; NULL with errno if there is no room.
char *_Nullable cgreenlet_map_stacks(size_t size);

/// Makes `size` bytes from `low` fault. False with errno ENOMEM if that takes more mappings than there may be.
bool cgreenlet_install_guard(char *low, size_t size);

/// Bytes of [low, low + size) that are in memory now; `lowest` becomes the offset of the first of them, or `size`.
size_t cgreenlet_resident(char *low, size_t size, size_t page, size_t *_Nullable lowest);

/// The mapping of bytes of an arena's contexts.
static inline size_t cgreenlet_arena_bytes(size_t slots) {
    return sizeof(cgreenlet_arena) + slots * sizeof(cgreenlet_context);
}

/// Unmaps a stack with a mapping of its own.
void cgreenlet_unmap_single(cgreenlet_stack_pool *pool, cgreenlet_context *context);

#pragma clang assume_nonnull end

#endif
