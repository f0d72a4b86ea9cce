// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The first frame of a context, and the switch of threads that something watches.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "runtime.h"
#include "sanitizer.h"
#include "stack.h"

void cgreenlet_trampoline(void);

void cgreenlet_prepare(cgreenlet_context *context, cgreenlet_entry entry, void *argument) {
    context->stack_pointer = (void *)cgreenlet_top(context);
    context->frame_pointer = (void *)entry;
    context->base_register = argument;
    context->resume_address = (void *)cgreenlet_trampoline;
    context->error_number = 0;
    context->holds_words = 0;
}

// Whoever waits in the midst of a modification comes this way each time; the other words are rare.
CGREENLET_UNINSTRUMENTED static void exchange_accesses(
    uintptr_t *accesses, cgreenlet_context *from, cgreenlet_context *to) {
    uintptr_t open = *accesses;
    from->words[CGREENLET_WORD_EXCLUSIVITY] = open;
    from->holds_words = open ? CGREENLET_HOLDS_ACCESSES : 0;  // before `to` is looked at: they may be the same
    *accesses = to->holds_words ? to->words[CGREENLET_WORD_EXCLUSIVITY] : 0;
    to->holds_words = 0;
}

CGREENLET_UNINSTRUMENTED void cgreenlet_exchange_words(cgreenlet_context *from, cgreenlet_context *to) {
    cgreenlet_thread *thread = from->thread;
    if (to->holds_words != CGREENLET_HOLDS_ALL && !cgreenlet_or_rare_words(0, thread)) {
        exchange_accesses(thread->words[CGREENLET_WORD_EXCLUSIVITY], from, to);
        return;
    }
    uintptr_t any = 0;
    for (int i = 0; i < CGREENLET_WORDS; i++) any |= from->words[i] = *thread->words[i];
    from->holds_words = any ? CGREENLET_HOLDS_ALL : 0;
    cgreenlet_load_words(to);
}

CGREENLET_UNINSTRUMENTED void cgreenlet_load_words(cgreenlet_context *to) {
    for (int i = 0; i < CGREENLET_WORDS; i++) {
        bool held = to->holds_words == CGREENLET_HOLDS_ALL || (to->holds_words && i == CGREENLET_WORD_EXCLUSIVITY);
        *to->thread->words[i] = held ? to->words[i] : 0;
    }
    to->holds_words = 0;
}

// Which context runs the first frame of an entry is known only on arrival, so the sanitizers' second half for new
// greenlets is done here and not after the switch.
typedef struct first_frame {
    cgreenlet_entry entry;
    void *argument;
} first_frame;

CGREENLET_UNINSTRUMENTED static void careful_entry(void *argument) {
    cgreenlet_context *context = argument;
    first_frame *first = (first_frame *)(context->stack_low);
    cgreenlet_entry entry = first->entry;
    void *entry_argument = first->argument;
    cgreenlet_sanitizer_after(context);
    entry(entry_argument);
}

// A new context, seen for the first time by a careful thread: let it begin in `careful_entry`. The real entry waits
// at the far end of its own stack.
static void divert_entry(cgreenlet_context *to) {
    if (to->resume_address != (void *)cgreenlet_trampoline || to->frame_pointer == (void *)careful_entry) return;
    *(first_frame *)to->stack_low = (first_frame){(cgreenlet_entry)to->frame_pointer, to->base_register};
    to->frame_pointer = (void *)careful_entry;
    to->base_register = to;
}

CGREENLET_UNINSTRUMENTED void cgreenlet_switch_carefully(cgreenlet_context *from, cgreenlet_context *to) {
    cgreenlet_aside aside;
    from->was_in_task = cgreenlet_runtime_task() != NULL;
    cgreenlet_set_aside(from->thread, &aside);
    divert_entry(to);
    cgreenlet_exchange_words(from, to);
    cgreenlet_sanitizer_before(from, to, false);
    cgreenlet_switch_registers(from, to);
    cgreenlet_sanitizer_after(from);
    cgreenlet_put_back(from->thread, &aside);
}

CGREENLET_UNINSTRUMENTED void cgreenlet_leave_carefully(cgreenlet_context *from, cgreenlet_context *to) {
    cgreenlet_aside forgotten;
    cgreenlet_set_aside(from->thread, &forgotten);
    divert_entry(to);
    cgreenlet_load_words(to);
    cgreenlet_sanitizer_before(from, to, true);
    cgreenlet_jump_registers(to);
}
