// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The meeting point of one waiting greenlet and one wake-up, for whoever brings his own callback.

/// One wait of the current greenlet: made first, given to whoever will wake it, then parked on, once.
///
/// The wake-up may come before the park: then parking returns at once. The greenlet may wait for other things in between,
/// and have several waiters that it hasn't parked on yet; of more than 64 of those the oldest is forgotten. A second
/// wake-up, or one that comes after the wait ended otherwise (timeout, kill), does nothing.
///
/// ```swift
/// var askers: [String: [Waiter]] = [:]
/// func answer(to question: String) throws -> Bool {
///     let waiter = try Waiter()
///     askers[question, default: []].append(waiter)
///     try connection.send(question)  // waits too, and the answer may be there before it returns
///     return try waiter.park(for: "an answer", timeout: .seconds(1))
/// }
/// func received(answerTo question: String) {  // called by the greenlet that reads
///     for waiter in askers.removeValue(forKey: question) ?? [] { waiter.wake() }
/// }
/// ```
///
/// All on one thread, that of the hub. The hub doesn't know who will wake it: without a timeout, and where no greenlet, timer
/// or descriptor is left that might, it is a `LoopExit`. It is a value, and costs nothing.
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
        greenlet = try Hub.parkableReference().takeUnretainedValue()
        ticket = greenlet.beginWait()
    }

    /// How many a greenlet may have that it hasn't parked on.
    package static var openLimit: Int { 64 }

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
    /// - Precondition: This is the thread of the greenlet.
    @discardableResult
    public func wake() -> Bool {
        guard greenlet.checkWaker() else { return false }
        return greenlet.wake(.ready, ticket: ticket) || greenlet.wakeSetAside(ticket, with: nil)
    }

    /// Makes the greenlet runnable, with `error` thrown out of its `park`.
    ///
    /// Not a switch point.
    ///
    /// - Parameter error: What to throw there.
    /// - Returns: Whether this was what woke it.
    /// - Precondition: This is the thread of the greenlet.
    @discardableResult
    public func wake(throwing error: any Error) -> Bool {
        guard greenlet.checkWaker() else { return false }
        let pending = PendingError(error)
        // The error is for the park on this one, and for no wait that comes before.
        if greenlet.waitState.phase == .waiting { greenlet.setAsideIfOpen() }
        return greenlet.wake(throwing: pending, ticket: ticket) || greenlet.wakeSetAside(ticket, with: pending)
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
    /// - Precondition: The current greenlet has made it, and not parked on it before.
    ///
    /// gevent: `Waiter.get`.
    public func park(for reason: StaticString, timeout: Duration? = nil) throws -> Bool {
        try park(for: WaitReason(reason), until: Deadline(after: timeout))
    }

    /// `park(for:until:)` for code that is compiled in other modules.
    ///
    /// Switch point.
    @usableFromInline
    func park(_ verb: StaticString, on object: AnyObject, timeout: Duration?) throws -> Bool {
        try park(for: WaitReason(verb, object), until: Deadline(after: timeout))
    }

    @inline(__always)
    package func park(for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        if greenlet.waitState.ticket == ticket, greenlet.waitState.phase == .waiting, greenlet.isRunning {
            return try greenlet.park(for: reason, until: deadline)
        }
        return try greenlet.parkLate(ticket, for: reason, until: deadline)
    }
}

@available(*, unavailable)
extension Waiter: Sendable {}
