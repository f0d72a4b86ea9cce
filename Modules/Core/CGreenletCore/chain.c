// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The chain of frame records on a stack, where no register leads to it; safe in a signal handler.

#include "backtrace.h"
#include "include/CGreenletCore.h"
#include "sanitizer.h"

#include <string.h>

enum {
    SEARCHED = 1 << 14,  ///< bytes of the stack in which to look for the first record
    OUTERMOST_RECORD = 1 << 11,  ///< how far from a greenlet's stack's end its last record lies at most
    CHAIN = 2,  ///< records in a row that are no chance
    LONGEST_CALL = 7,  ///< bytes of the longest call instruction
};

// Whether the next record is one: its return address leads into code.
CGREENLET_UNINSTRUMENTED static bool begins_well(cgreenlet_walk walk) {
    uintptr_t address, base;
    return cgreenlet_walk_on(&walk, &address) && cgreenlet_is_code(address - 1, &base);
}

CGREENLET_UNINSTRUMENTED static bool leads_out(cgreenlet_walk walk) {
    uintptr_t high = walk.high, address;
    while (cgreenlet_walk_on(&walk, &address)) {}
    return walk.frame == 0 && high - walk.low < OUTERMOST_RECORD;
}

CGREENLET_UNINSTRUMENTED static bool goes_on(cgreenlet_walk walk) {
    uintptr_t address, base;
    for (int i = 0; i < CHAIN; i++) {
        if (!cgreenlet_walk_on(&walk, &address) || !cgreenlet_is_code(address - 1, &base)) return false;
    }
    return true;
}

static uintptr_t aligned(uintptr_t address) { return address & ~(sizeof address - 1); }

// Code that was built without frame pointers, as much of the C library is, may hold anything in that register. The
// chain of those who called it is still there: its innermost record is the first that leads to the stack's far end.
// None lies below the stack pointer, which may have left the stack: what is there was left behind by others, and may
// lead out as well.
CGREENLET_UNINSTRUMENTED cgreenlet_walk cgreenlet_find_chain(
    cgreenlet_walk walk, uintptr_t stack_pointer, bool has_end) {
    if (begins_well(walk)) return walk;
    bool is_inside = stack_pointer >= walk.low && stack_pointer < walk.high;
    uintptr_t first = is_inside ? aligned(stack_pointer) : walk.low;
    for (uintptr_t at = first; at < first + SEARCHED && at < walk.high; at += sizeof at) {
        cgreenlet_walk probe = {.frame = at, .low = at, .high = walk.high, .shift = walk.shift};
        if (has_end ? leads_out(probe) && begins_well(probe) : goes_on(probe)) return probe;
    }
    return walk;
}

bool cgreenlet_follows_call(uintptr_t address) {
    uintptr_t base;
    unsigned char code[LONGEST_CALL];
    if (!cgreenlet_is_code(address - LONGEST_CALL, &base)) return false;
    // The file may be unloaded at any moment.
    if (!cgreenlet_read_memory(code, (void *)(address - LONGEST_CALL), LONGEST_CALL)) return false;
    const unsigned char *end = code + LONGEST_CALL;
#if defined(__x86_64__)
    if (end[-5] == 0xe8) return true;
    // FF /2, by how many bytes of address it has.
    for (int length = 2; length <= LONGEST_CALL; length++) {
        if (end[-length] == 0xff && (end[1 - length] & 0x38) == 0x10) return true;
    }
    return false;
#elif defined(__aarch64__)
    uint32_t instruction;
    memcpy(&instruction, end - sizeof instruction, sizeof instruction);
    return (instruction & 0xfc000000) == 0x94000000 || (instruction & 0xfefff000) == 0xd63f0000;
#else
    return end == NULL;
#endif
}

CGREENLET_UNINSTRUMENTED size_t cgreenlet_guess_returns(
    cgreenlet_walk walk, uintptr_t stack_pointer, uintptr_t code, uintptr_t *addresses, size_t limit) {
    uintptr_t file, base;
    size_t count = 0;
    if (!cgreenlet_is_code(code, &file) || stack_pointer < walk.low) return 0;
    for (uintptr_t at = aligned(stack_pointer); at < walk.frame && at < walk.high && count < limit; at += sizeof at) {
        uintptr_t address = *(const volatile uintptr_t *)(at + walk.shift);
        if (!cgreenlet_is_code(address, &base) || !cgreenlet_follows_call(address)) continue;
        addresses[count++] = address;
        if (base != file) break;
    }
    return count;
}
