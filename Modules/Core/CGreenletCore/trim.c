// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Giving back at once what is kept for the greenlets to come.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "stack.h"

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// The stack that was left last: nobody stands on it any more.
size_t cgreenlet_give_leaving(cgreenlet_stack_pool *pool) {
    cgreenlet_context *context = pool->leaving;
    if (!context) return 0;
    pool->leaving = NULL;
    if (context->kind == CGREENLET_KIND_SHARED) {
        cgreenlet_settle_lodger(pool, context);
        return 0;
    }
    if (context->kind != CGREENLET_KIND_SINGLE) {
        cgreenlet_make_hot(pool, context);
        return 0;
    }
    size_t given = cgreenlet_resident_bytes(context);
    cgreenlet_unmap_single(pool, context);
    return given;
}

static size_t give_stacks(cgreenlet_stack_pool *pool) {
    size_t given = cgreenlet_give_leaving(pool);
    cgreenlet_drop_lodges(pool, true);
    cgreenlet_give_berths(pool);
    for (cgreenlet_context *each = pool->hot; each; each = each->next) given += cgreenlet_resident_bytes(each);
    cgreenlet_cool(pool, SIZE_MAX);
    return given + cgreenlet_unmap_idle_arenas(pool);
}

size_t cgreenlet_trim_stacks(void) {
    const cgreenlet_thread *thread = cgreenlet_thread_current();
    cgreenlet_stack_pool *pool = thread->pool;
    bool is_leaving = pool && pool->leaving && pool->leaving == thread->current;
    size_t given = pool && !is_leaving ? give_stacks(pool) : 0;
#if defined(__GLIBC__)
    malloc_trim(0);  // small objects that were freed in any order lie there by the thousand, and nobody else asks
#endif
    return given;
}
