// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The readiness queue on Linux.

#if defined(__linux__)
#define _GNU_SOURCE
#include "CGreenletPort.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

int cgreenlet_port_open(void) {
    int port = epoll_create1(EPOLL_CLOEXEC);
    return port < 0 ? -errno : port;
}

static int add(int port, int descriptor, uint32_t serial, uint32_t events) {
    struct epoll_event event = {.events = events};
    event.data.u64 = (uint64_t)serial << 32 | (uint32_t)descriptor;
    if (epoll_ctl(port, EPOLL_CTL_ADD, descriptor, &event) == 0) return 0;
    // Closed behind our back and opened again by a duplicate: the old registration is the new one's.
    if (errno == EEXIST && epoll_ctl(port, EPOLL_CTL_MOD, descriptor, &event) == 0) return 1;
    return -errno;
}

int cgreenlet_port_watch(int port, int descriptor, uint32_t serial) {
    return add(port, descriptor, serial, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET);
}

int cgreenlet_port_nest(int port, int descriptor, uint32_t serial) { return add(port, descriptor, serial, EPOLLIN); }

void cgreenlet_port_forget(int port, int descriptor) {
    struct epoll_event unused = {0};
    epoll_ctl(port, EPOLL_CTL_DEL, descriptor, &unused);
}

int cgreenlet_port_open_bell(int port, uint32_t serial) {
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0) return -errno;
    // Each write is an edge of its own, so nobody need read.
    int status = add(port, bell, serial, EPOLLIN | EPOLLET);
    if (status >= 0) return bell;
    close(bell);
    return status;
}

// By bare system calls: the C library's may have been patched.
void cgreenlet_port_ring(int bell) {
    int kept = errno;
    uint64_t one = 1;
    syscall(SYS_write, bell, &one, sizeof one);
    errno = kept;
}

void cgreenlet_port_close_bell(int bell) { syscall(SYS_close, bell); }

// epoll_pwait2 knows nanoseconds (Linux 5.11); a filter of system calls may forbid what it doesn't know.
static int wait_for(int port, struct epoll_event *found, int capacity, int64_t nanoseconds) {
    static atomic_bool lacks_nanoseconds;
    if (nanoseconds <= 0) return epoll_wait(port, found, capacity, nanoseconds < 0 ? -1 : 0);
    if (!atomic_load_explicit(&lacks_nanoseconds, memory_order_relaxed)) {
        struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        int count = epoll_pwait2(port, found, capacity, &limit, NULL);
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        atomic_store_explicit(&lacks_nanoseconds, true, memory_order_relaxed);
    }
    int64_t milliseconds = (nanoseconds + 999999) / 1000000;
    return epoll_wait(port, found, capacity, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
}

static uint32_t translate(uint32_t events) {
    uint32_t what = 0;
    if (events & EPOLLIN) what |= CGREENLET_PORT_READABLE;
    if (events & EPOLLOUT) what |= CGREENLET_PORT_WRITABLE;
    if (events & (EPOLLRDHUP | EPOLLPRI)) what |= CGREENLET_PORT_READABLE | CGREENLET_PORT_UNEVEN;
    // Whoever waits, in either direction, shall make his call and hear from it what is the matter.
    const uint32_t both = CGREENLET_PORT_READABLE | CGREENLET_PORT_WRITABLE;
    if (events & (EPOLLERR | EPOLLHUP)) what |= both | CGREENLET_PORT_UNEVEN;
    return what;
}

int cgreenlet_port_wait(int port, cgreenlet_port_event *events, int capacity, int64_t nanoseconds) {
    struct epoll_event found[BATCH];
    int count = wait_for(port, found, capacity < BATCH ? capacity : BATCH, nanoseconds);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        uint64_t data = found[i].data.u64;
        events[i] = (cgreenlet_port_event){(int32_t)(uint32_t)data, (uint32_t)(data >> 32), translate(found[i].events)};
    }
    return count;
}

#endif
