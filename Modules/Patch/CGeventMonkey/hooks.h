// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Declares each hook and the pointer to the function that it stands in for.

#ifndef CGEVENT_HOOKS_H
#define CGEVENT_HOOKS_H

#include "CGeventMonkey.h"
#include "platform.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/// The functions behind the hooks. Hooks call libc only through this table: the slots of our own object are rebound
/// like everyone's, so calling `read` by its name from here would come back to the hook.
struct cgevent_libc {
#define CGEVENT_HOOK(name, groups, result, parameters) result(*name) parameters;
#include "hook_list.h"
#undef CGEVENT_HOOK
};

CGEVENT_HIDDEN extern struct cgevent_libc cgevent_libc;

#define CGEVENT_HOOK(name, groups, result, parameters) CGEVENT_HIDDEN result cgevent_hook_##name parameters;
#include "hook_list.h"
#undef CGEVENT_HOOK

typedef struct cgevent_hook {
    const char *name;
    void *replacement;
    void **original;
    uint32_t groups;
} cgevent_hook;

CGEVENT_HIDDEN extern const cgevent_hook cgevent_hooks[];
CGEVENT_HIDDEN extern const int cgevent_hook_count;

/// Fills `cgevent_libc`. Once; later calls return at once. 0 or a `cgevent_error`.
/// Never call it with a lock held: it takes the loader's.
CGEVENT_HIDDEN int cgevent_resolve(void);

/// The index of the hook for a libc name, or -1.
CGEVENT_HIDDEN int cgevent_hook_index(const char *name);

/// True if `value` is a function that the hook may stand in for: one of libc's own.
CGEVENT_HIDDEN bool cgevent_is_replaceable(int hook, void *value);

/// True if a slot that is not bound yet would be bound to a replaceable function.
CGEVENT_HIDDEN bool cgevent_would_be_replaceable(int hook);

#endif
