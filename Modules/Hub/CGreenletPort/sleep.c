// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thread that sleeps until another one signals, or until a moment on the monotonic clock.

#define _GNU_SOURCE
#include "CGreenletPort.h"

#include <errno.h>
#include <stddef.h>

void cgreenlet_port_make_condition(pthread_cond_t *condition) {
#ifdef __APPLE__
    pthread_cond_init(condition, NULL);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

int cgreenlet_port_sleep(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline) {
    if (deadline == UINT64_MAX) return pthread_cond_wait(condition, lock);
#ifdef __APPLE__
    uint64_t now = cgreenlet_port_now();
    deadline = deadline > now ? deadline - now : 0;
#endif
    struct timespec limit = {.tv_sec = (time_t)(deadline / 1000000000), .tv_nsec = (long)(deadline % 1000000000)};
#ifdef __APPLE__
    return pthread_cond_timedwait_relative_np(condition, lock, &limit);
#else
    return pthread_cond_timedwait(condition, lock, &limit);
#endif
}
