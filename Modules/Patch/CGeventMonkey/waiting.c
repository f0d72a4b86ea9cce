// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The only file that calls the scheduler's waiting functions, and knows what their answers mean for a blocking call.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "closing.h"
#include "hooks.h"
#include "waiting.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { IMMEDIATE_BUDGET = 128 };
static const int64_t millisecond = 1000000, second = 1000000000;

uint32_t cgevent_active_groups;
static _Atomic(const cgevent_scheduler *) current;
static _Thread_local uint32_t immediate_successes;

// The child of a fork is at home in its memory, and its hub knows what has happened.
static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, cgevent_closing_begins);
}

void cgevent_install_scheduler(const cgevent_scheduler *scheduler)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    cgevent_closing_begins();
    atomic_store(&current, scheduler);
}

const cgevent_scheduler *cgevent_current_scheduler(void)
{
    return atomic_load_explicit(&current, memory_order_acquire);
}

bool cgevent_may_park(uint32_t group)
{
    if (!(__atomic_load_n(&cgevent_active_groups, __ATOMIC_RELAXED) & group))
        return false;
    const cgevent_scheduler *scheduler = cgevent_current_scheduler();
    return scheduler && scheduler->may_park();
}

bool cgevent_is_ours(int fd, uint32_t group, cgevent_traits *traits)
{
    if (!cgevent_may_park(group))
        return false;
    *traits = cgevent_describe(fd);
    const cgevent_traits doubtful = CGEVENT_NONBLOCK | CGEVENT_SHARED;
    if ((*traits & doubtful) == doubtful && !cgevent_is_nonblocking_now(fd))
        *traits &= ~CGEVENT_NONBLOCK;
    cgevent_traits kind = cgevent_kind(*traits);
    return kind != 0 && kind != CGEVENT_KIND_OPAQUE && !(*traits & CGEVENT_NONBLOCK);
}

int64_t cgevent_nanoseconds(const struct timespec *duration)
{
    return duration->tv_sec >= INT64_MAX / second ? INT64_MAX : duration->tv_sec * second + duration->tv_nsec;
}

int64_t cgevent_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return cgevent_nanoseconds(&now);
}

int64_t cgevent_deadline_after(int64_t nanoseconds)
{
    if (nanoseconds < 0)
        return CGEVENT_NEVER;
    int64_t now = cgevent_now();
    return nanoseconds < CGEVENT_NEVER - now ? now + nanoseconds : CGEVENT_NEVER;
}

int cgevent_nap(int64_t nanoseconds, int64_t deadline)
{
    int64_t left = deadline == CGEVENT_NEVER ? nanoseconds : deadline - cgevent_now();
    if (left <= 0 && nanoseconds > 0)
        return ETIMEDOUT;
    const cgevent_scheduler *scheduler = cgevent_current_scheduler();
    return scheduler ? scheduler->sleep(left < nanoseconds ? left : nanoseconds) : ECANCELED;
}

int cgevent_wait_until(int fd, short events, int64_t deadline)
{
    int64_t left = deadline == CGEVENT_NEVER ? -1 : deadline - cgevent_now();
    if (left <= 0 && deadline != CGEVENT_NEVER)
        return ETIMEDOUT;
    const cgevent_scheduler *scheduler = cgevent_current_scheduler();
    int result = scheduler ? scheduler->wait_fd(fd, events, left) : EPERM;
    switch (result) {
    case 0:
        // The news is told once, and now it has been: whoever comes next must look before he waits again.
        if (events & POLLIN)
            cgevent_mark(fd, 0, CGEVENT_DRAINED);
        return 0;
    case ETIMEDOUT:
    case ECANCELED:
    case EBADF:
    case EPERM: return result;
    // The hub can't watch one descriptor more: look again in a moment, rather than stall all the others.
    default: return cgevent_nap(5 * millisecond, deadline);
    }
}

/// The socket's own timeout; remembers that there is none, which is the rule.
static int64_t socket_deadline(const cgevent_wait *wait)
{
    bool input = wait->events & POLLIN;
    cgevent_traits none = input ? CGEVENT_NO_RCVTIMEO : CGEVENT_NO_SNDTIMEO;
    // The other number of a duplicated socket can set a timeout without our seeing it as this number's.
    if (!cgevent_is_socket(wait->traits) || ((wait->traits & none) && !(wait->traits & CGEVENT_SHARED)))
        return CGEVENT_NEVER;
    struct timeval timeout = {0, 0};
    socklen_t size = sizeof timeout;
    if (getsockopt(wait->fd, SOL_SOCKET, input ? SO_RCVTIMEO : SO_SNDTIMEO, &timeout, &size) != 0)
        return CGEVENT_NEVER;
    if (timeout.tv_sec == 0 && timeout.tv_usec == 0) {
        cgevent_mark(wait->fd, none, 0);
        return CGEVENT_NEVER;
    }
    return cgevent_deadline_after(timeout.tv_sec * second + timeout.tv_usec * 1000);
}

bool cgevent_looks_ready(int fd, short events)
{
    struct pollfd look = {fd, events, 0};
    return cgevent_libc.poll(&look, 1, 0) > 0;
}

static void begin_wait(cgevent_wait *wait)
{
    if (wait->waits++ == 0)
        wait->deadline = socket_deadline(wait);
}

int cgevent_wait_for(cgevent_wait *wait)
{
    begin_wait(wait);
    // Some sockets report room although the call has none (a datagram to a Unix socket whose queue is full).
    int result = wait->misses > 1 ? cgevent_nap(millisecond, wait->deadline) : 0;
    bool is_ready = wait->misses > 1 && result == 0 && cgevent_looks_ready(wait->fd, wait->events);
    if (result == 0 && !is_ready)
        result = cgevent_wait_until(wait->fd, wait->events, wait->deadline);
    return result == ETIMEDOUT ? EAGAIN : result;
}

int cgevent_wait_blindly(cgevent_wait *wait, int64_t nanoseconds)
{
    begin_wait(wait);
    int result = cgevent_nap(nanoseconds, wait->deadline);
    return result == ETIMEDOUT ? EAGAIN : result;
}

bool cgevent_wait_missed(cgevent_wait *wait)
{
    if (wait->waits > 0)
        wait->misses++;
    return wait->waits == 0 && cgevent_is_nonblocking_now(wait->fd);
}

void cgevent_io_succeeded(const cgevent_wait *wait)
{
    if (wait->waits > 0 || ++immediate_successes % IMMEDIATE_BUDGET != 0)
        return;
    int error = errno;
    const cgevent_scheduler *scheduler = cgevent_current_scheduler();
    if (scheduler)
        scheduler->io_done();
    errno = error;
}

#endif
