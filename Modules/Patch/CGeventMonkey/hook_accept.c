// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// socket, accept, accept4: where descriptors come from, and waiting for the next connection.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "waiting.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>

// accept(2) has no MSG_DONTWAIT, and a listener that is made non-blocking for a moment is so for every process that
// shares it. So: poll, then accept. Between the two another accepter may take the connection, and the accept would
// block the thread until the next one comes. Threads of this process can't: they take turns by these flags, which are
// held for two system calls that don't wait. Another process that accepts from the same listener can; such a server
// should make its listener non-blocking or give each process its own by SO_REUSEPORT. (A client that hangs up between
// the two does no harm: Linux keeps the dead connection in the queue.)
enum { TURNS = 64 };
static atomic_flag turns[TURNS];

static int accept_if_ready(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    atomic_flag *turn = &turns[fd % TURNS];
    while (atomic_flag_test_and_set_explicit(turn, memory_order_acquire))
        sched_yield();
    struct pollfd ready = {fd, POLLIN, 0};
    int result = cgevent_libc.poll(&ready, 1, 0);
    if (result > 0)
        result = cgevent_libc.accept4(fd, address, length, flags);
    else if (result == 0) {
        errno = EAGAIN;
        result = -1;
    }
    atomic_flag_clear_explicit(turn, memory_order_release);
    return result;
}

/// A socket that doesn't listen is refused by accept, but may never become readable.
static bool is_listening(int fd, cgevent_traits traits)
{
    if (traits & CGEVENT_LISTENING)
        return true;
    int listening = 0;
    socklen_t size = sizeof listening;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
    cgevent_mark(fd, listening ? CGEVENT_LISTENING : 0, 0);
    return listening;
}

static int accept_blocking(int fd, struct sockaddr *address, socklen_t *length, int flags, cgevent_traits traits)
{
    int error = errno;
    cgevent_wait wait = {.fd = fd, .events = POLLIN, .traits = traits};
    for (;;) {
        int client = accept_if_ready(fd, address, length, flags);
        if (client >= 0) {
            errno = error;
            cgevent_io_succeeded(&wait);
            return client;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || cgevent_wait_missed(&wait))
            return -1;
        int failure = is_listening(fd, traits) ? cgevent_wait_for(&wait) : EPERM;
        if (failure == EPERM)
            return cgevent_libc.accept4(fd, address, length, flags);
        if (failure) {
            errno = failure;
            return -1;
        }
    }
}

/// The client has its listener's kind and options: nothing need be asked about it.
static cgevent_traits traits_of_client(cgevent_traits listener, int flags)
{
    cgevent_traits inherited =
        listener & (CGEVENT_KIND_MASK | CGEVENT_LOWAT | CGEVENT_NO_RCVTIMEO | CGEVENT_NO_SNDTIMEO);
    return cgevent_is_socket(listener) ? inherited | (flags & SOCK_NONBLOCK ? CGEVENT_NONBLOCK : 0) : 0;
}

int cgevent_hook_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    cgevent_traits traits = cgevent_peek(fd);
    bool ours = cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET, &traits) && cgevent_is_socket(traits) &&
                cgevent_kind(traits) != CGEVENT_KIND_PACKET;
    int client = ours ? accept_blocking(fd, address, length, flags, traits)
                      : cgevent_libc.accept4(fd, address, length, flags);
    if (client >= 0)
        cgevent_created(client, traits_of_client(traits, flags));
    return client;
}

int cgevent_hook_accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return cgevent_hook_accept4(fd, address, length, 0);
}

int cgevent_hook_socket(int domain, int type, int protocol)
{
    int fd = cgevent_libc.socket(domain, type, protocol);
    if (fd >= 0)
        cgevent_created(fd, cgevent_traits_of_type(type));
    return fd;
}

#endif
