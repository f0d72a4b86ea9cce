// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A lock that the greenlet which holds it may take again.

import GreenletCore

/// A lock that one greenlet holds, as often as it likes, until it has released it as often.
///
/// Fair: when it becomes free while somebody waits, it belongs to the one that waits longest, from that moment on.
///
/// ```swift
/// let lock = ReentrantLock()
/// func deposit(_ amount: Int) throws {
///     try lock.withLock { try book(amount) }
/// }
/// func move(_ amount: Int, to other: Account) throws {
///     try lock.withLock {
///         try deposit(-amount)  // takes it a second time
///         try other.deposit(amount)
///     }
/// }
/// ```
///
/// When not to use it: to protect what has no switch point within; on one thread nobody comes in between.
///
/// gevent: `gevent.lock.RLock`.
public final class ReentrantLock {
    /// Who holds it; nil if nobody does.
    ///
    /// gevent: `RLock._owner`.
    public private(set) var owner: AnyGreenlet?
    /// How often its owner has taken it and not released it; 0 if nobody holds it.
    ///
    /// gevent: `RLock._count`.
    public private(set) var depth = 0
    private let waiters = WaitList()

    /// Creates a lock that nobody holds.
    ///
    /// gevent: `RLock()`.
    public init() {}

    /// Takes the lock, and waits for it if another greenlet holds it.
    ///
    /// Switch point, if another greenlet holds it.
    ///
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block. The lock was not taken then.
    ///
    /// gevent: `RLock.acquire`.
    public func acquire() throws { _ = try acquire(timeout: nil) }

    /// Takes the lock, and waits some time for it if another greenlet holds it.
    ///
    /// Switch point, if another greenlet holds it.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if it was taken, false if the time ran out.
    /// - Throws: As `acquire()`.
    ///
    /// gevent: `RLock.acquire`.
    public func acquire(timeout: Duration?) throws -> Bool {
        if tryAcquire() { return true }
        return try waiters.wait(for: WaitReason("acquire", self), until: Deadline(after: timeout))
    }

    /// Takes the lock unless another greenlet holds it.
    ///
    /// Not a switch point.
    ///
    /// - Returns: Whether it was taken.
    ///
    /// gevent: `RLock.acquire(blocking=False)`.
    public func tryAcquire() -> Bool {
        let current = AnyGreenlet.current
        if let owner, !owner.isSame(as: current) { return false }
        owner = current
        depth += 1
        return true
    }

    /// Releases the lock once; after the last time it goes to the greenlet that waits longest, if any does.
    ///
    /// Not a switch point.
    ///
    /// - Throws: `GreenletError` with `.invalidArgument` if this greenlet doesn't hold it; nothing has changed then.
    ///
    /// gevent: `RLock.release`.
    public func release() throws {
        try checkOwner("release", self)
        depth -= 1
        if depth == 0 { passOn() }
    }

    /// Runs `body` while holding the lock.
    ///
    /// Switch point, if another greenlet holds it, or if `body` is.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; as `acquire()`; as `release()`, if `body` released it itself.
    ///
    /// gevent: `with lock:`.
    public func withLock<Value>(_ body: () throws -> Value) throws -> Value {
        try acquire()
        return try Result { try body() }.get(after: release)
    }

    /// Whether some greenlet holds it.
    ///
    /// gevent: `RLock.locked`.
    public var isLocked: Bool { owner != nil }

    /// Whether the current greenlet holds it.
    ///
    /// gevent: `RLock._is_owned`.
    public var isHeld: Bool { owner?.isSame(as: .current) ?? false }
}

extension ReentrantLock {
    /// Throws unless the current greenlet holds it.
    func checkOwner(_ operation: StaticString, _ object: AnyObject) throws {
        let current = AnyGreenlet.current
        if let owner, owner.isSame(as: current) { return }
        let holder = owner.map { "\($0) holds" } ?? "nobody holds"
        throw GreenletError(
            .invalidArgument,
            "\(operation) on \(object) by \(current), but \(holder) the lock; do it where the lock was acquired"
        )
    }

    /// Nobody holds it now, or who waits longest does.
    private func passOn() {
        owner = waiters.oldest
        depth = owner == nil ? 0 : 1
        waiters.wakeFirst()  // it is his already, so nobody can take it before he runs
    }

    /// Releases it altogether; returns its depth, for `takeBack(_:)`.
    func giveUp() -> Int {
        defer { passOn() }
        return depth
    }

    /// Takes it again as deep as it was; kills and timeouts wait.
    ///
    /// Switch point, unless it is free.
    ///
    /// - Throws: What makes it impossible to wait; the lock is not held then.
    func takeBack(_ depth: Int) throws {
        if !tryAcquire() { try shield { _ = try acquire() } }
        self.depth = depth
    }
}

extension ReentrantLock: CustomStringConvertible {
    /// `<ReentrantLock 0x7f… held 2 deep by Greenlet-7 (Server.swift:12), 3 waiting>`.
    public var description: String {
        describe(self, owner.map { "held \(depth) deep by \($0)" } ?? "free", "\(waiters.count) waiting")
    }
}

@available(*, unavailable)
extension ReentrantLock: Sendable {}
