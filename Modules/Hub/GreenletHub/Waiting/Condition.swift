// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting, with a lock, until another greenlet says that something has changed.

/// A condition variable: who holds its lock may wait for a notification, and gives the lock up meanwhile.
///
/// Notified greenlets go on in the order they came, each when it has the lock again. A notification is not lost: if a
/// greenlet is killed after it was notified, its `wait` returns all the same, and the kill is thrown at its next
/// switch point.
///
/// ```swift
/// let changed = Condition()
/// var stock = 0
/// spawn {
///     try changed.withLock {
///         stock += 10
///         try changed.notifyAll()
///     }
/// }
/// try changed.withLock {
///     _ = try changed.wait { stock >= 5 }
///     stock -= 5
/// }
/// ```
///
/// When not to use it: if nothing switches while what is waited for is looked at and changed; an `Event` will do.
///
/// gevent: none; Python: `threading.Condition`, patched.
public final class Condition {
    /// The lock that must be held to wait and to notify.
    ///
    /// Several conditions may share one.
    public let lock: ReentrantLock
    private let waiters = WaitList()

    /// Creates a condition.
    ///
    /// - Parameter lock: What must be held to wait and to notify; a lock of its own unless given.
    ///
    /// Python: `threading.Condition(lock)`.
    public init(lock: ReentrantLock = ReentrantLock()) { self.lock = lock }

    /// Runs `body` while holding the lock.
    ///
    /// Switch point, if another greenlet holds it, or if `body` is.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: As `ReentrantLock.withLock(_:)`.
    ///
    /// Python: `with condition:`.
    public func withLock<Value>(_ body: () throws -> Value) throws -> Value { try lock.withLock(body) }

    /// Gives the lock up, waits for a notification, and takes the lock again, as deep as it was.
    ///
    /// Switch point. The lock is held again whatever happens, also if the greenlet is killed, for which it may have to
    /// wait longer than `timeout`; only a `GreenletError` or a `LoopExit` may arrive without it. What was waited for may
    /// be gone again by then: look, or use `wait(timeout:until:)`.
    ///
    /// - Parameter timeout: At most how long to wait for the notification; nil means for ever.
    /// - Returns: True if notified, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   with `.invalidArgument` if this greenlet doesn't hold the lock, others where nothing may block.
    ///
    /// Python: `Condition.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Bool { try wait(until: Deadline(after: timeout)) }

    /// Waits, as often as it takes, until `isTrue` says so, or the time runs out.
    ///
    /// Switch point, unless it is true at once. The lock is held whenever `isTrue` runs.
    ///
    /// - Parameters:
    ///   - timeout: At most how long in all; nil means for ever.
    ///   - isTrue: What is waited for.
    /// - Returns: What `isTrue` said last.
    /// - Throws: What `isTrue` throws; as `wait(timeout:)`.
    ///
    /// Python: `Condition.wait_for`.
    public func wait(timeout: Duration? = nil, until isTrue: () throws -> Bool) throws -> Bool {
        try lock.checkOwner("wait", self)
        let deadline = Deadline(after: timeout)
        while try !isTrue() {
            if try !wait(until: deadline) { return try isTrue() }
        }
        return true
    }

    private func wait(until deadline: Deadline?) throws -> Bool {
        try lock.checkOwner("wait", self)
        let greenlet = try Hub.current.parkable()
        let depth = lock.giveUp()
        let outcome = Result { try waiters.wait(for: WaitReason("wait", self), until: deadline) }
        try lock.takeBack(depth)
        // A timeout has used up nothing, so an error that came later may be thrown instead; a notification is kept.
        if case .success(false) = outcome { try greenlet.checkPending() }
        return try outcome.get()
    }

    /// Wakes some of those that wait, who waits longest first.
    ///
    /// Not a switch point. They go on when the lock is released. Nothing happens if nobody waits.
    ///
    /// - Parameter count: At most how many.
    /// - Throws: `GreenletError` with `.invalidArgument` if this greenlet doesn't hold the lock; nobody is woken then.
    /// - Precondition: `count` is not negative.
    ///
    /// Python: `Condition.notify`.
    public func notify(_ count: Int = 1) throws {
        precondition(count >= 0, "the number of greenlets to notify must be 0 or more, not \(count)")
        try lock.checkOwner("notify", self)
        for _ in 0..<min(count, waiters.count) { waiters.wakeFirst() }
    }

    /// Wakes all that wait, in the order they came.
    ///
    /// Not a switch point. They go on, one after the other, when the lock is released.
    ///
    /// - Throws: As `notify(_:)`.
    ///
    /// Python: `Condition.notify_all`.
    public func notifyAll() throws { try notify(waiters.count) }
}

extension Condition: CustomStringConvertible {
    /// `<Condition 0x7f… lock free, 2 waiting>`.
    public var description: String {
        describe(self, lock.owner.map { "lock held by \($0)" } ?? "lock free", "\(waiters.count) waiting")
    }
}

@available(*, unavailable)
extension Condition: Sendable {}
