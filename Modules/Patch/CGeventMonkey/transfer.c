// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Arithmetic on lists of buffers, for calls that must go on where a part was moved.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "transfer.h"

size_t cgevent_remaining(const struct iovec *vector, size_t count, size_t skip, struct iovec *window, size_t capacity)
{
    size_t used = 0;
    for (size_t index = 0; index < count && used < capacity; index++) {
        if (skip >= vector[index].iov_len) {
            skip -= vector[index].iov_len;
            continue;
        }
        window[used].iov_base = (char *)vector[index].iov_base + skip;
        window[used++].iov_len = vector[index].iov_len - skip;
        skip = 0;
    }
    return used;
}

size_t cgevent_total(const struct iovec *vector, size_t count)
{
    size_t total = 0;
    for (size_t index = 0; index < count; index++) {
        if (vector[index].iov_len >= CGEVENT_LONGEST_TRANSFER - total)
            return CGEVENT_LONGEST_TRANSFER;
        total += vector[index].iov_len;
    }
    return total;
}

#endif
