// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets for C: functions with stacks of their own, entered and left by hand.

#ifndef CGREENLET_H
#define CGREENLET_H

#include <stdbool.h>
#include <stddef.h>

// For any C or C++ compiler, although the library itself wants clang. Needs no Swift runtime in the process; where
// there is one, a greenlet made here and one made in Swift can switch to each other.
#if defined(__clang__)
#define CGREENLET_NULLABLE _Nullable
#pragma clang assume_nonnull begin
#else
#define CGREENLET_NULLABLE
#endif
#if defined(__cplusplus)
extern "C" {
#endif

/// A greenlet: of C's making, or a thread's own stack, or one that Swift made and C only knows of.
///
/// Belongs to the thread that created it, for ever. No function of this header may be called in a signal handler.
typedef struct cgreenlet cgreenlet;

/// What a greenlet runs. `argument` is what `cgreenlet_create` was given, `first` the value of the first switch; what
/// it returns is the value that its parent's `cgreenlet_switch_to` receives.
///
/// Must end by returning: no longjmp, no exception and no pthread_exit may leave it.
typedef void *CGREENLET_NULLABLE (*cgreenlet_body)(void *CGREENLET_NULLABLE argument, void *CGREENLET_NULLABLE first);

/// Creates a greenlet that will run `body(argument, …)`; its parent is the current greenlet.
///
/// `stack_size` is in bytes, reserved and not committed. All up to the default of 244 KiB, which 0 means as well, are
/// the default; what is larger is rounded up to pages. The caller owns the result until `cgreenlet_destroy`, after its
/// end too.
///
/// Not a switch point; the body starts with the first switch. NULL with errno ENOMEM when memory, the address space or
/// the number of mappings (vm.max_map_count) is used up.
///
/// greenlet: `greenlet(run)`.
cgreenlet *CGREENLET_NULLABLE cgreenlet_create(cgreenlet_body body, void *CGREENLET_NULLABLE argument,
                                               size_t stack_size);

/// Stops here and continues in `target`; returns when somebody switches back.
///
/// Switch point. A greenlet that has not started begins its body with `value`. One that is dead passes `value` on to
/// its parent, and so on up. Switching to the running greenlet returns `value` at once.
///
/// `received` may be NULL; else it gets what was switched back, or the result of a child that ended. Swift's
/// `RawGreenlet.switch(_:)` sees a value from here as an `UnsafeMutableRawPointer`, or nil for NULL; from there, a
/// value of just that type arrives here, and any other as NULL.
///
/// 0, and errno is as it was before. Or -1, and `received` gets NULL, with errno
/// - EPERM: `target` belongs to another thread; nothing has happened.
/// - ENOMEM: there is no memory for the current greenlet's own handle; nothing has happened.
/// - ECANCELED: the switch took place, and Swift came back with an error (`RawGreenlet.throw(_:)`, or that of a child
///   that ended with it). The greenlet should release what it holds and return.
///
/// greenlet: `greenlet.switch`.
int cgreenlet_switch_to(cgreenlet *target, void *CGREENLET_NULLABLE value,
                        void *CGREENLET_NULLABLE *CGREENLET_NULLABLE received);

/// The greenlet that runs now; outside of any, the one that stands for the thread's own stack.
///
/// Not a switch point. It is still its creator's: if that is not you, don't destroy it, and keep it no longer than it
/// runs. NULL with errno ENOMEM only for the first call on a stack that this header didn't create.
///
/// greenlet: `getcurrent()`.
cgreenlet *CGREENLET_NULLABLE cgreenlet_current(void);

/// Whether the body has returned, or `greenlet` was destroyed while somebody's parent.
///
/// Not a switch point.
///
/// greenlet: `greenlet.dead`.
bool cgreenlet_is_dead(const cgreenlet *greenlet);

/// Where control goes when the body returns: who created it, unless it was set.
///
/// Not a switch point. NULL for a thread's own stack, and for a greenlet that Swift made: Swift knows its parent.
///
/// greenlet: `greenlet.parent`.
cgreenlet *CGREENLET_NULLABLE cgreenlet_parent(const cgreenlet *greenlet);

/// Changes where control goes when the body returns.
///
/// Not a switch point. 0; or -1, and nothing has changed, with errno
/// - EINVAL: `greenlet` is a thread's own stack, which has no parent, or Swift made it.
/// - EPERM: one of the two belongs to another thread than the calling one.
/// - ELOOP: `greenlet` would become its own ancestor.
///
/// greenlet: `greenlet.parent = g`.
int cgreenlet_set_parent(cgreenlet *greenlet, cgreenlet *parent);

/// Gives `greenlet` back: its handle, and its stack if it has not ended.
///
/// Not a switch point. A suspended greenlet is not unwound and not told: what its frames hold (memory, locks, open
/// files) stays as it is. Let it end first if that matters: switch to it with a value that both of you take for "end".
/// Children whose parent it was find the next ancestor. A thread that exits destroys nothing; a destructor of its
/// thread-specific data (pthread_key_create) may do it, and may switch to it before, so that it ends.
///
/// 0, and the handle is gone; or -1, and nothing has changed, with errno
/// - EBUSY: it is running, or stopped in Swift: waits in a hub, or for a coroutine, which will come back to it.
/// - EPERM: it belongs to another thread, which alone may destroy it.
/// - EINVAL: not made by `cgreenlet_create`.
///
/// greenlet: `del greenlet`, without the `GreenletExit`.
int cgreenlet_destroy(cgreenlet *greenlet);

#if defined(__cplusplus)
}
#endif
#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
