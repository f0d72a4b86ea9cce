// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A semaphore that notices when more is given back than was taken.

import GreenletCore

/// A semaphore whose permits never become more than at first.
///
/// ```swift
/// let lock = BoundedSemaphore()
/// try lock.withPermit { try update() }
/// ```
///
/// gevent: `gevent.lock.BoundedSemaphore`.
public final class BoundedSemaphore {
    /// How many permits there are.
    public let limit: Int
    let semaphore: Semaphore

    /// Creates a semaphore.
    ///
    /// - Parameter value: How many permits there are.
    /// - Precondition: `value` is not negative.
    ///
    /// gevent: `BoundedSemaphore(value)`.
    public init(_ value: Int = 1) {
        limit = value
        semaphore = Semaphore(value)
    }

    /// How many permits are free.
    ///
    /// gevent: `Semaphore.counter`.
    public var value: Int { semaphore.value }

    /// Whether no permit is free.
    ///
    /// gevent: `Semaphore.locked`.
    public var isLocked: Bool { semaphore.isLocked }

    /// Takes a permit, and waits for one if none is free.
    ///
    /// Switch point, if none is free.
    ///
    /// - Throws: As `Semaphore.acquire()`.
    ///
    /// gevent: `Semaphore.acquire`.
    public func acquire() throws { try semaphore.acquire() }

    /// Takes a permit, and waits some time for one if none is free.
    ///
    /// Switch point, if none is free.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if a permit was taken, false if the time ran out.
    /// - Throws: As `Semaphore.acquire()`.
    ///
    /// gevent: `Semaphore.acquire`.
    public func acquire(timeout: Duration?) throws -> Bool { try semaphore.acquire(timeout: timeout) }

    /// Takes a permit if one is free.
    ///
    /// Not a switch point.
    ///
    /// - Returns: Whether a permit was taken.
    ///
    /// gevent: `Semaphore.acquire(blocking=False)`.
    public func tryAcquire() -> Bool { semaphore.tryAcquire() }

    /// Gives a permit back: to the greenlet that waits longest, if any does.
    ///
    /// Not a switch point.
    ///
    /// - Returns: How many permits are free now.
    /// - Throws: `GreenletError` with `.invalidArgument` if all permits are there already; nothing has changed then.
    ///
    /// gevent: `BoundedSemaphore.release`.
    @discardableResult
    public func release() throws -> Int {
        guard value < limit else {
            throw GreenletError(
                .invalidArgument,
                "\(self) was released too many times: all of its permits are there; release once for each acquire"
            )
        }
        return semaphore.release()
    }

    /// Waits until a permit is free, without taking it.
    ///
    /// Switch point, if none is free.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: How many permits are free now; 0 if the time ran out.
    /// - Throws: As `Semaphore.acquire()`.
    ///
    /// gevent: `Semaphore.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Int { try semaphore.wait(timeout: timeout) }

    /// Runs `body` with a permit, and gives it back afterwards.
    ///
    /// Switch point, if no permit is free, or if `body` is.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; as `Semaphore.acquire()`; as `release()`, if `body` released this permit itself.
    ///
    /// gevent: `with semaphore:`.
    public func withPermit<Value>(_ body: () throws -> Value) throws -> Value {
        try acquire()
        return try Result { try body() }.get { try release() }
    }
}

extension BoundedSemaphore: CustomStringConvertible {
    /// `<BoundedSemaphore 0x7f… 1 of 1 free>`.
    public var description: String { describe(self, "\(value) of \(limit) free") }
}

/// Ready when a permit is free; waiting does not take it.
///
/// gevent: `Semaphore.rawlink`.
extension BoundedSemaphore: Waitable {
    /// Whether a permit is free.
    public var readiness: Readiness { semaphore.readiness }
}

@available(*, unavailable)
extension BoundedSemaphore: Sendable {}
