// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Patch and unpatch: which slots go to which hook, what stood there before, and which groups are on.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "rebind_elf.h"
#include "sanitizer.h"
#include "waiting.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { MAXIMAL_PATIENCE = 1000 }; // walks that are put off because an object is being loaded

typedef struct record {
    void **address;
    void *old;
    int hook;
    unsigned walk; // the last walk that met the slot: others belong to objects that are gone
} record;

// Hooks never take this lock, and nothing that runs under it takes the loader's big one.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static record *records;
static size_t record_count, record_capacity;
static unsigned current_walk;
static unsigned long long loads_seen;
static int unreachable;

typedef struct change {
    uint32_t groups; // that shall be patched when the walk is done
    int changed;
    bool out_of_memory;
} change;

static record *find_record(void **address)
{
    for (size_t index = 0; index < record_count; index++)
        if (records[index].address == address)
            return &records[index];
    return NULL;
}

/// Remembers what a slot held. A record of the same address is from an object that was unloaded: it is taken over.
static bool remember(void **address, void *old, int hook)
{
    record *known = find_record(address);
    if (!known && record_count == record_capacity) {
        size_t capacity = record_capacity ? 2 * record_capacity : 64;
        record *grown = realloc(records, capacity * sizeof *grown);
        if (!grown)
            return false;
        records = grown;
        record_capacity = capacity;
    }
    if (!known)
        known = &records[record_count++];
    *known = (record){address, old, hook, current_walk};
    return true;
}

static void *rebind_slot(const cgevent_slot *slot, int hook, void *value, change *change)
{
    bool replaceable = slot->unbound ? cgevent_would_be_replaceable(hook) : cgevent_is_replaceable(hook, value);
    if (!replaceable || !*cgevent_hooks[hook].original)
        return NULL;
    if (!remember(slot->address, value, hook)) {
        change->out_of_memory = true;
        return NULL;
    }
    change->changed++;
    return cgevent_hooks[hook].replacement;
}

static void *decide(const cgevent_slot *slot, void *context)
{
    change *change = context;
    int hook = cgevent_hook_index(slot->symbol);
    if (hook < 0)
        return NULL;
    bool wanted = (cgevent_hooks[hook].groups & change->groups) != 0;
    void *value = __atomic_load_n(slot->address, __ATOMIC_RELAXED);
    if (value != cgevent_hooks[hook].replacement)
        return wanted ? rebind_slot(slot, hook, value, change) : NULL;
    record *known = find_record(slot->address);
    if (wanted || !known) {
        if (known)
            known->walk = current_walk;
        return NULL;
    }
    change->changed++;
    return known->old;
}

/// The same decision for the slots that aren't relocations.
static void walk_interceptors(change *change)
{
    for (int hook = 0; hook < cgevent_hook_count; hook++) {
        void **address = cgevent_interceptor_slot(hook);
        cgevent_slot slot = {address, cgevent_hooks[hook].name, CGEVENT_SLOT_DATA, false};
        void *replacement = address ? decide(&slot, change) : NULL;
        if (replacement)
            __atomic_store_n(address, replacement, __ATOMIC_RELEASE);
    }
}

/// Drops the records of slots that were restored or unloaded.
static void prune(void)
{
    size_t kept = 0;
    for (size_t index = 0; index < record_count; index++)
        if (records[index].walk == current_walk)
            records[kept++] = records[index];
    record_count = kept;
}

/// Makes the slots of all objects what `change` wants. False if an object is being loaded: settle, and try again.
static bool apply_locked(unsigned long long loads, change *change)
{
    current_walk++;
    if (!cgevent_elf_walk(loads, decide, change, &unreachable))
        return false;
    walk_interceptors(change);
    prune();
    loads_seen = loads;
    return true;
}

/// Turns the wanted groups on before the first slot points to a hook, and the others off after the last one did.
static bool try_apply(uint32_t add, uint32_t remove, change *change)
{
    unsigned long long loads = cgevent_elf_settled(); // before the lock: it waits for the loader's
    pthread_mutex_lock(&lock);
    uint32_t before = cgevent_patched_groups();
    change->groups = (before | add) & ~remove;
    __atomic_store_n(&cgevent_active_groups, before | add, __ATOMIC_RELEASE);
    bool done = apply_locked(loads, change);
    __atomic_store_n(&cgevent_active_groups, done ? change->groups : before, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    return done;
}

static int apply(uint32_t add, uint32_t remove)
{
    int error = errno;
    int result = cgevent_resolve();
    change change = {.changed = 0};
    bool done = false;
    // Another thread may load faster than we can follow, and must not keep us here for ever.
    for (int attempt = 0; result == 0 && !done && attempt < MAXIMAL_PATIENCE; attempt++)
        done = try_apply(add & CGEVENT_GROUP_ALL, remove, &change);
    if (result == 0 && !done)
        result = CGEVENT_ERROR_BUSY;
    errno = error;
    return result ? result : change.out_of_memory ? CGEVENT_ERROR_MEMORY : change.changed;
}

int cgevent_patch(uint32_t groups)
{
    return apply(groups, 0);
}

int cgevent_unpatch(uint32_t groups)
{
    return apply(0, groups);
}

int cgevent_rescan(void)
{
    if (!cgevent_patched_groups())
        return 0;
    pthread_mutex_lock(&lock);
    bool unchanged = cgevent_elf_loads() == loads_seen;
    pthread_mutex_unlock(&lock);
    return unchanged ? 0 : apply(0, 0);
}

uint32_t cgevent_patched_groups(void)
{
    return __atomic_load_n(&cgevent_active_groups, __ATOMIC_ACQUIRE);
}

int cgevent_unreachable_slots(void)
{
    return unreachable;
}

int cgevent_symbol_slots(const char *name)
{
    int hook = cgevent_hook_index(name), slots = 0;
    pthread_mutex_lock(&lock);
    for (size_t index = 0; index < record_count; index++)
        slots += records[index].hook == hook;
    pthread_mutex_unlock(&lock);
    return slots;
}

#endif
