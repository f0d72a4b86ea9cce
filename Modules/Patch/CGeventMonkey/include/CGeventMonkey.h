// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The whole public face of CGeventMonkey: rebind libc's blocking calls, and the table by which they wait in a hub.

#ifndef CGEVENT_MONKEY_H
#define CGEVENT_MONKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define CGEVENT_NULLABLE _Nullable
#else
#define CGEVENT_NULLABLE
#endif

// ---- What can be patched -------------------------------------------------------------------------------------------

/// Families of libc calls that are patched together. Combine them with `|`.
typedef enum cgevent_group {
    /// socket, accept, connect, recv*, send*, and read/write on sockets.
    CGEVENT_GROUP_SOCKET = 1 << 0,
    /// sleep, usleep, nanosleep, clock_nanosleep.
    CGEVENT_GROUP_TIME = 1 << 1,
    /// poll, ppoll, select, pselect, epoll_wait, epoll_pwait.
    CGEVENT_GROUP_POLL = 1 << 2,
    /// Reserved: name look-ups. No hook belongs to it yet.
    CGEVENT_GROUP_DNS = 1 << 3,
    /// read and write on pipes, terminals, eventfds and whatever else can be polled and is no socket.
    CGEVENT_GROUP_OS = 1 << 4,
    CGEVENT_GROUP_ALL = (1 << 5) - 1
} cgevent_group;

/// Why `cgevent_patch` did nothing. All are negative.
typedef enum cgevent_error {
    /// Not Linux with glibc on x86_64 or aarch64.
    CGEVENT_ERROR_PLATFORM = -1,
    /// The executable is fully static: it has no slots to rebind, and no loader to ask.
    CGEVENT_ERROR_STATIC = -2,
    /// No memory to remember a slot; whatever had been rebound before that stays rebound, and can be undone.
    CGEVENT_ERROR_MEMORY = -3,
    /// Other threads load objects without a pause, and slots can't be rewritten under the loader's hands. Try again.
    CGEVENT_ERROR_BUSY = -4
} cgevent_error;

/// Rebinds the symbols of `groups` in every loaded object, and in those that `dlopen` loads later. Thread-safe.
///
/// Patching what is patched already rebinds only slots that are new. A symbol is left alone where it resolves to
/// something other than libc's function. Under a sanitizer the hook goes behind its interceptor.
/// Returns the number of slots rebound by this call, or a `cgevent_error`. errno is kept.
int cgevent_patch(uint32_t groups);

/// Gives the slots of `groups` their old pointers back. A call that already waits in a hook finishes there.
/// Returns the number of slots restored, or a `cgevent_error`. errno is kept.
int cgevent_unpatch(uint32_t groups);

/// Rebinds what was loaded behind our back (by libc itself, for one). Costs next to nothing if nothing was.
/// Returns the number of slots rebound, or a `cgevent_error`. errno is kept.
int cgevent_rescan(void);

// ---- What is patched -----------------------------------------------------------------------------------------------

/// The groups that are patched now.
uint32_t cgevent_patched_groups(void);

/// How many slots in RELRO pages could not be made writable in the last walk (sealed memory, a strict policy).
int cgevent_unreachable_slots(void);

/// The number of symbols that have a hook; they are numbered from 0.
int cgevent_symbol_count(void);

/// The libc name of a symbol, or NULL if `index` is out of range.
const char *CGEVENT_NULLABLE cgevent_symbol_name(int index);

/// The groups any one of which patches the symbol; 0 if `name` has no hook.
uint32_t cgevent_symbol_groups(const char *name);

/// How many slots of the symbol point to its hook; 0 if it is not patched, or nobody calls it.
int cgevent_symbol_slots(const char *name);

/// True if a group that the symbol belongs to is patched.
bool cgevent_is_symbol_patched(const char *name);

/// The function that the hook calls: libc's. It blocks the thread as ever.
/// NULL if `name` has no hook or this libc lacks it. Needs no patch. errno is kept.
void *CGEVENT_NULLABLE cgevent_original(const char *name);

// ---- How hooks wait ------------------------------------------------------------------------------------------------

/// The way from a hook to the hub. Its functions may change errno (hooks put it right); they must not make a
/// blocking call that is hooked, other than in the hub, where `may_park` says false.
typedef struct cgevent_scheduler {
    /// True when the calling code runs on a greenlet (or the main greenlet) of a thread with a live hub, and may park.
    bool (*may_park)(void);
    /// Parks until fd is ready for `events` (POLLIN, POLLOUT or both) or `timeout_ns` passed (< 0: never).
    /// An error or a hang-up of the descriptor counts as ready. Returns 0: ready (maybe spuriously), else an errno:
    /// ETIMEDOUT; ECANCELED (error injected; rethrown at the next Swift switch point); EBADF (closed meanwhile);
    /// EPERM (not pollable: the hook makes the blocking call). For any other (EMFILE, ENOMEM, ENOSPC) the hook takes a
    /// nap by `sleep` and tries again.
    int (*wait_fd)(int fd, short events, int64_t timeout_ns);
    /// Parks for `ns` nanoseconds; 0 lets others run. Returns 0 or ECANCELED.
    int (*sleep)(int64_t ns);
    /// fd is about to be closed or replaced: wake whoever waits for it with EBADF and forget its watcher, in this
    /// thread's hub and in others. Called on any thread, for any descriptor; must not switch.
    void (*closing)(int fd);
    /// Called after every 128th operation of a thread that succeeded without waiting: the place to yield.
    void (*io_done)(void);
} cgevent_scheduler;

/// Installs the table for the whole process (NULL: hooks only pass on). It must live for ever.
/// In the child of a `fork` it remains in use. Not for the child of a `vfork`.
void cgevent_install_scheduler(const cgevent_scheduler *CGEVENT_NULLABLE scheduler);

// ---- What hooks know of a descriptor -------------------------------------------------------------------------------

/// Changes whenever a hook sees the number closed, replaced or handed out anew; 0 for a number never seen.
uint32_t cgevent_fd_generation(int fd);

/// The hub was told of the end, an error or urgent data: from now on a short receive doesn't mean an empty queue.
void cgevent_fd_uneven(int fd);

/// Forgets what is cached for a number that was closed, or whose O_NONBLOCK was changed, where no hook could see it
/// (by libuv, by libc). Bumps its generation; doesn't call `closing`.
void cgevent_fd_forget(int fd);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#if defined(__cplusplus)
}
#endif

#endif
