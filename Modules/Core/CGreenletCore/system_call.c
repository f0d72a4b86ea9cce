// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The names of system calls that wait, as the C library's headers know them.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"

#include <stddef.h>

#if defined(__linux__)

#include <sys/syscall.h>

// Some there are on one architecture only.
static const struct {
    long number;
    const char *name;
} calls[] = {
#define CALL(name) {SYS_##name, #name}
#if defined(SYS_poll)
    CALL(poll), CALL(select), CALL(epoll_wait), CALL(pause), CALL(open),
#endif
    CALL(accept), CALL(accept4), CALL(clock_nanosleep), CALL(close), CALL(connect), CALL(epoll_pwait), CALL(fcntl),
    CALL(fdatasync), CALL(flock), CALL(fsync), CALL(futex), CALL(getdents64), CALL(io_getevents), CALL(ioctl),
    CALL(msgrcv), CALL(msgsnd), CALL(nanosleep), CALL(openat), CALL(ppoll), CALL(pread64), CALL(preadv),
    CALL(pselect6), CALL(pwrite64), CALL(pwritev), CALL(read), CALL(readv), CALL(recvfrom), CALL(recvmmsg),
    CALL(recvmsg), CALL(rt_sigsuspend), CALL(rt_sigtimedwait), CALL(semop), CALL(semtimedop), CALL(sendfile),
    CALL(sendmmsg), CALL(sendmsg), CALL(sendto), CALL(splice), CALL(wait4), CALL(waitid), CALL(write), CALL(writev),
#undef CALL
};

const char *cgreenlet_system_call_name(long number) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (calls[i].number == number) return calls[i].name;
    }
    return NULL;
}

#else

const char *cgreenlet_system_call_name(long number) {
    (void)number;
    return NULL;
}

#endif
