// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// recv, recvfrom, recvmsg and their fortified twins: MSG_DONTWAIT to the kernel, a blocking call to the program.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "transfer.h"
#include "waiting.h"

#include <errno.h>
#include <string.h>

enum { WINDOW = 16 };

static ssize_t call_original(const cgevent_receive *it)
{
    return it->message ? cgevent_libc.recvmsg(it->fd, it->message, it->flags)
                       : cgevent_libc.recvfrom(it->fd, it->buffer, it->length, it->flags, it->from, it->from_length);
}

static ssize_t try_receive(const cgevent_receive *it, size_t done)
{
    int flags = it->flags | MSG_DONTWAIT;
    if (!it->message)
        return cgevent_libc.recvfrom(it->fd, (char *)it->buffer + done, it->length - done, flags, it->from,
                                     it->from_length);
    if (done == 0)
        return cgevent_libc.recvmsg(it->fd, it->message, flags);
    struct iovec window[WINDOW];
    struct msghdr rest = *it->message;
    rest.msg_iovlen = cgevent_remaining(it->message->msg_iov, it->message->msg_iovlen, done, window, WINDOW);
    rest.msg_iov = window;
    ssize_t result = cgevent_libc.recvmsg(it->fd, &rest, flags);
    it->message->msg_flags = rest.msg_flags;
    it->message->msg_controllen = rest.msg_controllen;
    return result;
}

/// How many bytes must have come before the call may return.
static size_t wanted_bytes(const cgevent_receive *it, cgevent_traits traits, size_t length)
{
    bool all = (it->flags & MSG_WAITALL) && cgevent_kind(traits) == CGEVENT_KIND_STREAM;
    return all ? length : 0;
}

/// Whether less than asked means that nothing is left. Asked once for each descriptor.
static bool is_even(int fd, cgevent_traits traits)
{
    if (traits & (CGEVENT_EVEN | CGEVENT_UNEVEN))
        return traits & CGEVENT_EVEN;
    int domain = AF_UNSPEC, error = errno;
    socklen_t size = sizeof domain;
    bool even = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
                (domain == AF_INET || domain == AF_INET6);
    cgevent_mark(fd, even ? CGEVENT_EVEN : CGEVENT_UNEVEN, 0);
    errno = error;
    return even;
}

/// A stream that gave less than asked is empty: the next call waits first. Where that is wrong (an urgent mark, the
/// end of one sender's credentials, end of file) the hub reports the socket as ready at once, so it is only a hint.
static bool note_drained(const cgevent_receive *it, cgevent_traits traits, ssize_t received, size_t asked)
{
    bool hint = cgevent_kind(traits) == CGEVENT_KIND_STREAM && !(traits & CGEVENT_SHARED) && !(it->flags & MSG_PEEK);
    bool drained = received > 0 && (size_t)received < asked && hint && is_even(it->fd, traits);
    if (hint)
        cgevent_mark(it->fd, drained ? CGEVENT_DRAINED : 0, drained ? 0 : CGEVENT_DRAINED);
    return drained;
}

/// Below its low-water mark the kernel doesn't report a socket as ready, but gives a non-blocking call what it has:
/// so here the order is to wait, then to make the blocking call, which has no need to block.
static ssize_t receive_above_mark(const cgevent_receive *it, cgevent_wait *wait)
{
    int failure = 0;
    while (failure == 0 && !cgevent_looks_ready(it->fd, POLLIN))
        failure = cgevent_wait_for(wait);
    if (failure == 0 || failure == EPERM)
        return call_original(it);
    errno = failure;
    return -1;
}

