// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// read, readv, write, writev: sends each call the way of its descriptor, socket or file.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "transfer.h"
#include "waiting.h"

#include <errno.h>

/// True if a hook is in charge: of sockets if that group is patched, of other descriptors if CGEVENT_GROUP_OS is.
static bool is_ours(int fd, cgevent_traits *traits)
{
    if (!cgevent_is_ours(fd, CGEVENT_GROUP_SOCKET | CGEVENT_GROUP_OS, traits))
        return false;
    uint32_t group = cgevent_is_socket(*traits) ? CGEVENT_GROUP_SOCKET : CGEVENT_GROUP_OS;
    return (cgevent_patched_groups() & group) != 0;
}

/// A number that was closed and opened again where no hook saw it is no socket any more.
static bool is_no_socket_after_all(int fd, ssize_t result, int error)
{
    if (result >= 0 || errno != ENOTSOCK)
        return false;
    cgevent_fd_forget(fd);
    errno = error;
    return true;
}

/// What write(2) does on a sequenced-packet socket, and send(2) doesn't.
static int write_flags(cgevent_traits traits)
{
    return cgevent_kind(traits) == CGEVENT_KIND_SEQPACKET ? MSG_EOR : 0;
}

/// Lists that read(2) refuses in other words than recvmsg(2) does, or that move nothing.
static bool is_odd(const struct iovec *vector, int count)
{
    return count <= 0 || count > IOV_MAX || cgevent_total(vector, count) == 0;
}

ssize_t cgevent_hook_read(int fd, void *buffer, size_t length)
{
    int error = errno;
    cgevent_traits traits;
    if (length == 0 || !is_ours(fd, &traits))
        return cgevent_libc.read(fd, buffer, length);
    if (!cgevent_is_socket(traits)) {
        struct iovec vector = {buffer, length};
        return cgevent_read_file(fd, &vector, 1, traits);
    }
    cgevent_receive receive = {.fd = fd, .buffer = buffer, .length = length};
    ssize_t result = cgevent_receive_blocking(&receive, traits);
    return is_no_socket_after_all(fd, result, error) ? cgevent_libc.read(fd, buffer, length) : result;
}

ssize_t cgevent_hook_readv(int fd, const struct iovec *vector, int count)
{
    int error = errno;
    cgevent_traits traits;
    if (!is_ours(fd, &traits) || is_odd(vector, count))
        return cgevent_libc.readv(fd, vector, count);
    if (!cgevent_is_socket(traits))
        return cgevent_read_file(fd, vector, count, traits);
    struct msghdr message = {.msg_iov = (struct iovec *)vector, .msg_iovlen = count};
    cgevent_receive receive = {.fd = fd, .message = &message};
    ssize_t result = cgevent_receive_blocking(&receive, traits);
    return is_no_socket_after_all(fd, result, error) ? cgevent_libc.readv(fd, vector, count) : result;
}

ssize_t cgevent_hook_write(int fd, const void *buffer, size_t length)
{
    int error = errno;
    cgevent_traits traits;
    if (length == 0 || !is_ours(fd, &traits))
        return cgevent_libc.write(fd, buffer, length);
    if (!cgevent_is_socket(traits)) {
        struct iovec vector = {(void *)buffer, length};
        return cgevent_write_file(fd, &vector, 1, traits);
    }
    cgevent_send send = {.fd = fd, .flags = write_flags(traits), .buffer = buffer, .length = length};
    ssize_t result = cgevent_send_blocking(&send, traits);
    return is_no_socket_after_all(fd, result, error) ? cgevent_libc.write(fd, buffer, length) : result;
}

ssize_t cgevent_hook_writev(int fd, const struct iovec *vector, int count)
{
    int error = errno;
    cgevent_traits traits;
    if (!is_ours(fd, &traits) || is_odd(vector, count))
        return cgevent_libc.writev(fd, vector, count);
    if (!cgevent_is_socket(traits))
        return cgevent_write_file(fd, vector, count, traits);
    struct msghdr message = {.msg_iov = (struct iovec *)vector, .msg_iovlen = count};
    cgevent_send send = {.fd = fd, .flags = write_flags(traits), .message = &message};
    ssize_t result = cgevent_send_blocking(&send, traits);
    return is_no_socket_after_all(fd, result, error) ? cgevent_libc.writev(fd, vector, count) : result;
}

ssize_t cgevent_hook___read_chk(int fd, void *buffer, size_t length, size_t capacity)
{
    if (length > capacity)
        return cgevent_libc.__read_chk(fd, buffer, length, capacity); // which ends the program
    return cgevent_hook_read(fd, buffer, length);
}

#endif
