// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Shared stacks: greenlets that take turns on a few stacks; whoever has none of them has its bytes packed elsewhere.

#define _GNU_SOURCE
#include "shared.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"
#include "stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void cgreenlet_trampoline(void);

enum { LODGE_BYTES = 256 * 1024 };

// What a function may keep below its stack pointer: the ABI's red zone.
#if defined(__x86_64__) || defined(__APPLE__)
enum { RED_ZONE = 128 };
#else
enum { RED_ZONE = 0 };
#endif

enum { LARGEST_WASTE = 256 };  ///< bytes of a buffer that may be too many

cgreenlet_lodger *cgreenlet_lodger_of(const cgreenlet_context *context) {
    return context->kind == CGREENLET_KIND_SHARED ? (cgreenlet_lodger *)context : NULL;
}

static cgreenlet_registers *entered(cgreenlet_lodger *lodger) { return (cgreenlet_registers *)&lodger->context; }

void cgreenlet_drop_saved(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    cgreenlet_lodger *lodger = cgreenlet_lodger_of(context);
    pool->sharing.saved -= lodger->capacity;
    free(lodger->saved);
    lodger->saved = NULL;
    lodger->size = lodger->capacity = 0;
}

// There is nobody to tell: the one whose bytes these are has stopped, and the one who stops for it has left.
__attribute__((cold, noreturn)) static void die_of_memory(void) {
    static const char message[] = "greenlet: no memory to put aside what a greenlet has on its shared stack\n";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    abort();
}

static void make_room(cgreenlet_stack_pool *pool, cgreenlet_lodger *lodger, uint32_t size) {
    if (size <= lodger->capacity && lodger->capacity <= 2 * size + LARGEST_WASTE) return;
    cgreenlet_drop_saved(pool, &lodger->context);
    lodger->saved = malloc(size);
    if (!lodger->saved) die_of_memory();
    lodger->capacity = size;
    pool->sharing.saved += size;
}

// From where on there is something to save: nothing yet of a greenlet that has not begun.
static char *lowest_byte(const cgreenlet_context *context) {
    char *low = context->stack_pointer;
    if (context->resume_address == (void *)cgreenlet_trampoline) return low;
    return low - context->stack_low > RED_ZONE ? low - RED_ZONE : context->stack_low;
}

static void unpack(void *argument);

// Whoever enters it enters the unpacker, and the switch need not know.
static void divert(cgreenlet_stack_pool *pool, cgreenlet_lodger *lodger) {
    cgreenlet_registers *registers = entered(lodger);
    lodger->registers = *registers;
    *registers = (cgreenlet_registers){
        .stack_pointer = (void *)cgreenlet_top(pool->sharing.packer),
        .frame_pointer = (void *)unpack,
        .base_register = lodger,
        .resume_address = (void *)cgreenlet_trampoline,
    };
}

CGREENLET_UNINSTRUMENTED static void pack(cgreenlet_stack_pool *pool, cgreenlet_lodger *lodger) {
    char *low = lowest_byte(&lodger->context);
    uint32_t size = (uint32_t)((char *)cgreenlet_top(&lodger->context) - low);
    if (size > 0) {
        make_room(pool, lodger, size);
        memcpy(lodger->saved, low, size);
    }
    lodger->low = low;
    lodger->size = size;
    divert(pool, lodger);
}

// The first function on the packer's stack, and the only one: it begins there each time, and ends with a jump. All
// that the switch does before it changes registers has been done for `lodger`, errno included.
CGREENLET_UNINSTRUMENTED static void unpack(void *argument) {
    cgreenlet_lodger *lodger = argument;
    cgreenlet_thread *thread = lodger->context.thread;
    cgreenlet_stack_pool *pool = thread->pool;
    cgreenlet_context *berth = lodger->berth, *occupant = berth->next;
    int error = *thread->error_number;
    // They are the newcomer's, and lead to bytes that aren't there yet: the handler of a signal may follow them.
    uintptr_t words[CGREENLET_WORDS];
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        words[i] = *thread->words[i];
        *thread->words[i] = 0;
    }
    // One that was just released has only left now.
    if (occupant && occupant != pool->leaving) pack(pool, (cgreenlet_lodger *)occupant);
    if (lodger->size > 0) memcpy(lodger->low, lodger->saved, lodger->size);
    *entered(lodger) = lodger->registers;
    berth->next = &lodger->context;
    pool->sharing.vacant &= ~((uint64_t)1 << berth->berth);
    for (int i = 0; i < CGREENLET_WORDS; i++) *thread->words[i] = words[i];
    *thread->error_number = error;
    cgreenlet_jump_inline(&lodger->context);
}

