// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a descriptor is now, and processes as descriptors: the bare system calls beside the readiness queue.

#define _GNU_SOURCE
#include "CGreenletPort.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
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

int cgreenlet_port_reap_process(int descriptor, int *status) {
#ifdef SYS_pidfd_open
    enum { by_descriptor = 3 };  // P_PIDFD, which older headers don't know
    siginfo_t end = {0};
    long result;
    do result = syscall(SYS_waitid, by_descriptor, descriptor, &end, WEXITED | WNOHANG, NULL);
    while (result < 0 && errno == EINTR);
    if (result < 0) return -errno;
    if (end.si_pid == 0) return 0;
    *status = end.si_code == CLD_EXITED ? (end.si_status & 0xff) << 8 : end.si_status & 0x7f;
    if (end.si_code == CLD_DUMPED) *status |= 0x80;
    return end.si_pid;
#else
    (void)descriptor;
    (void)status;
    return -EINVAL;
#endif
}
