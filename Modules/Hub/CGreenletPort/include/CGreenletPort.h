// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The kernel's readiness queue (epoll, kqueue), edge-triggered: a descriptor is registered once and never touched
// again.

#ifndef CGREENLET_PORT_H
#define CGREENLET_PORT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#pragma clang assume_nonnull begin

/// What has happened to a descriptor. `UNEVEN`: the end has come, an error, or urgent data; from now on a read that
/// takes less than it could doesn't mean that nothing is left.
enum {
    CGREENLET_PORT_READABLE = 1,
    CGREENLET_PORT_WRITABLE = 2,
    CGREENLET_PORT_UNEVEN = 4,
};

/// One thing that has happened.
typedef struct cgreenlet_port_event {
    int32_t descriptor;
    uint32_t serial;  ///< as given when it was registered
    uint32_t what;
} cgreenlet_port_event;

/// A new port: its descriptor, or a negative errno.
int cgreenlet_port_open(void);

/// Registers a descriptor for both directions. Its present state is reported first, later each change for the better.
///
/// 0; 1 if it was there already, or if the kernel doesn't tell; or a negative errno: EPERM for what is always ready (a
/// regular file), EBADF, ENOSPC, ENOMEM.
int cgreenlet_port_watch(int port, int descriptor, uint32_t serial);

/// Registers a descriptor that is reported as long as it is readable: for a loop within this one.
int cgreenlet_port_nest(int port, int descriptor, uint32_t serial);

/// Takes a descriptor out. Harmless if it is not there.
void cgreenlet_port_forget(int port, int descriptor);

/// A bell at a port: its descriptor, or a negative errno. Whoever rings it, on whatever thread, wakes whoever waits
/// there; it is reported under `serial`, and need not be read.
int cgreenlet_port_open_bell(int port, uint32_t serial);

/// Rings a bell. errno stays as it is.
void cgreenlet_port_ring(int bell);

void cgreenlet_port_close_bell(int bell);

/// Waits until something happens: how many events were written, or a negative errno.
///
/// `nanoseconds` is how long at most: 0 only looks, below 0 is for ever. An interruption by a signal counts as nothing
/// having happened. A kernel that knows milliseconds only waits up to one too long.
int cgreenlet_port_wait(int port, cgreenlet_port_event *events, int capacity, int64_t nanoseconds);

/// The monotonic clock, in nanoseconds. In C, as Swift can't tell which module the fields of a `timespec` belong to: that
/// depends on the order of compilation.
static inline uint64_t cgreenlet_port_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/// Prepares a condition variable for `cgreenlet_port_sleep`.
void cgreenlet_port_make_condition(pthread_cond_t *condition);

/// `pthread_cond_timedwait(3)` until `deadline` on the clock of `cgreenlet_port_now`, UINT64_MAX being never: 0, also
/// when nobody has signalled, or ETIMEDOUT.
int cgreenlet_port_sleep(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline);

/// `fork(2)`: 0 in the child, its process id in the parent, or a negative errno.
int cgreenlet_port_fork(void);

/// Which of `what`, readable or writable, a descriptor is at this moment; or a negative errno: EBADF if it is closed.
///
/// Readable is also what has ended or failed, for a read wouldn't wait. By a bare system call: the C library's may have
/// been patched to let others run.
int cgreenlet_port_look(int descriptor, uint32_t what);

/// A descriptor that becomes readable when a process ends: it, or a negative errno, ENOSYS where there is no such
/// thing.
int cgreenlet_port_open_process(int process);

/// Reaps the child that a descriptor of a process is for, if it has ended: its number, and its status as `waitpid(2)`
/// has it; 0 if it runs; or a negative errno: ECHILD if there is nothing to reap, EINVAL where a descriptor won't do.
int cgreenlet_port_reap_process(int descriptor, int *status);

#pragma clang assume_nonnull end

#endif
