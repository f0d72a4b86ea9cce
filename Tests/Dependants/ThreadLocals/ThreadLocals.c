// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// More thread-local variables than the runtime has, among which its words must be found with the static library.

#include <thread_locals.h>

static _Thread_local char page[1 << 16];

char *thread_locals(void) { return page; }
