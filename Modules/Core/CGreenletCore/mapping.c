// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What stacks ask of the kernel: addresses, guards, and which pages are in memory.

#define _GNU_SOURCE
#include "include/CGreenletCore.h"
#include "stack.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <sys/uio.h>
#include <unistd.h>

#if !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102  // Linux 6.13: pages that fault, without a mapping of their own
#endif
#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif

static atomic_bool mapped_guards, single_calls;

void cgreenlet_use_mapped_guards(bool wanted) { mapped_guards = wanted; }

char *cgreenlet_map_stacks(size_t size) {
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return NULL;
#if defined(MADV_NOHUGEPAGE)
    madvise(base, size, MADV_NOHUGEPAGE);  // a huge page would commit 2 MiB for a stack that needs 4 KiB
#endif
    return base;
}

bool cgreenlet_install_guard(char *low, size_t size) {
    if (!mapped_guards && madvise(low, size, MADV_GUARD_INSTALL) == 0) return true;
    if (mprotect(low, size, PROT_NONE) == 0) return true;
    errno = ENOMEM;  // vm.max_map_count: here the guard needs a mapping of its own
    return false;
}

// Gives the kernel the same advice on several ranges by one call (Linux 6.15, for one's own process). False if nothing
// is known to have happened: older kernels don't know the number, and containers may forbid the call.
static bool advise(const struct iovec *ranges, size_t count, int advice) {
#if defined(SYS_process_madvise)
    enum { PIDFD_SELF = -10000 };  // no descriptor: a child process would hold its parent's
    if (mapped_guards || single_calls || count < 2) return false;
    int saved = errno;
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += ranges[i].iov_len;
    long advised = syscall(SYS_process_madvise, PIDFD_SELF, ranges, count, advice, 0);
    if (advised == (long)total) return true;
    if (advised < 0 && (errno == EBADF || errno == ENOSYS || errno == EPERM || errno == EINVAL)) single_calls = true;
    errno = saved;
#else
    (void)ranges, (void)count, (void)advice;
#endif
    return false;
}

size_t cgreenlet_install_guards(char *low, size_t stride, size_t size, size_t count) {
    struct iovec guards[CGREENLET_BATCH];
    if (count > CGREENLET_BATCH) count = CGREENLET_BATCH;
    for (size_t i = 0; i < count; i++) guards[i] = (struct iovec){low + i * stride, size};
    if (advise(guards, count, MADV_GUARD_INSTALL)) return count;
    return cgreenlet_install_guard(low, size);
}

void cgreenlet_drop_pages(cgreenlet_context *const contexts[], size_t count) {
    struct iovec stacks[CGREENLET_BATCH];
    for (size_t i = 0; i < count; i++) stacks[i] = (struct iovec){contexts[i]->stack_low, contexts[i]->stack_size};
    if (advise(stacks, count, MADV_DONTNEED)) return;
    for (size_t i = 0; i < count; i++) madvise(stacks[i].iov_base, stacks[i].iov_len, MADV_DONTNEED);
}

size_t cgreenlet_resident(char *low, size_t size, size_t page, size_t *lowest) {
    unsigned char resident[256];
    size_t total = 0, first_found = size;
    for (size_t offset = 0; offset < size; offset += sizeof resident * page) {
        size_t pages = (size - offset) / page;
        if (pages > sizeof resident) pages = sizeof resident;
        if (mincore(low + offset, pages * page, (void *)resident) != 0) break;
        for (size_t i = 0; i < pages; i++) {
            if (!(resident[i] & 1)) continue;
            if (first_found == size) first_found = offset + i * page;
            total += page;
        }
    }
    if (lowest) *lowest = first_found;
    return total;
}
