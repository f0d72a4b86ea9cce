// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where the thread-local variables of the runtime's libraries lie, for the calling thread.

#define _GNU_SOURCE
#include "runtime.h"

#include <dlfcn.h>
#if defined(__linux__)
#include <link.h>
#endif

// One function of each library, only for its address. Weak, so that a process without concurrency links.
void swift_beginAccess(void *pointer, uintptr_t *buffer, uintptr_t flags, void *_Nullable pc) __attribute__((weak));
void *swift_task_getCurrent(void) __attribute__((weak));
void observation_tracking(void) __asm__("$s11Observation04withA8Tracking_8onChangexxyXE_yyYbcyXKtlF")
    __attribute__((weak));

// With the static standard library all are the executable itself.
static uintptr_t anchor_of(cgreenlet_library library) {
    switch (library) {
    case CGREENLET_LIBRARY_CORE: return (uintptr_t)swift_beginAccess;
    case CGREENLET_LIBRARY_CONCURRENCY: return (uintptr_t)swift_task_getCurrent;
    case CGREENLET_LIBRARY_OBSERVATION: return (uintptr_t)observation_tracking;
    }
}

bool cgreenlet_has_library(cgreenlet_library library) { return anchor_of(library) != 0; }

#if defined(__linux__)

// What the compiler calls for a variable of a library that may be loaded late: such a block comes into being, thread by
// thread, when somebody asks for an address in it.
void *__tls_get_addr(size_t *module_and_offset);

typedef struct block_search {
    uintptr_t anchor;
    size_t module;
    size_t size;
    bool begins_at_zero;
} block_search;

static int visit_object(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    block_search *search = argument;
    bool holds_anchor = false;
    const ElfW(Phdr) *variables = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && search->anchor >= low && search->anchor < low + header->p_memsz) {
            holds_anchor = true;
        }
        if (header->p_type == PT_TLS) variables = header;
    }
    if (!holds_anchor) return 0;
    if (variables) {
        search->module = info->dlpi_tls_modid;
        search->size = variables->p_memsz;
        search->begins_at_zero = variables->p_filesz == 0;
    }
    return 1;
}

cgreenlet_block cgreenlet_find_block(cgreenlet_library library) {
    block_search search = {.anchor = anchor_of(library)};
    if (search.anchor == 0) return (cgreenlet_block){.words = NULL};
    // The address of an exported function may be a PLT entry in the executable: ask for the real one.
    Dl_info where;
    if (dladdr((void *)search.anchor, &where) && where.dli_saddr) search.anchor = (uintptr_t)where.dli_saddr;
    dl_iterate_phdr(visit_object, &search);
    if (search.module == 0) return (cgreenlet_block){.words = NULL};
    // Not what dl_iterate_phdr says, which is NULL until this thread has used one of the variables.
    size_t module_and_offset[2] = {search.module, 0};
    uintptr_t low = (uintptr_t)__tls_get_addr(module_and_offset), end = low + search.size;
    const size_t word = sizeof(uintptr_t);
    low = (low + word - 1) / word * word;
    return (cgreenlet_block){(uintptr_t *)low, low < end ? (end - low) / word : 0, search.begins_at_zero};
}

#else

cgreenlet_block cgreenlet_find_block(cgreenlet_library library) {
    (void)library;
    return (cgreenlet_block){.words = NULL};
}

#endif