/// Receives until enough is there. Returns the bytes, or the negative errno if there are none.
static ssize_t receive_enough(const cgevent_receive *it, cgevent_wait *wait, size_t length, size_t wanted)
{
    size_t done = 0;
    bool wait_first = wait->traits & CGEVENT_DRAINED;
    for (;;) {
        int failure = wait_first ? cgevent_wait_for(wait) : 0;
        if (failure)
            return done ? (ssize_t)done : -failure;
        ssize_t received = try_receive(it, done);
        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0 && (errno != EAGAIN || cgevent_wait_missed(wait)))
            return done ? (ssize_t)done : -errno;
        wait_first = received < 0;
        if (received < 0)
            continue;
        // Without the promise of an empty queue only EAGAIN says that it is time to wait.
        wait_first = note_drained(it, cgevent_peek(it->fd), received, length - done);
        done += received;
        bool interrupted = received == 0 || (it->message && it->message->msg_controllen > 0);
        if (done >= wanted || interrupted)
            return done;
        wait->misses = 0;
    }
}

ssize_t cgevent_receive_blocking(const cgevent_receive *it, cgevent_traits traits)
{
    // These two never wait, and a peek for a whole amount can't be waited for: what is there already counts as ready.
    bool peek_all = (it->flags & (MSG_PEEK | MSG_WAITALL)) == (MSG_PEEK | MSG_WAITALL);
    if ((it->flags & (MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB)) || peek_all)
        return call_original(it);
    int error = errno;
    cgevent_wait wait = {.fd = it->fd, .events = POLLIN, .traits = traits};
    if (traits & CGEVENT_LOWAT)
        return receive_above_mark(it, &wait);
    size_t length = it->message ? cgevent_total(it->message->msg_iov, it->message->msg_iovlen) : it->length;
    ssize_t result = receive_enough(it, &wait, length, wanted_bytes(it, traits, length));
    if (result == -EPERM && wait.waits > 0)
        return call_original(it);
    errno = result < 0 ? (int)-result : error;
    if (result < 0)
        return -1;
    cgevent_io_succeeded(&wait);
    return result;
}

/// Descriptors that came by SCM_RIGHTS: numbers handed out anew, without a call that creates them.
static void note_passed_descriptors(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= part->cmsg_len; at += sizeof(int)) {
            int fd;
            memcpy(&fd, (char *)part + at, sizeof fd);
            cgevent_created(fd, 0);
        }
    }
}

ssize_t cgevent_hook_recvfrom(int fd, void *buffer, size_t length, int flags, struct sockaddr *from,
                              socklen_t *from_length)
{
    cgevent_traits traits;
    if (!cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET, &traits) || !cgevent_is_socket(traits))
        return cgevent_libc.recvfrom(fd, buffer, length, flags, from, from_length);
    cgevent_receive receive = {fd, flags, buffer, length, from, from_length, NULL};
    return cgevent_receive_blocking(&receive, traits);
}

ssize_t cgevent_hook_recv(int fd, void *buffer, size_t length, int flags)
{
    return cgevent_hook_recvfrom(fd, buffer, length, flags, NULL, NULL);
}

ssize_t cgevent_hook_recvmsg(int fd, struct msghdr *message, int flags)
{
    cgevent_traits traits;
    bool ours = cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET, &traits) && cgevent_is_socket(traits);
    cgevent_receive receive = {.fd = fd, .flags = flags, .message = message};
    ssize_t result = ours ? cgevent_receive_blocking(&receive, traits) : cgevent_libc.recvmsg(fd, message, flags);
    if (result >= 0 && !(flags & MSG_ERRQUEUE))
        note_passed_descriptors(message);
    return result;
}

ssize_t cgevent_hook___recv_chk(int fd, void *buffer, size_t length, size_t capacity, int flags)
{
    if (length > capacity)
        return cgevent_libc.__recv_chk(fd, buffer, length, capacity, flags); // which ends the program
    return cgevent_hook_recv(fd, buffer, length, flags);
}

ssize_t cgevent_hook___recvfrom_chk(int fd, void *buffer, size_t length, size_t capacity, int flags,
                                    struct sockaddr *from, socklen_t *from_length)
{
    if (length > capacity)
        return cgevent_libc.__recvfrom_chk(fd, buffer, length, capacity, flags, from, from_length);
    return cgevent_hook_recvfrom(fd, buffer, length, flags, from, from_length);
}

#endif
