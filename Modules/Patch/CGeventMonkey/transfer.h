// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What receiving, sending and file I/O share: the read and write hooks come in there and go on here.

#ifndef CGEVENT_TRANSFER_H
#define CGEVENT_TRANSFER_H

#include "descriptors.h"
#include "platform.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/// The kernel never moves more in one call; a longer buffer counts as one of this length.
enum { CGEVENT_LONGEST_TRANSFER = 0x7ffff000 };

/// Of a list of buffers, what remains after `skip` bytes, as far as it fits `window`. Returns the number of entries.
/// Lets a call go on in the middle without allocating: the next round takes the next window.
CGEVENT_HIDDEN size_t cgevent_remaining(const struct iovec *vector, size_t count, size_t skip, struct iovec *window,
                                        size_t capacity);

/// The bytes of a list of buffers, at most CGEVENT_LONGEST_TRANSFER. The kernel checks the list itself.
CGEVENT_HIDDEN size_t cgevent_total(const struct iovec *vector, size_t count);

/// One blocking receive on a socket: into `message` if there is one, else into `buffer`.
typedef struct cgevent_receive {
    int fd;
    int flags;
    void *buffer;
    size_t length;
    struct sockaddr *from;
    socklen_t *from_length;
    struct msghdr *message;
} cgevent_receive;

CGEVENT_HIDDEN ssize_t cgevent_receive_blocking(const cgevent_receive *receive, cgevent_traits traits);

/// One blocking send on a socket: of `message` if there is one, else of `buffer`.
typedef struct cgevent_send {
    int fd;
    int flags;
    const void *buffer;
    size_t length;
    const struct sockaddr *to;
    socklen_t to_length;
    const struct msghdr *message;
} cgevent_send;

CGEVENT_HIDDEN ssize_t cgevent_send_blocking(const cgevent_send *send, cgevent_traits traits);

/// One blocking read or write on something that is no socket.
CGEVENT_HIDDEN ssize_t cgevent_read_file(int fd, const struct iovec *vector, int count, cgevent_traits traits);
CGEVENT_HIDDEN ssize_t cgevent_write_file(int fd, const struct iovec *vector, int count, cgevent_traits traits);

#endif
