// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the thread needs that looks at others: a wait with an end, and a name in `top -H` and in debuggers.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"

#include <pthread.h>

void cgreenlet_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t nanoseconds) {
    struct timespec end = {.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)};
    pthread_cond_timedwait(condition, lock, &end);
}

void cgreenlet_name_thread(const char *name) {
#if defined(__APPLE__)
    pthread_setname_np(name);
#else
    pthread_setname_np(pthread_self(), name);
#endif
}
