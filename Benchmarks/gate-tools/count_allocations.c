// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Preloaded into a program by Benchmarks/gates: counts what it takes from the heap, and tells at its end.
//
// Counted are the calls that take memory, realloc among them; free is not. glibc only: its __libc_ names are the real
// functions, so that none has to be looked up, which would allocate.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long allocations;

static void count_one(void) { atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed); }

void *malloc(size_t size) {
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    count_one();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count_one();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *fresh = memalign(alignment, size);
    if (!fresh) {
        return ENOMEM;
    }
    *memory = fresh;
    return 0;
}

/// Writes the count to the file that COUNT_ALLOCATIONS_TO names.
__attribute__((destructor)) static void tell(void) {
    long count = atomic_load(&allocations);
    const char *path = getenv("COUNT_ALLOCATIONS_TO");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (file < 0 || dprintf(file, "%ld\n", count) < 0) {
        _exit(1);
    }
    close(file);
}
