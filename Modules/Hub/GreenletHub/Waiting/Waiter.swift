// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The meeting point of one waiting greenlet and one wake-up, for whoever brings his own callback.

/// One wait of the current greenlet: made first, given to whoever will wake it, then parked on.
///
/// The wake-up may come before the park: then parking returns at once. A second wake-up, or one that comes after the
/// wait ended otherwise (timeout, kill), does nothing.
///
/// ```swift
/// let waiter = try Waiter()
/// device.onReply { waiter.wake() }
/// let inTime = try waiter.park(for: "the device's reply", timeout: .seconds(1))
/// ```
///
/// All on one thread: that of the hub. It is a value, and costs nothing.
///
/// gevent: `gevent.hub.Waiter`.
public struct Waiter {
    let greenlet: AnyGreenlet
    let ticket: UInt32

    /// Begins a wait of the current greenlet.
    ///
    /// Not a switch point.
    ///
    /// - Throws: `GreenletError` with `.blockingInHub` or `.blockingInTask` where nothing may block.
    public init() throws {
        greenlet = try Hub.current.parkable()
        ticket = greenlet.beginWait()
    }

    /// The wait of somebody who stands in for another one.
    init(of standIn: StandIn) {
        greenlet = standIn
        ticket = standIn.waitState.ticket
    }

    /// Whether nothing has ended this wait yet.
    var isWaiting: Bool { greenlet.waitState.ticket == ticket && greenlet.waitState.isWaiting }

    /// Makes the greenlet runnable.
    ///
    /// Not a switch point.
    ///
    /// - Returns: Whether this was what woke it.
    @discardableResult
    public func wake() -> Bool { greenlet.wake(.ready, ticket: ticket) }

    /// Makes the greenlet runnable, with `error` thrown out of its `park`.
    ///
    /// Not a switch point.
    ///
    /// - Parameter error: What to throw there.
    /// - Returns: Whether this was what woke it.
    @discardableResult
    public func wake(throwing error: any Error) -> Bool {
        greenlet.wake(throwing: PendingError(error), ticket: ticket)
    }

    /// Waits for `wake()`.
    ///
    /// Switch point, unless it has been called.
    ///
    /// - Parameters:
    ///   - reason: What is waited for, for dumps and for `LoopExit`.
    ///   - timeout: At most how long; nil means for ever.
    /// - Returns: True if woken, false if the time ran out.
    /// - Throws: What `wake(throwing:)` was given, and whatever the greenlet is killed with.
    ///
    /// gevent: `Waiter.get`.
    public func park(for reason: StaticString, timeout: Duration? = nil) throws -> Bool {
        try greenlet.park(for: WaitReason(reason), until: Deadline(after: timeout))
    }

    /// `park(for:until:)` for code that is compiled in other modules.
    ///
    /// Switch point.
    @usableFromInline
    func park(_ verb: StaticString, on object: AnyObject, timeout: Duration?) throws -> Bool {
        try greenlet.park(for: WaitReason(verb, object), until: Deadline(after: timeout))
    }

    package func park(for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        try greenlet.park(for: reason, until: deadline)
    }
}

@available(*, unavailable)
extension Waiter: Sendable {}
