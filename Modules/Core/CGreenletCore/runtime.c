// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Which words of the runtime libraries' thread-local blocks follow the greenlet, and what is done without them.

#include "include/CGreenletCore.h"
#include "runtime.h"
#include "sanitizer.h"

// The runtime's entry points that are used; all exported and all weak, so that a process without concurrency links.
void swift_beginAccess(void *pointer, uintptr_t *buffer, uintptr_t flags, void *_Nullable pc) __attribute__((weak));
void swift_endAccess(uintptr_t *buffer) __attribute__((weak));
void *swift_task_getCurrent(void) __attribute__((weak));
// The runtime's own way to take a greenlet's list of exclusive accesses off the thread and to put it back. They come
// in pairs, exit first; `state` is two words that start at zero.
void swift_task_exitThreadLocalContext(uintptr_t *state) __attribute__((weak));
void swift_task_enterThreadLocalContext(uintptr_t *state) __attribute__((weak));
void *swift_tryRetain(void *object) __attribute__((weak));
void *swift_unownedRetain(void *object) __attribute__((weak));
void swift_unownedRelease(void *object) __attribute__((weak));

static const cgreenlet_library libraries[CGREENLET_WORDS] = {
    [CGREENLET_WORD_EXCLUSIVITY] = CGREENLET_LIBRARY_CORE,
    [CGREENLET_WORD_TASK_LOCALS] = CGREENLET_LIBRARY_CONCURRENCY,
    [CGREENLET_WORD_TASK] = CGREENLET_LIBRARY_CONCURRENCY,
    [CGREENLET_WORD_EXECUTOR] = CGREENLET_LIBRARY_CONCURRENCY,
    [CGREENLET_WORD_OBSERVATION] = CGREENLET_LIBRARY_OBSERVATION,
};

/// A word's place in its library's block, the same in every thread.
typedef struct word_place {
    bool known;
    size_t index;
} word_place;

static word_place places[CGREENLET_WORDS];
static bool any_block_is_shared;

cgreenlet_library cgreenlet_library_of(int which) { return libraries[which]; }

void cgreenlet_found_word(int which, size_t index) { places[which] = (word_place){true, index}; }

bool cgreenlet_knows_word(int which) { return places[which].known; }

void cgreenlet_forget_word(int which) {
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        if (which < 0 || which == i) places[i].known = false;
    }
}

void cgreenlet_take_blocks_for_shared(void) { any_block_is_shared = true; }

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

// With the static standard library the words of everything else are asked too, so nothing else may happen in between.
bool cgreenlet_leads_to_task(volatile uintptr_t *word) {
    const uintptr_t sentinel = 0x51f70c00;
    *word = sentinel;
    uintptr_t answer = (uintptr_t)cgreenlet_runtime_task();
    *word = 0;
    return answer == sentinel;
}

/// As many words of concurrency's `block` in a row as are watched, with all of those among them that are known; NULL if
/// they don't lie so.
static const uintptr_t *row_of_words(cgreenlet_block block) {
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

/// The addresses of the words in the calling thread's `blocks`, and stand-ins for the others. Returns which of those
/// belong to a library that this process has: bit n is word n.
static unsigned find_words(cgreenlet_thread *thread, const cgreenlet_block *blocks) {
    unsigned lacking = 0;
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        cgreenlet_block block = blocks[libraries[i]];
        bool present = places[i].known && places[i].index < block.count;
        thread->words[i] = present ? &block.words[places[i].index] : &thread->absent[i];
        if (!present && cgreenlet_has_library(libraries[i])) lacking |= 1u << i;
    }
    thread->never_zero[0] = 1;
    cgreenlet_block concurrency = blocks[CGREENLET_LIBRARY_CONCURRENCY];
    const uintptr_t *row = concurrency.count ? row_of_words(concurrency) : thread->absent;
    thread->watched = row ? row : thread->never_zero;
    return lacking;
}

/// Whether a block is its library's alone, so that all of it can be set aside: not so with the static standard library.
static bool is_own(const cgreenlet_block *blocks, cgreenlet_library library, const cgreenlet_thread *thread) {
    cgreenlet_block block = blocks[library];
    if (any_block_is_shared || !block.begins_at_zero) return false;
    if (block.count == 0 || block.count > CGREENLET_WHOLE_WORDS) return false;
    for (int i = 0; i < CGREENLET_LIBRARIES; i++) {
        if (i != (int)library && blocks[i].words == block.words) return false;
    }
    return (uintptr_t)thread - (uintptr_t)block.words >= block.count * sizeof(uintptr_t);
}

/// Which libraries are set aside whole. Returns those of the words that are `lacking` in the others.
static unsigned choose_whole(cgreenlet_thread *thread, const cgreenlet_block *blocks, unsigned lacking) {
    static const cgreenlet_library candidates[CGREENLET_WHOLE_LIBRARIES] = {
        CGREENLET_LIBRARY_CONCURRENCY, CGREENLET_LIBRARY_OBSERVATION};
    for (int i = 0; i < CGREENLET_WHOLE_LIBRARIES; i++) {
        cgreenlet_library library = candidates[i];
        unsigned words = 0;
        for (int word = 0; word < CGREENLET_WORDS; word++) words |= (libraries[word] == library) << word;
        bool is_whole = (lacking & words) && is_own(blocks, library, thread);
        thread->whole[i] = is_whole ? blocks[library] : (cgreenlet_block){.words = NULL};
        if (is_whole) lacking &= ~words;
    }
    return lacking;
}

static bool hands_accesses_over(const cgreenlet_thread *thread) {
    return thread->words[CGREENLET_WORD_EXCLUSIVITY] == &thread->absent[CGREENLET_WORD_EXCLUSIVITY] &&
           swift_task_exitThreadLocalContext && swift_task_enterThreadLocalContext;
}

bool cgreenlet_runtime_attach(cgreenlet_thread *thread) {
    cgreenlet_block blocks[CGREENLET_LIBRARIES];
    for (int i = 0; i < CGREENLET_LIBRARIES; i++) blocks[i] = cgreenlet_find_block(i);
    unsigned lacking = find_words(thread, blocks);
    unsigned left = choose_whole(thread, blocks, lacking);
    if (hands_accesses_over(thread)) left &= ~(1u << CGREENLET_WORD_EXCLUSIVITY);
    if (left) cgreenlet_report_lacking(left);
    return left != lacking;
}

CGREENLET_UNINSTRUMENTED void cgreenlet_set_aside(cgreenlet_thread *thread, cgreenlet_aside *aside) {
    aside->accesses[0] = aside->accesses[1] = 0;
    if (hands_accesses_over(thread)) swift_task_exitThreadLocalContext(aside->accesses);
    for (int i = 0; i < CGREENLET_WHOLE_LIBRARIES; i++) {
        cgreenlet_block block = thread->whole[i];
        for (size_t word = 0; word < block.count; word++) {
            aside->words[i][word] = block.words[word];
            block.words[word] = 0;
        }
    }
}

CGREENLET_UNINSTRUMENTED void cgreenlet_put_back(cgreenlet_thread *thread, cgreenlet_aside *aside) {
    for (int i = 0; i < CGREENLET_WHOLE_LIBRARIES; i++) {
        cgreenlet_block block = thread->whole[i];
        for (size_t word = 0; word < block.count; word++) block.words[word] = aside->words[i][word];
    }
    if (hands_accesses_over(thread)) swift_task_enterThreadLocalContext(aside->accesses);
}
