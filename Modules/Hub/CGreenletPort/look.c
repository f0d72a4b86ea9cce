// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a descriptor is now, and processes as descriptors: the bare system calls beside the readiness queue.

#define _GNU_SOURCE
#include "CGreenletPort.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

static int look_now(struct pollfd *asked) {
#ifdef __linux__
    struct timespec none = {0, 0};
    return (int)syscall(SYS_ppoll, asked, 1, &none, NULL, (size_t)0);
#else
    return poll(asked, 1, 0);
#endif
}

int cgreenlet_port_look(int descriptor, uint32_t what) {
    if (descriptor < 0) return -EBADF;
    struct pollfd asked = {.fd = descriptor};
    if (what & CGREENLET_PORT_READABLE) asked.events |= POLLIN;
    if (what & CGREENLET_PORT_WRITABLE) asked.events |= POLLOUT;
    int status;
    do status = look_now(&asked);
    while (status < 0 && errno == EINTR);
    if (status < 0) return -errno;
    if (asked.revents & POLLNVAL) return -EBADF;
    if (asked.revents & (POLLERR | POLLHUP)) return (int)what;
    uint32_t is = 0;
    if (asked.revents & POLLIN) is |= CGREENLET_PORT_READABLE;
    if (asked.revents & POLLOUT) is |= CGREENLET_PORT_WRITABLE;
    return (int)is;
}

int cgreenlet_port_open_process(int process) {
#ifdef SYS_pidfd_open
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);  // closed on exec by itself
    return descriptor < 0 ? -errno : descriptor;
#else
    (void)process;
    return -ENOSYS;
#endif
}
