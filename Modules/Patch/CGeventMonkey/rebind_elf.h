// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What rebind.c needs to know of ELF: the slots through which loaded objects reach other objects' functions.

#ifndef CGEVENT_REBIND_ELF_H
#define CGEVENT_REBIND_ELF_H

#include "platform.h"

#include <stdbool.h>

typedef enum cgevent_slot_kind {
    CGEVENT_SLOT_PLT,  // JUMP_SLOT: may be unbound, and then points into its own object
    CGEVENT_SLOT_GOT,  // GLOB_DAT
    CGEVENT_SLOT_DATA, // a pointer in initialised data: the program may have overwritten it
} cgevent_slot_kind;

typedef struct cgevent_slot {
    void **address;
    const char *symbol;
    cgevent_slot_kind kind;
    bool unbound;
} cgevent_slot;

/// Decides about one slot: the pointer to store, or NULL to leave it alone.
typedef void *(*cgevent_slot_decision)(const cgevent_slot *slot, void *context);

/// Waits until no other thread is in the middle of loading, and returns how many objects had been loaded before that.
/// As long as the count stays the same, every object is fully relocated. Never call it with a lock held: it takes the
/// loader's.
CGEVENT_HIDDEN unsigned long long cgevent_elf_settled(void);

/// How many objects were ever loaded.
CGEVENT_HIDDEN unsigned long long cgevent_elf_loads(void);

/// Shows every slot for a symbol that its object does not define itself to `decide`, and stores what it returns.
/// Leaves out libc, the loader, libuv and NSS modules. Counts slots that could not be made writable.
/// False, with nothing done, if objects were loaded since there were `loads`.
CGEVENT_HIDDEN bool cgevent_elf_walk(unsigned long long loads, cgevent_slot_decision decide, void *context,
                                     int *unreachable);

#endif
