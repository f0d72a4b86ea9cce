// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// System calls that Swift's view of the C library lacks, because its headers show them to _GNU_SOURCE only.

#ifndef CGREENLET_NET_H
#define CGREENLET_NET_H

// No <sys/socket.h> here: Swift would then take what it declares for ours, and miss it in Glibc.

#pragma clang assume_nonnull begin

/// accept4(2): the next connection, with `SOCK_NONBLOCK` and `SOCK_CLOEXEC` set in the same call. -1 with errno.
/// `address` is a `struct sockaddr`, `length` a `socklen_t`.
int cgreenlet_accept4(int descriptor, void *address, unsigned int *length, int flags);

#pragma clang assume_nonnull end

#endif
