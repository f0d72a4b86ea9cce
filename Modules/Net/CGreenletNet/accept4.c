// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// accept4, for Swift.

#define _GNU_SOURCE
#include "CGreenletNet.h"

#include <sys/socket.h>

int cgreenlet_accept4(int descriptor, void *address, unsigned int *length, int flags) {
    return accept4(descriptor, address, length, flags);
}
