// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A number of permits, given to greenlets in the order they ask.

/// A number of permits; who finds none waits until one is released.
///
/// Fair: a permit that is released while somebody waits belongs to the one that waits longest, from that moment on. A
/// greenlet that asks later can't take it, even if it runs earlier.
///
/// ```swift
/// let connections = Semaphore(10)
/// try connections.withPermit {
///     try talk()
/// }
/// ```
///
/// When not to use it: to limit how many greenlets run; a `Pool` does that.
///
/// Glibc's overlay has a type alias of the same name: where both are imported, write `GreenletHub.Semaphore`, or
/// `Gevent.Semaphore`.
///
/// gevent: `gevent.lock.Semaphore`.
public final class Semaphore {
    /// How many permits are free.
    ///
    /// Those that were handed to a waiting greenlet are not.
    ///
    /// gevent: `Semaphore.counter`.
    public private(set) var value: Int
    let waiters = WaitList()
    /// Greenlets that wait until a permit is free, and won't take it.
    private var watchers: WaitList?

    /// Creates a semaphore.
    ///
    /// - Parameter value: How many permits are free at first.
    /// - Precondition: `value` is not negative.
    ///
    /// gevent: `Semaphore(value)`.
    public init(_ value: Int = 1) {
        precondition(value >= 0, "the initial value of a semaphore must be 0 or more, not \(value)")
        self.value = value
    }

    /// Takes a permit, and waits for one if none is free.
    ///
    /// Switch point, if none is free.
    ///
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block. No permit was taken then.
    ///
    /// gevent: `Semaphore.acquire`.
    public func acquire() throws { _ = try acquire(timeout: nil) }

    /// Takes a permit, and waits some time for one if none is free.
    ///
    /// Switch point, if none is free.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if a permit was taken, false if the time ran out.
    /// - Throws: As `acquire()`.
    ///
    /// gevent: `Semaphore.acquire`.
    public func acquire(timeout: Duration?) throws -> Bool {
        if tryAcquire() { return true }
        return try waiters.wait(for: WaitReason("acquire", self), until: Deadline(after: timeout))
    }

    /// Takes a permit if one is free.
    ///
    /// Not a switch point.
    ///
    /// - Returns: Whether a permit was taken.
    ///
    /// gevent: `Semaphore.acquire(blocking=False)`.
    public func tryAcquire() -> Bool {
        if value == 0 { return Hub.hasJustStartedOver() && tryAcquire() }
        value -= 1
        return true
    }

    /// Gives a permit back: to the greenlet that waits longest, if any does.
    ///
    /// Not a switch point. There may be more permits afterwards than at first; see `BoundedSemaphore`.
    ///
    /// - Returns: How many permits are free now.
    ///
    /// gevent: `Semaphore.release`.
    @discardableResult
    public func release() -> Int {
        if waiters.wakeFirst() { return value }  // the permit is his already, so nobody can take it before he runs
        value += 1
        watchers?.wakeAll()
        return value
    }

    /// Waits until a permit is free, without taking it.
    ///
    /// Switch point, if none is free. Permits that go straight to greenlets in `acquire()` are not free in between.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: How many permits are free now; 0 if the time ran out.
    /// - Throws: As `acquire()`.
    ///
    /// gevent: `Semaphore.wait`, which may return 0 before that, too.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Int {
        let deadline = Deadline(after: timeout)
        while value == 0 {
            if Hub.hasJustStartedOver() { continue }
            guard try watcherList.wait(for: WaitReason("wait", self), until: deadline) else { return 0 }
        }
        return value
    }

    /// `watchers`, made if they are not there.
    private var watcherList: WaitList {
        let list = watchers ?? WaitList()
        watchers = list
        return list
    }

    /// Whether no permit is free.
    ///
    /// gevent: `Semaphore.locked`.
    public var isLocked: Bool { value == 0 }

    /// Runs `body` with a permit, and gives it back afterwards.
    ///
    /// Switch point, if no permit is free, or if `body` is.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; as `acquire()`.
    ///
    /// gevent: `with semaphore:`.
    public func withPermit<Result>(_ body: () throws -> Result) throws -> Result {
        try acquire()
        defer { release() }
        return try body()
    }
}

extension Semaphore: CustomStringConvertible {
    /// `<Semaphore 0x7f… 0 free, 3 waiting>`.
    public var description: String { describe(self, "\(value) free", "\(waiters.count) waiting") }
}

/// Ready when a permit is free; waiting does not take it.
///
/// gevent: `Semaphore.rawlink`.
extension Semaphore: Waitable {
    /// Whether a permit is free.
    public var readiness: Readiness { Readiness(value > 0, canBeTaken: true, tells: self.watcherList) }
}

@available(*, unavailable)
extension Semaphore: Sendable {}
