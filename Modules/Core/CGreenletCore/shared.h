// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Shared stacks: what a thread keeps of greenlets that take turns on a few stacks.

#ifndef CGREENLET_SHARED_PRIVATE_H
#define CGREENLET_SHARED_PRIVATE_H

#include "include/cgreenlet_context.h"

#pragma clang assume_nonnull begin

struct cgreenlet_stack_pool;

enum { CGREENLET_BERTHS = 64 };

/// The words that a switch moves, in their order in a context.
typedef struct cgreenlet_registers {
    void *_Nullable stack_pointer;
    void *_Nullable frame_pointer;
    void *_Nullable base_register;
    void *_Nullable resume_address;
} cgreenlet_registers;

_Static_assert(offsetof(cgreenlet_context, stack_pointer) == 0, "a context begins with its registers");
_Static_assert(sizeof(cgreenlet_registers) == offsetof(cgreenlet_context, thread), "and with nothing else");

/// A greenlet that shares its stack.
///
/// The stack is a berth, a slot of an arena whose `next` says whose bytes lie there. All others of that berth are packed:
/// `saved` holds their bytes, `registers` their registers, and whoever enters their context runs the unpacker.
typedef struct cgreenlet_lodger {
    _Alignas(64) cgreenlet_context context;
    cgreenlet_context *berth;
    char *_Nullable saved;
    char *_Nullable low;  ///< where on the berth they belong
    uint32_t size;        ///< how many they are
    uint32_t capacity;    ///< how many there is room for
    cgreenlet_registers registers;
} cgreenlet_lodger;

_Static_assert(sizeof(cgreenlet_lodger) % 64 == 0, "contexts in an array begin at cache lines");

/// Memory for lodgers, touched page by page. Tools/gdb/greenlets.py reads this, and what is above, by name.
typedef struct cgreenlet_lodge {
    struct cgreenlet_lodge *_Nullable next;
    size_t used;  ///< lodgers that were ever handed out
    char gap[48];
    cgreenlet_lodger lodgers[];
} cgreenlet_lodge;

_Static_assert(offsetof(cgreenlet_lodge, lodgers) == 64, "contexts begin at cache lines");

/// The shared stacks of one thread.
typedef struct cgreenlet_sharing {
    cgreenlet_context *_Nullable berths[CGREENLET_BERTHS];
    uint64_t vacant;  ///< which of them nobody's bytes lie on
    uint32_t count;   ///< berths that there are
    uint32_t limit;   ///< and that there may be; 0 means CGREENLET_BERTHS
    bool is_watched;  ///< something would mistake what is done here: nobody shares
    uint32_t turn;    ///< which of them the next one shares, if none is vacant
    cgreenlet_context *_Nullable packer;  ///< the stack that the unpacker runs on
    cgreenlet_context *_Nullable spare;   ///< lodgers that have ended
    cgreenlet_lodge *_Nullable lodges;    ///< the newest first
    size_t live;   ///< lodgers in use
    size_t saved;  ///< bytes of all that is saved, or may be
} cgreenlet_sharing;

/// The lodger whose context that is; NULL if its stack is its own.
cgreenlet_lodger *_Nullable cgreenlet_lodger_of(const cgreenlet_context *context);

/// Whether the bytes of `lodger` are not on its berth.
static inline bool cgreenlet_is_packed(const cgreenlet_lodger *lodger) {
    return lodger->berth->next != &lodger->context;
}

/// The registers with which a suspended context goes on, whether or not it is packed; `shift` leads from the addresses on
/// its stack to where those bytes are now.
cgreenlet_registers cgreenlet_registers_of(const cgreenlet_context *context, uintptr_t *shift);

/// Takes back what a lodger had that was released, and nobody stands on any more.
void cgreenlet_settle_lodger(struct cgreenlet_stack_pool *pool, cgreenlet_context *context);

/// Frees what is saved of a lodger that will never be entered again.
void cgreenlet_drop_saved(struct cgreenlet_stack_pool *pool, cgreenlet_context *context);

/// Unmaps what describes lodgers, if none is in use; all of it if the pool ends.
void cgreenlet_drop_lodges(struct cgreenlet_stack_pool *pool, bool all);

/// Makes the berths that no lodger has free stacks again.
void cgreenlet_give_berths(struct cgreenlet_stack_pool *pool);

/// Calls `visit` with every lodger that was ever handed out.
void cgreenlet_visit_lodgers(struct cgreenlet_stack_pool *pool,
                             void (*visit)(cgreenlet_context *context, void *_Nullable argument),
                             void *_Nullable argument);

#pragma clang assume_nonnull end

#endif
