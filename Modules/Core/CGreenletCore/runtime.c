// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The runtime libraries' thread-local blocks: where they are, what is in them, which words follow the greenlet.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "runtime.h"

#include <dlfcn.h>
#include <string.h>
#if defined(__linux__)
#include <link.h>
#endif

// The runtime's entry points that are used; all exported and all weak, so that a process without concurrency links.
void swift_beginAccess(void *pointer, uintptr_t *buffer, uintptr_t flags, void *_Nullable pc) __attribute__((weak));
void swift_endAccess(uintptr_t *buffer) __attribute__((weak));
void *swift_task_getCurrent(void) __attribute__((weak));
void *swift_tryRetain(void *object) __attribute__((weak));
void *swift_unownedRetain(void *object) __attribute__((weak));
void swift_unownedRelease(void *object) __attribute__((weak));
// `withObservationTracking`, only for its address.
void observation_tracking(void) __asm__("$s11Observation04withA8Tracking_8onChangexxyXE_yyYbcyXKtlF")
    __attribute__((weak));

/// A word's place, the same in every thread.
typedef struct word_place {
    bool known;
    cgreenlet_library library;
    size_t index;
} word_place;

static word_place places[CGREENLET_WORDS];

/// A library's thread-local block, as seen by the calling thread.
typedef struct block {
    uintptr_t *words;
    size_t count;
} block;

// With the static standard library all are the executable itself.
static void *anchor_of(cgreenlet_library library) {
    switch (library) {
    case CGREENLET_LIBRARY_CORE: return (void *)swift_beginAccess;
    case CGREENLET_LIBRARY_CONCURRENCY: return (void *)swift_task_getCurrent;
    case CGREENLET_LIBRARY_OBSERVATION: return (void *)observation_tracking;
    }
}

#if defined(__linux__)

typedef struct block_search {
    uintptr_t anchor;
    block found;
} block_search;

static int visit_object(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    block_search *search = argument;
    bool holds_anchor = false;
    size_t block_size = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && search->anchor >= low && search->anchor < low + header->p_memsz) {
            holds_anchor = true;
        }
        if (header->p_type == PT_TLS) block_size = header->p_memsz;
    }
    if (!holds_anchor) return 0;
    search->found.words = info->dlpi_tls_data;
    search->found.count = block_size / sizeof(uintptr_t);
    return 1;
}

static block find_block(cgreenlet_library library) {
    block_search search = {.anchor = (uintptr_t)anchor_of(library)};
    if (search.anchor == 0) return search.found;
    // The address of an exported function may be a PLT entry in the executable: ask for the real one.
    Dl_info where;
    if (dladdr((void *)search.anchor, &where) && where.dli_saddr) search.anchor = (uintptr_t)where.dli_saddr;
    dl_iterate_phdr(visit_object, &search);
    if (!search.found.words) search.found.count = 0;
    return search.found;
}

#else

static block find_block(cgreenlet_library library) {
    (void)anchor_of(library);
    return (block){NULL, 0};
}

#endif

void cgreenlet_take_snapshot(cgreenlet_library library, cgreenlet_snapshot *snapshot) {
    block found = find_block(library);
    snapshot->count = found.count <= CGREENLET_SNAPSHOT_WORDS ? found.count : 0;
    if (snapshot->count) memcpy(snapshot->words, found.words, snapshot->count * sizeof(uintptr_t));
}

void cgreenlet_poke(cgreenlet_library library, size_t index, uintptr_t value) {
    block found = find_block(library);
    if (index < found.count) ((volatile uintptr_t *)found.words)[index] = value;
}

void cgreenlet_found_word(int which, cgreenlet_library library, size_t index) {
    places[which] = (word_place){true, library, index};
}

bool cgreenlet_knows_word(int which) { return places[which].known; }

void cgreenlet_forget_word(int which) {
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        if (which < 0 || which == i) places[i].known = false;
    }
}

void cgreenlet_begin_access(void *variable, uintptr_t *buffer) {
    enum { MODIFY = 1, TRACKING = 0x20 };  // ExclusivityFlags of the runtime's ABI
    if (swift_beginAccess) swift_beginAccess(variable, buffer, MODIFY | TRACKING, NULL);
}

void cgreenlet_end_access(uintptr_t *buffer) {
    if (swift_endAccess) swift_endAccess(buffer);
}

void cgreenlet_hold(void *object) { swift_unownedRetain(object); }

void cgreenlet_let_go(void *object) { swift_unownedRelease(object); }

bool cgreenlet_try_retain(void *object) { return swift_tryRetain(object) != NULL; }

uintptr_t cgreenlet_stack_address(void) { return (uintptr_t)__builtin_frame_address(0); }

void *cgreenlet_runtime_task(void) { return swift_task_getCurrent ? swift_task_getCurrent() : NULL; }

/// As many words of concurrency's `block` in a row as are watched, with all of those among them that are known; NULL if
/// they don't lie so.
static const uintptr_t *row_of_words(block block) {
    static const int watched[CGREENLET_WATCHED_WORDS] = {
        CGREENLET_WORD_TASK_LOCALS, CGREENLET_WORD_TASK, CGREENLET_WORD_EXECUTOR};
    if (block.count < CGREENLET_WATCHED_WORDS) return NULL;
    size_t first = block.count - CGREENLET_WATCHED_WORDS, last = 0;
    for (int i = 0; i < CGREENLET_WATCHED_WORDS; i++) {
        word_place place = places[watched[i]];
        if (place.known && place.index < first) first = place.index;
        if (place.known && place.index > last) last = place.index;
    }
    return last < first + CGREENLET_WATCHED_WORDS ? block.words + first : NULL;
}

void cgreenlet_runtime_attach(cgreenlet_thread *thread) {
    block blocks[] = {
        find_block(CGREENLET_LIBRARY_CORE),
        find_block(CGREENLET_LIBRARY_CONCURRENCY),
        find_block(CGREENLET_LIBRARY_OBSERVATION),
    };
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        word_place place = places[i];
        bool present = place.known && place.index < blocks[place.library].count;
        thread->words[i] = present ? &blocks[place.library].words[place.index] : &thread->absent[i];
    }
    thread->never_zero[0] = 1;
    block concurrency = blocks[CGREENLET_LIBRARY_CONCURRENCY];
    const uintptr_t *row = concurrency.count ? row_of_words(concurrency) : thread->absent;
    thread->watched = row ? row : thread->never_zero;
}

bool cgreenlet_runtime_present(void) { return swift_beginAccess != NULL; }
