// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A flag that threads share.

import Synchronization

/// A flag that greenlets of any hub, and threads without one, can wait for and set.
///
/// A greenlet that waits parks, and its hub goes on; a thread that has no hub is put to sleep by the kernel.
///
/// ```swift
/// let isLoaded = ThreadSafeEvent()
/// startThread {  // any thread of any library's
///     load()
///     isLoaded.set()
/// }
/// try isLoaded.wait(timeout: .seconds(5))
/// ```
///
/// A hub on which somebody waits for it sleeps until news comes, and doesn't take that for a deadlock: nobody can know that
/// no thread will ever set it.
///
/// When not to use it: on one thread, where ``Event`` costs less, and a wait that nothing can end is a ``LoopExit``.
///
/// gevent: `gevent.event.Event`, used from several threads.
public final class ThreadSafeEvent: @unchecked Sendable {
    // Safe because the flag is atomic, and the waiters are touched with the lock held only.
    private let flag = Atomic<Bool>(false)
    @exclusivity(unchecked) private var waiters = CrossWaiters()
    let lock = CrossLock()

    /// Creates an event that is not set.
    public init() {}

    /// Whether the flag is set; another thread may change that before the caller knows.
    ///
    /// gevent: `Event.is_set`.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Sets the flag and wakes all that wait.
    ///
    /// Not a switch point. From any thread, also where nothing may block. All that wait now are woken with success, even if
    /// the flag is cleared before they run; those of one hub in the order they came. What this thread has written before,
    /// those see who find the flag set.
    ///
    /// gevent: `Event.set`.
    public func set() {
        let waiting = lock.withLock {
            flag.store(true, ordering: .releasing)
            return waiters.serveAll()
        }
        for waiter in waiting { _ = tell(waiter) }
    }

    /// Clears the flag: who waits from now on, waits for the next `set()`.
    ///
    /// Not a switch point. From any thread.
    ///
    /// gevent: `Event.clear`.
    public func clear() { lock.withLock { flag.store(false, ordering: .relaxed) } }

    /// Waits until the flag is set.
    ///
    /// Switch point in a greenlet, unless it is set; a thread without a hub blocks.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if it was set, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `GreenletError` where nothing may block, be it a hub's loop or
    ///   a thread that runs async tasks.
    ///
    /// gevent: `Event.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Bool {
        if isSet { return true }
        let deadline = Deadline(after: timeout)
        let waiter = try CrossWaiter("waiting for an event")
        if lock.withLock({ isReady(orTell: waiter) }) { return true }
        return try wait(as: waiter, for: "wait", until: deadline)
    }

    /// With the lock held.
    private func isReady(orTell waiter: CrossWaiter) -> Bool {
        let isReady = flag.load(ordering: .relaxed)
        if !isReady { waiters.append(waiter) }
        return isReady
    }
}

extension ThreadSafeEvent: CrossPlace {
    func leave(_ waiter: CrossWaiter) -> Bool { waiters.leave(waiter) }

    func giveBack() {}
}

extension ThreadSafeEvent: CustomStringConvertible {
    /// `<ThreadSafeEvent 0x7f… set>`.
    public var description: String {
        describe(self, isSet ? "set" : "clear", "\(lock.withLock { waiters.count }) waiting")
    }
}

/// Ready when it is set.
extension ThreadSafeEvent: Waitable {
    /// Whether it is set.
    public var readiness: Readiness {
        Readiness(isSet, tells: try self.watch(self.isReady(orTell:)) { [self] in _ = leave($0) })
    }
}
