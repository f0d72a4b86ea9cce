// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// select and pselect: as poll, but every look overwrites the sets, so what was asked is kept aside.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "hooks.h"
#include "readiness.h"
#include "waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const int64_t microsecond = 1000, second = 1000000000;

typedef struct query {
    int count;          // descriptors 0 ..< count
    size_t size;        // bytes of one set; a program may have allocated more than an fd_set
    fd_set *sets[3];    // the caller's: readable, writable, exceptional; may be NULL
    char *asked;        // copies of the three
    struct pollfd *fds; // the same as a list
    nfds_t fd_count;
    const sigset_t *mask;
} query;

static bool is_asked(const query *it, int set, int fd)
{
    unsigned long word;
    memcpy(&word, it->asked + set * it->size + (size_t)fd / 64 * sizeof word, sizeof word);
    return it->sets[set] && (word >> fd % 64 & 1);
}

static void list_descriptors(query *it)
{
    static const short meanings[3] = {POLLIN, POLLOUT, POLLPRI};
    for (int fd = 0; fd < it->count; fd++) {
        short events = 0;
        for (int set = 0; set < 3; set++)
            events |= is_asked(it, set, fd) ? meanings[set] : 0;
        if (events)
            it->fds[it->fd_count++] = (struct pollfd){fd, events, 0};
    }
}

static bool prepare(query *it)
{
    it->size = ((size_t)it->count + 63) / 64 * sizeof(unsigned long);
    it->asked = calloc(1, 3 * it->size + it->count * sizeof *it->fds + 1);
    if (!it->asked)
        return false;
    it->fds = (struct pollfd *)(it->asked + 3 * it->size);
    for (int set = 0; set < 3; set++)
        if (it->sets[set])
            memcpy(it->asked + set * it->size, it->sets[set], it->size);
    list_descriptors(it);
    return true;
}

static int look(const query *it)
{
    for (int set = 0; set < 3; set++)
        if (it->sets[set])
            memcpy(it->sets[set], it->asked + set * it->size, it->size);
    const struct timespec none = {0, 0};
    return cgevent_libc.pselect(it->count, it->sets[0], it->sets[1], it->sets[2], &none, it->mask);
}

/// The number of bits set, or the negative errno.
static int look_until(query *it, int64_t deadline)
{
    cgevent_watch watch = {.deadline = deadline};
    int failure = 0;
    for (;;) {
        int ready = look(it);
        if (ready > 0 && watch.rounds == 0)
            cgevent_looked_without_waiting();
        if (ready != 0 || failure == ETIMEDOUT)
            return ready < 0 ? -errno : ready;
        failure = cgevent_watch_any(&watch, it->fds, it->fd_count);
        if (failure == ECANCELED)
            return -failure;
    }
}

static int select_until(query *it, int64_t deadline)
{
    int error = errno;
    int result = prepare(it) ? look_until(it, deadline) : -ENOMEM;
    free(it->asked);
    errno = result < 0 ? -result : error;
    return result < 0 ? -1 : result;
}

int cgevent_hook_select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *timeout)
{
    bool odd = count < 0 || (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0));
    bool instant = timeout && timeout->tv_sec == 0 && timeout->tv_usec == 0;
    if (odd || instant || !cgevent_may_park(CGEVENT_GROUP_POLL))
        return cgevent_libc.select(count, readable, writable, exceptional, timeout);
    query query = {.count = count, .sets = {readable, writable, exceptional}};
    if (!timeout)
        return select_until(&query, CGEVENT_NEVER);
    struct timespec duration = {timeout->tv_sec + timeout->tv_usec / 1000000, timeout->tv_usec % 1000000 * microsecond};
    int64_t deadline = cgevent_deadline_after(cgevent_nanoseconds(&duration));
    int result = select_until(&query, deadline);
    int64_t left = deadline - cgevent_now(); // Linux tells how much time was left
    *timeout = left > 0 ? (struct timeval){left / second, left % second / microsecond} : (struct timeval){0, 0};
    return result;
}

int cgevent_hook_pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                         const struct timespec *timeout, const sigset_t *mask)
{
    bool odd = count < 0 || (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= second));
    bool instant = timeout && timeout->tv_sec == 0 && timeout->tv_nsec == 0;
    if (odd || instant || !cgevent_may_park(CGEVENT_GROUP_POLL))
        return cgevent_libc.pselect(count, readable, writable, exceptional, timeout, mask);
    query query = {.count = count, .sets = {readable, writable, exceptional}, .mask = mask};
    return select_until(&query, cgevent_deadline_after(timeout ? cgevent_nanoseconds(timeout) : -1));
}

#endif
