// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Reading and writing pipes, terminals, eventfds: RWF_NOWAIT where the kernel has it, else poll before the call.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "transfer.h"
#include "waiting.h"

#include <errno.h>
#include <termios.h>

enum { WINDOW = 16 };

typedef struct file {
    int fd;
    const struct iovec *vector;
    int count;
    bool writes;
} file;

static ssize_t call_original(const file *it)
{
    return it->writes ? cgevent_libc.writev(it->fd, it->vector, it->count)
                      : cgevent_libc.readv(it->fd, it->vector, it->count);
}

/// The way without RWF_NOWAIT: a blocking call, made when it need not block. A pipe that is writable has room for
/// PIPE_BUF bytes, so no more are written at once. What remains: another process may be quicker than we are.
static ssize_t try_if_ready(const file *it, const struct iovec *vector, int count)
{
    struct pollfd ready = {it->fd, it->writes ? POLLOUT : POLLIN, 0};
    int result = cgevent_libc.poll(&ready, 1, 0);
    if (result < 0)
        return -1;
    if (result == 0) {
        errno = EAGAIN;
        return -1;
    }
    if (!it->writes)
        return cgevent_libc.readv(it->fd, vector, count);
    if (cgevent_total(vector, count) <= PIPE_BUF)
        return cgevent_libc.writev(it->fd, vector, count);
    size_t length = vector->iov_len < PIPE_BUF ? vector->iov_len : PIPE_BUF;
    return cgevent_libc.write(it->fd, vector->iov_base, length);
}

static ssize_t try_once(const file *it, size_t done, cgevent_traits *traits)
{
    struct iovec window[WINDOW];
    const struct iovec *vector = it->vector;
    int count = it->count;
    if (done > 0) {
        count = (int)cgevent_remaining(it->vector, it->count, done, window, WINDOW);
        vector = window;
    }
    if (!(*traits & CGEVENT_NO_NOWAIT)) {
        ssize_t result = it->writes ? pwritev2(it->fd, vector, count, -1, RWF_NOWAIT)
                                    : preadv2(it->fd, vector, count, -1, RWF_NOWAIT);
        if (result >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
            return result;
        *traits |= CGEVENT_NO_NOWAIT;
        cgevent_mark(it->fd, CGEVENT_NO_NOWAIT, 0);
    }
    return try_if_ready(it, vector, count);
}

/// A raw terminal may be set to return empty-handed after a while, without ever becoming readable.
static bool times_out_by_itself(const file *it, cgevent_traits traits)
{
    struct termios settings;
    return (traits & CGEVENT_TERMINAL) && !it->writes && tcgetattr(it->fd, &settings) == 0 &&
           !(settings.c_lflag & ICANON) && (settings.c_cc[VMIN] == 0 || settings.c_cc[VTIME] > 0);
}

/// Reads something, or writes everything. The bytes, or the negative errno if there are none.
static ssize_t transfer(const file *it, cgevent_wait *wait, size_t wanted)
{
    size_t done = 0;
    bool wait_first = false;
    for (;;) {
        int failure = wait_first ? cgevent_wait_for(wait) : 0;
        if (failure)
            return done ? (ssize_t)done : -failure;
        ssize_t moved = try_once(it, done, &wait->traits);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0 && (errno != EAGAIN || cgevent_wait_missed(wait)))
            return done ? (ssize_t)done : -errno;
        if (moved < 0 && times_out_by_itself(it, wait->traits))
            return call_original(it);
        wait_first = moved < 0;
        if (moved < 0)
            continue;
        done += moved;
        if (done >= wanted || moved == 0)
            return done;
        wait->misses = 0;
    }
}

static ssize_t transfer_blocking(const file *it, cgevent_traits traits)
{
    int error = errno;
    cgevent_wait wait = {.fd = it->fd, .events = it->writes ? POLLOUT : POLLIN, .traits = traits};
    ssize_t result = transfer(it, &wait, it->writes ? cgevent_total(it->vector, it->count) : 0);
    if (result == -EPERM && wait.waits > 0)
        return call_original(it);
    errno = result < 0 ? (int)-result : error;
    if (result < 0)
        return -1;
    cgevent_io_succeeded(&wait);
    return result;
}

ssize_t cgevent_read_file(int fd, const struct iovec *vector, int count, cgevent_traits traits)
{
    return transfer_blocking(&(file){fd, vector, count, false}, traits);
}

ssize_t cgevent_write_file(int fd, const struct iovec *vector, int count, cgevent_traits traits)
{
    return transfer_blocking(&(file){fd, vector, count, true}, traits);
}

#endif