cgreenlet_registers cgreenlet_registers_of(const cgreenlet_context *context, uintptr_t *shift) {
    const cgreenlet_lodger *lodger = cgreenlet_lodger_of(context);
    *shift = 0;
    if (!lodger || !cgreenlet_is_packed(lodger)) return *(const cgreenlet_registers *)context;
    *shift = (uintptr_t)lodger->saved - (uintptr_t)lodger->low;
    return lodger->registers;
}

static bool add_lodge(cgreenlet_sharing *sharing) {
    cgreenlet_lodge *lodge = (cgreenlet_lodge *)cgreenlet_map_stacks(LODGE_BYTES);
    if (!lodge) return false;
    lodge->next = sharing->lodges;
    sharing->lodges = lodge;
    return true;
}

static cgreenlet_lodger *take_lodger(cgreenlet_sharing *sharing) {
    cgreenlet_context *spare = sharing->spare;
    if (spare) {
        sharing->spare = spare->next;
        return (cgreenlet_lodger *)spare;
    }
    const size_t room = (LODGE_BYTES - sizeof(cgreenlet_lodge)) / sizeof(cgreenlet_lodger);
    if ((!sharing->lodges || sharing->lodges->used == room) && !add_lodge(sharing)) return NULL;
    return &sharing->lodges->lodgers[sharing->lodges->used++];
}

static cgreenlet_context *take_slot(void) {
    cgreenlet_context *slot = cgreenlet_acquire(0);
    if (!slot) return NULL;
    slot->kind = CGREENLET_KIND_BERTH;
    slot->next = NULL;
    slot->start_number = 0;
    return slot;
}

static void add_berth(cgreenlet_sharing *sharing) {
    cgreenlet_context *slot = take_slot();
    if (!slot) return;  // the others will do, if there are any
    uint8_t place = 0;
    while (sharing->berths[place]) place++;
    slot->berth = place;
    sharing->berths[place] = slot;
    sharing->count++;
    sharing->vacant |= (uint64_t)1 << place;
}

// A vacant one, the same ones again and again; else each in turn, so that few greenlets never share.
static cgreenlet_context *choose_berth(cgreenlet_sharing *sharing) {
    uint32_t limit = sharing->limit ? sharing->limit : CGREENLET_BERTHS;
    if (!sharing->vacant && sharing->count < limit) add_berth(sharing);
    if (sharing->vacant) return sharing->berths[__builtin_ctzll(sharing->vacant)];
    if (sharing->count == 0) return NULL;
    do {
        sharing->turn = (sharing->turn + 1) % CGREENLET_BERTHS;
    } while (!sharing->berths[sharing->turn]);
    return sharing->berths[sharing->turn];
}

