// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A lock-free table, by descriptor number, of generation and traits; grows by chunks that are never freed.

#define _GNU_SOURCE
#include "platform.h"
#if CGEVENT_SUPPORTED

#include "descriptors.h"
#include "hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>

// 4096 × 4096 numbers; beyond, every call asks the kernel. A chunk is 32 KiB of pages that are zero until touched.
enum { CHUNK_SIZE = 4096, CHUNK_COUNT = 4096 };

// Generation above, traits below, in one word: whoever classifies a descriptor publishes what he found only if the
// number still means the same descriptor.
typedef _Atomic uint64_t entry;

static _Atomic(entry *) chunks[CHUNK_COUNT];

static entry *entry_of(int fd, bool create)
{
    if (fd < 0 || fd >= CHUNK_SIZE * CHUNK_COUNT)
        return NULL;
    _Atomic(entry *) *home = &chunks[fd / CHUNK_SIZE];
    entry *chunk = atomic_load_explicit(home, memory_order_acquire);
    if (!chunk && create) {
        // mmap and not malloc: write() and close() may be called from a signal handler.
        size_t size = CHUNK_SIZE * sizeof(entry);
        void *fresh = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED)
            return NULL;
        if (atomic_compare_exchange_strong(home, &chunk, fresh))
            chunk = fresh;
        else
            munmap(fresh, size);
    }
    return chunk ? &chunk[fd % CHUNK_SIZE] : NULL;
}

static cgevent_traits inspect_socket(int fd)
{
    int type = 0, lowat = 1;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return CGEVENT_KIND_OPAQUE;
    size = sizeof lowat;
    getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &lowat, &size);
    // Its timeouts were set before we looked, if they were: they are asked for at the first wait.
    cgevent_traits timeouts = CGEVENT_NO_RCVTIMEO | CGEVENT_NO_SNDTIMEO;
    return (cgevent_traits_of_type(type) & ~timeouts) | (lowat > 1 ? CGEVENT_LOWAT : 0);
}

/// 0 if it is not open.
static cgevent_traits inspect(int fd)
{
    struct stat status;
    int flags = cgevent_libc.fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &status) != 0)
        return 0;
    if (flags & O_PATH)
        return CGEVENT_KIND_OPAQUE;
    cgevent_traits nonblock = flags & O_NONBLOCK ? CGEVENT_NONBLOCK : 0;
    struct termios settings;
    switch (status.st_mode & S_IFMT) {
    case S_IFSOCK: return inspect_socket(fd) | nonblock;
    case S_IFREG:
    case S_IFDIR:
    case S_IFBLK: return CGEVENT_KIND_OPAQUE;
    case S_IFCHR: return CGEVENT_KIND_FILE | nonblock | (tcgetattr(fd, &settings) == 0 ? CGEVENT_TERMINAL : 0);
    default: return CGEVENT_KIND_FILE | nonblock;
    }
}

cgevent_traits cgevent_traits_of_type(int type)
{
    cgevent_traits rest = CGEVENT_NO_RCVTIMEO | CGEVENT_NO_SNDTIMEO | (type & SOCK_NONBLOCK ? CGEVENT_NONBLOCK : 0);
    switch (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) {
    case SOCK_STREAM: return CGEVENT_KIND_STREAM | rest;
    case SOCK_SEQPACKET: return CGEVENT_KIND_SEQPACKET | rest;
    default: return CGEVENT_KIND_PACKET | rest;
    }
}

cgevent_traits cgevent_peek(int fd)
{
    entry *it = entry_of(fd, false);
    return it ? (cgevent_traits)atomic_load_explicit(it, memory_order_relaxed) : 0;
}

cgevent_traits cgevent_describe(int fd)
{
    cgevent_traits known = cgevent_peek(fd);
    if (cgevent_kind(known))
        return known;
    int error = errno;
    entry *it = entry_of(fd, true);
    uint64_t before = it ? atomic_load(it) : 0;
    cgevent_traits found = inspect(fd);
    if (it)
        atomic_compare_exchange_strong(it, &before, (before >> 32 << 32) | found);
    errno = error;
    return found;
}

void cgevent_mark(int fd, cgevent_traits set, cgevent_traits clear)
{
    entry *it = entry_of(fd, false);
    uint64_t before = it ? atomic_load_explicit(it, memory_order_relaxed) : 0, after;
    do {
        after = (before | set) & ~(uint64_t)clear;
        if (!cgevent_kind((cgevent_traits)before) || after == before)
            return;
    } while (!atomic_compare_exchange_weak(it, &before, after));
}

void cgevent_created(int fd, cgevent_traits traits)
{
    int error = errno;
    entry *it = entry_of(fd, true);
    uint64_t before = it ? atomic_load_explicit(it, memory_order_relaxed) : 0;
    while (it && !atomic_compare_exchange_weak(it, &before, ((before >> 32) + 1) << 32 | traits)) {
    }
    errno = error;
}

bool cgevent_is_nonblocking_now(int fd)
{
    int error = errno;
    int flags = cgevent_libc.fcntl(fd, F_GETFL);
    bool nonblocking = flags >= 0 && (flags & O_NONBLOCK);
    cgevent_mark(fd, nonblocking ? CGEVENT_NONBLOCK : 0, nonblocking ? 0 : CGEVENT_NONBLOCK);
    errno = error;
    return nonblocking;
}

int cgevent_next_seen(int fd)
{
    for (int chunk = fd / CHUNK_SIZE; fd >= 0 && chunk < CHUNK_COUNT; fd = ++chunk * CHUNK_SIZE) {
        entry *entries = atomic_load(&chunks[chunk]);
        for (int at = fd % CHUNK_SIZE; entries && at < CHUNK_SIZE; at++)
            if (atomic_load_explicit(&entries[at], memory_order_relaxed))
                return chunk * CHUNK_SIZE + at;
    }
    return -1;
}

uint32_t cgevent_fd_generation(int fd)
{
    entry *it = entry_of(fd, false);
    return it ? (uint32_t)(atomic_load(it) >> 32) : 0;
}

void cgevent_fd_uneven(int fd)
{
    cgevent_mark(fd, CGEVENT_UNEVEN, CGEVENT_EVEN | CGEVENT_DRAINED);
}

void cgevent_fd_forget(int fd)
{
    cgevent_created(fd, 0);
}

#endif
