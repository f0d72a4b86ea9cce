// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where a greenlet stands: return addresses by frame pointers, and their names.

#ifndef CGREENLET_BACKTRACE_H
#define CGREENLET_BACKTRACE_H

#include "cgreenlet_context.h"

#pragma clang assume_nonnull begin

/// Writes up to `limit` code addresses to `addresses`, the innermost first, and returns how many.
///
/// Of a suspended context, from where it goes on; of the running one, from the caller's caller. None if it has not
/// begun. Walks frame pointers and never leaves the stack, so code built without them cuts the walk short. To be
/// called on the context's own thread.
size_t cgreenlet_backtrace(const cgreenlet_context *context, uintptr_t *addresses, size_t limit);

enum { CGREENLET_NAME_SIZE = 512 };

/// What lies at an address.
typedef struct cgreenlet_symbol {
    char name[CGREENLET_NAME_SIZE];   ///< as the linker knows it, cut to fit; empty if unknown
    char image[CGREENLET_NAME_SIZE];  ///< file name of the executable or library; empty if unknown
    uintptr_t offset;                 ///< from the symbol's beginning, or the image's if there is no symbol
} cgreenlet_symbol;

/// Names the function that holds `address`, from the symbol tables of its file: also functions that are not exported,
/// which dladdr(3) can't name. Allocates nothing and locks nothing but the loader's list of objects.
void cgreenlet_symbolize(uintptr_t address, cgreenlet_symbol *symbol);

/// The Swift name of `mangled`, to be freed; NULL if it is no Swift name.
char *_Nullable cgreenlet_demangle(const char *mangled);

#pragma clang assume_nonnull end

#endif
