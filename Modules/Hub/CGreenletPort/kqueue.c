// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The readiness queue on macOS. Written from the manual: nothing here promises it.

#if defined(__APPLE__)
#include "CGreenletPort.h"

#include <errno.h>
#include <stddef.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

int cgreenlet_port_open(void) {
    int port = kqueue();
    return port < 0 ? -errno : port;
}

static int change(int port, int descriptor, int16_t filter, uint16_t flags, uint32_t serial) {
    struct kevent event;
    EV_SET(&event, descriptor, filter, flags, 0, 0, (void *)(uintptr_t)serial);
    return kevent(port, &event, 1, NULL, 0, NULL) == 0 ? 0 : -errno;
}

int cgreenlet_port_watch(int port, int descriptor, uint32_t serial) {
    int result = change(port, descriptor, EVFILT_READ, EV_ADD | EV_CLEAR, serial);
    // Not everything can be written to: the end of a pipe that is read from, for one.
    if (result == 0) change(port, descriptor, EVFILT_WRITE, EV_ADD | EV_CLEAR, serial);
    return result < 0 ? result : 1;
}

int cgreenlet_port_nest(int port, int descriptor, uint32_t serial) {
    return change(port, descriptor, EVFILT_READ, EV_ADD, serial);
}

void cgreenlet_port_forget(int port, int descriptor) {
    change(port, descriptor, EVFILT_READ, EV_DELETE, 0);
    change(port, descriptor, EVFILT_WRITE, EV_DELETE, 0);
}

int cgreenlet_port_open_bell(int port, uint32_t serial) {
    int status = change(port, 0, EVFILT_USER, EV_ADD | EV_CLEAR, serial);
    return status < 0 ? status : port;
}

void cgreenlet_port_ring(int bell) {
    int kept = errno;
    struct kevent event;
    EV_SET(&event, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
    kevent(bell, &event, 1, NULL, 0, NULL);
    errno = kept;
}

void cgreenlet_port_close_bell(int bell) { (void)bell; }  // it is the port

int cgreenlet_port_wait(int port, cgreenlet_port_event *events, int capacity, int64_t nanoseconds) {
    struct kevent found[BATCH];
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int wanted = capacity < BATCH ? capacity : BATCH;
    int count = kevent(port, NULL, 0, found, wanted, nanoseconds < 0 ? NULL : &limit);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        uint32_t what = found[i].filter == EVFILT_WRITE ? CGREENLET_PORT_WRITABLE : CGREENLET_PORT_READABLE;
        if (found[i].flags & EV_EOF) what |= CGREENLET_PORT_UNEVEN;
        events[i] = (cgreenlet_port_event){(int32_t)found[i].ident, (uint32_t)(uintptr_t)found[i].udata, what};
    }
    return count;
}

#endif