cgreenlet_context *cgreenlet_acquire_shared(void) {
    cgreenlet_thread *thread = cgreenlet_thread_current();
    cgreenlet_stack_pool *pool = cgreenlet_pool_of(thread);
    if (!pool) return NULL;
    cgreenlet_sharing *sharing = &pool->sharing;
    if (!sharing->packer) sharing->is_watched = thread->careful || cgreenlet_valgrind_present();
    if (sharing->is_watched) return cgreenlet_acquire(0);
    // The caller may be standing on it, and will leave to what it gets here: only then are bytes written there.
    if (pool->leaving && pool->leaving->kind == CGREENLET_KIND_SHARED) {
        cgreenlet_settle_lodger(pool, pool->leaving);
        pool->leaving = NULL;
    }
    if (!sharing->packer) sharing->packer = take_slot();
    cgreenlet_context *berth = sharing->packer ? choose_berth(sharing) : NULL;
    cgreenlet_lodger *lodger = berth ? take_lodger(sharing) : NULL;
    if (!lodger) {
        errno = ENOMEM;
        return NULL;
    }
    lodger->berth = berth;
    cgreenlet_context *context = &lodger->context;
    context->thread = thread;
    context->stack_low = berth->stack_low;
    context->stack_size = berth->stack_size;
    context->kind = CGREENLET_KIND_SHARED;
    context->tally = &sharing->live;
    sharing->live++;
    berth->start_number++;
    if (!berth->next) {
        berth->next = context;
        sharing->vacant &= ~((uint64_t)1 << berth->berth);
    }
    return context;
}

void cgreenlet_prepare_shared(cgreenlet_context *context, cgreenlet_entry entry, void *argument) {
    cgreenlet_prepare(context, entry, argument);
    cgreenlet_lodger *lodger = cgreenlet_lodger_of(context);
    if (lodger && cgreenlet_is_packed(lodger)) divert(context->thread->pool, lodger);
}

void cgreenlet_limit_berths(size_t count) {
    cgreenlet_stack_pool *pool = cgreenlet_pool_of(cgreenlet_thread_current());
    if (pool) pool->sharing.limit = count < CGREENLET_BERTHS ? (uint32_t)count : CGREENLET_BERTHS;
}

void cgreenlet_settle_lodger(cgreenlet_stack_pool *pool, cgreenlet_context *context) {
    cgreenlet_sharing *sharing = &pool->sharing;
    cgreenlet_context *berth = ((cgreenlet_lodger *)context)->berth;
    if (berth->next == context) {
        berth->next = NULL;
        sharing->vacant |= (uint64_t)1 << berth->berth;
    }
    berth->start_number--;
    cgreenlet_drop_saved(pool, context);
    context->next = sharing->spare;
    sharing->spare = context;
}

void cgreenlet_drop_lodges(cgreenlet_stack_pool *pool, bool all) {
    cgreenlet_sharing *sharing = &pool->sharing;
    if (sharing->live > 0) return;
    sharing->spare = NULL;
    for (cgreenlet_lodge *each = sharing->lodges, *next; each; each = next) {
        next = each->next;
        sharing->lodges = each;
        each->used = 0;
        if (!next && !all) return;  // the first one stays
        munmap(each, LODGE_BYTES);
    }
    sharing->lodges = NULL;
}

static void give_slot(cgreenlet_stack_pool *pool, cgreenlet_context *slot) {
    slot->kind = CGREENLET_KIND_POOLED;
    --*slot->tally;
    cgreenlet_make_hot(pool, slot);
}

void cgreenlet_give_berths(cgreenlet_stack_pool *pool) {
    cgreenlet_sharing *sharing = &pool->sharing;
    for (int i = 0; i < CGREENLET_BERTHS; i++) {
        if (!(sharing->vacant >> i & 1)) continue;
        // One that is packed comes back to its own berth: that stays, without its pages.
        if (sharing->berths[i]->start_number > 0) {
            cgreenlet_drop_pages(&sharing->berths[i], 1);
            continue;
        }
        give_slot(pool, sharing->berths[i]);
        sharing->berths[i] = NULL;
        sharing->count--;
        sharing->vacant &= ~((uint64_t)1 << i);
    }
    if (sharing->live > 0 || !sharing->packer) return;
    give_slot(pool, sharing->packer);
    sharing->packer = NULL;
}

void cgreenlet_visit_lodgers(cgreenlet_stack_pool *pool, void (*visit)(cgreenlet_context *context, void *argument),
                             void *argument) {
    for (cgreenlet_lodge *each = pool->sharing.lodges; each; each = each->next) {
        for (size_t i = 0; i < each->used; i++) visit(&each->lodgers[i].context, argument);
    }
}
