// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Why there is no room for another stack: which of the system's limits was hit.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SMALLEST_ARENA = 17 * 1024 * 1024,  ///< what a pooled stack needs when there is no free slot; see arena.c
    SPARE_MAPPINGS = 16,                ///< the mapping that failed would have been two, and reading takes some
};

// How it reads: nothing is allocated, for there may be nothing left to allocate from.
static size_t read_some(int file, char *buffer, size_t size) {
    ssize_t got;
    do {
        got = read(file, buffer, size);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

/// The number `which` (from 0) of a file of numbers; 0 if there is none.
static size_t number_in(const char *path, int which) {
    char text[128];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    text[read_some(file, text, sizeof text - 1)] = 0;
    close(file);
    char *rest = text;
    size_t number = strtoul(rest, &rest, 10);
    while (which-- > 0) number = strtoul(rest, &rest, 10);
    return number;
}

static size_t lines_in(const char *path) {
    char text[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    size_t lines = 0;
    for (size_t got; (got = read_some(file, text, sizeof text)) > 0;) {
        for (size_t i = 0; i < got; i++) lines += text[i] == '\n';
    }
    close(file);
    return lines;
}

static bool is_hit(int resource, size_t used, size_t wanted, size_t *allowed) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
    *allowed = limit.rlim_cur;
    return used + wanted > limit.rlim_cur;
}

cgreenlet_limit_hit cgreenlet_find_limit(size_t size) {
    int saved = errno;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), allowed = 0;
    size_t wanted = size <= CGREENLET_DEFAULT_STACK_SIZE ? SMALLEST_ARENA : size + CGREENLET_GUARD_SIZE;
    cgreenlet_limit_hit hit = {CGREENLET_LIMIT_MEMORY, 0, 0};
    size_t addresses = number_in("/proc/self/statm", 0) * page;
    size_t data = number_in("/proc/self/statm", 5) * page;
    size_t mappings = number_in("/proc/sys/vm/max_map_count", 0), used;
    if (wanted > (size_t)1 << 47) {
        hit = (cgreenlet_limit_hit){CGREENLET_LIMIT_MACHINE, 0, (size_t)1 << 47};
    } else if (is_hit(RLIMIT_AS, addresses, wanted, &allowed)) {
        hit = (cgreenlet_limit_hit){CGREENLET_LIMIT_ADDRESSES, addresses, allowed};
    } else if (is_hit(RLIMIT_DATA, data, wanted, &allowed)) {
        hit = (cgreenlet_limit_hit){CGREENLET_LIMIT_DATA, data, allowed};
    } else if (mappings > 0 && (used = lines_in("/proc/self/maps")) + SPARE_MAPPINGS > mappings) {
        hit = (cgreenlet_limit_hit){CGREENLET_LIMIT_MAPPINGS, used, mappings};
    }
    errno = saved;
    return hit;
}
