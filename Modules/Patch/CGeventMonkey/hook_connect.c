// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// connect: starts without blocking, waits until the socket is writable, and answers what the blocking call would.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "waiting.h"

#include <errno.h>
#include <sys/ioctl.h>

static const int64_t millisecond = 1000000;

/// connect(2) has no MSG_DONTWAIT. The flag is on for this one call, in which no other greenlet of the thread runs.
/// 0 or an errno.
static int start(int fd, const struct sockaddr *address, socklen_t length)
{
    int on = 1, off = 0;
    if (cgevent_libc.ioctl(fd, FIONBIO, &on) != 0)
        return errno;
    int failure = cgevent_libc.connect(fd, address, length) == 0 ? 0 : errno;
    cgevent_libc.ioctl(fd, FIONBIO, &off);
    return failure;
}

/// Waits for a connection that is under way. Running out of time is answered by the word with which it began
/// (EINPROGRESS, or EALREADY if an earlier call began it), and the connection goes on, as in the kernel.
static int finish(cgevent_wait *wait, int began)
{
    struct pollfd writable = {wait->fd, POLLOUT, 0};
    do {
        int failure = cgevent_wait_for(wait);
        if (failure == EPERM) // can't happen to a socket that connects; the blocking way is right nevertheless
            cgevent_libc.poll(&writable, 1, -1);
        else if (failure)
            return failure == EAGAIN ? began : failure;
    } while (cgevent_libc.poll(&writable, 1, 0) == 0);
    int failure = 0;
    socklen_t size = sizeof failure;
    return getsockopt(wait->fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

/// The listener's queue is full, on a Unix socket: nothing tells when there is room, so try again and again.
static int retry_when_full(cgevent_wait *wait, const struct sockaddr *address, socklen_t length)
{
    int failure = EAGAIN;
    for (int64_t pause = millisecond; failure == EAGAIN; pause = pause < 16 * millisecond ? 2 * pause : pause) {
        int interruption = cgevent_wait_blindly(wait, pause);
        if (interruption)
            return interruption;
        failure = start(wait->fd, address, length);
    }
    return failure;
}

static int connect_blocking(int fd, const struct sockaddr *address, socklen_t length, cgevent_traits traits)
{
    int error = errno;
    cgevent_wait wait = {.fd = fd, .events = POLLOUT, .traits = traits};
    int failure = start(fd, address, length);
    if (failure == EAGAIN && address->sa_family == AF_UNIX)
        failure = retry_when_full(&wait, address, length);
    if (failure == EINPROGRESS || failure == EALREADY)
        failure = finish(&wait, failure);
    errno = failure ? failure : error;
    return failure ? -1 : 0;
}

int cgevent_hook_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    cgevent_traits traits;
    bool ours = cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET, &traits) && cgevent_is_socket(traits);
    // Only connections wait; on other sockets connect just notes an address.
    if (!ours || cgevent_kind(traits) == CGEVENT_KIND_PACKET || cgevent_is_nonblocking_now(fd))
        return cgevent_libc.connect(fd, address, length);
    return connect_blocking(fd, address, length, traits);
}

#endif
