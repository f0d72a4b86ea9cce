// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// send, sendto, sendmsg: MSG_DONTWAIT to the kernel, and to the program a call that delivers everything.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "transfer.h"
#include "waiting.h"

#include <errno.h>

enum { WINDOW = 16 };

static ssize_t call_original(const cgevent_send *it)
{
    return it->message ? cgevent_libc.sendmsg(it->fd, it->message, it->flags)
                       : cgevent_libc.sendto(it->fd, it->buffer, it->length, it->flags, it->to, it->to_length);
}

static ssize_t try_send(const cgevent_send *it, size_t done)
{
    // A blocking send that breaks off half-way returns the count and raises no SIGPIPE; the next one does.
    int flags = it->flags | MSG_DONTWAIT | (done > 0 ? MSG_NOSIGNAL : 0);
    if (!it->message)
        return cgevent_libc.sendto(it->fd, (const char *)it->buffer + done, it->length - done, flags, it->to,
                                   it->to_length);
    if (done == 0)
        return cgevent_libc.sendmsg(it->fd, it->message, flags);
    struct iovec window[WINDOW];
    struct msghdr rest = *it->message;
    rest.msg_iovlen = cgevent_remaining(it->message->msg_iov, it->message->msg_iovlen, done, window, WINDOW);
    rest.msg_iov = window;
    rest.msg_control = NULL; // went with the first part
    rest.msg_controllen = 0;
    return cgevent_libc.sendmsg(it->fd, &rest, flags);
}

/// Sends until all is gone; a packet goes whole or not at all. The bytes, or the negative errno if there are none.
static ssize_t send_everything(const cgevent_send *it, cgevent_wait *wait, size_t length)
{
    size_t done = 0;
    bool wait_first = false;
    for (;;) {
        int failure = wait_first ? cgevent_wait_for(wait) : 0;
        if (failure)
            return done ? (ssize_t)done : -failure;
        ssize_t sent = try_send(it, done);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno != EAGAIN || cgevent_wait_missed(wait)))
            return done ? (ssize_t)done : -errno;
        wait_first = true;
        if (sent < 0)
            continue;
        done += sent;
        if (done >= length || cgevent_kind(wait->traits) != CGEVENT_KIND_STREAM)
            return done;
        wait->misses = 0;
    }
}

ssize_t cgevent_send_blocking(const cgevent_send *it, cgevent_traits traits)
{
    // MSG_FASTOPEN connects and sends in one call, which has no half that could be tried.
    if (it->flags & (MSG_DONTWAIT | MSG_OOB | MSG_FASTOPEN))
        return call_original(it);
    int error = errno;
    cgevent_wait wait = {.fd = it->fd, .events = POLLOUT, .traits = traits};
    size_t length = it->message ? cgevent_total(it->message->msg_iov, it->message->msg_iovlen) : it->length;
    if (length > CGEVENT_LONGEST_TRANSFER)
        length = CGEVENT_LONGEST_TRANSFER;
    ssize_t result = send_everything(it, &wait, length);
    if (result == -EPERM && wait.waits > 0)
        return call_original(it);
    errno = result < 0 ? (int)-result : error;
    if (result < 0)
        return -1;
    cgevent_io_succeeded(&wait);
    return result;
}

ssize_t cgevent_hook_sendto(int fd, const void *buffer, size_t length, int flags, const struct sockaddr *to,
                            socklen_t to_length)
{
    cgevent_traits traits;
    if (!cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET, &traits) || !cgevent_is_socket(traits))
        return cgevent_libc.sendto(fd, buffer, length, flags, to, to_length);
    cgevent_send send = {fd, flags, buffer, length, to, to_length, NULL};
    return cgevent_send_blocking(&send, traits);
}

ssize_t cgevent_hook_send(int fd, const void *buffer, size_t length, int flags)
{
    return cgevent_hook_sendto(fd, buffer, length, flags, NULL, 0);
}

ssize_t cgevent_hook_sendmsg(int fd, const struct msghdr *message, int flags)
{
    cgevent_traits traits;
    if (!cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET, &traits) || !cgevent_is_socket(traits))
        return cgevent_libc.sendmsg(fd, message, flags);
    cgevent_send send = {.fd = fd, .flags = flags, .message = message};
    return cgevent_send_blocking(&send, traits);
}

#endif
