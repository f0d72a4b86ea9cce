// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Finds the interceptors' way to libc. The runtime is linked statically, so weak references reach its hidden symbols.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "sanitizer.h"

#include <string.h>

// __interception::real_<name>: NULL addresses if no sanitizer is there, or if it doesn't intercept the function.
#define CGEVENT_INTERCEPTED(name, length)                                                                              \
    extern void *real_##name __asm__("_ZN14__interception" #length "real_" #name "E") __attribute__((weak));           \
    _Static_assert(sizeof("real_" #name) - 1 == length, "length of real_" #name);
#include "sanitizer_list.h"
#undef CGEVENT_INTERCEPTED

void **cgevent_interceptor_slot(int hook)
{
    static const struct {
        const char *name;
        void **slot;
    } slots[] = {
#define CGEVENT_INTERCEPTED(name, length) {#name, &real_##name},
#include "sanitizer_list.h"
#undef CGEVENT_INTERCEPTED
    };
    for (size_t index = 0; index < sizeof slots / sizeof *slots; index++)
        if (strcmp(slots[index].name, cgevent_hooks[hook].name) == 0)
            return slots[index].slot && *slots[index].slot ? slots[index].slot : NULL;
    return NULL;
}

#endif
