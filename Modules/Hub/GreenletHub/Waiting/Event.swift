// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A flag that greenlets wait for.

/// A flag that any number of greenlets can wait for, set and cleared by others.
///
/// ```swift
/// let ready = Event()
/// spawn {
///     try sleep(.milliseconds(10))
///     ready.set()
/// }
/// try ready.wait()
/// ```
///
/// When not to use it: to hand something over; take an `AsyncResult` for one value, a `Queue` for many.
///
/// gevent: `gevent.event.Event`.
public final class Event {
    /// Whether the flag is set.
    ///
    /// gevent: `Event.is_set`.
    @exclusivity(unchecked) public private(set) var isSet = false
    private let waiters = WaitList()

    /// Creates an event that is not set.
    public init() {}

    /// Sets the flag and wakes all that wait, in the order they came.
    ///
    /// Not a switch point. All that wait now are woken with success, even if the flag is cleared before they run.
    /// Setting it twice is the same as once.
    ///
    /// gevent: `Event.set`.
    public func set() {
        isSet = true
        waiters.wakeAll()
    }

    /// Clears the flag: who waits from now on, waits for the next `set()`.
    ///
    /// Not a switch point.
    ///
    /// gevent: `Event.clear`.
    public func clear() { isSet = false }

    /// Waits until the flag is set.
    ///
    /// Switch point, unless it is set.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if it was set, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block.
    ///
    /// gevent: `Event.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Bool {
        if isSet { return true }
        return try waiters.wait(for: WaitReason("wait", self), until: Deadline(after: timeout))
    }
}

extension Event: CustomStringConvertible {
    /// `<Event 0x7f… set>`.
    public var description: String { describe(self, isSet ? "set" : "clear", "\(waiters.count) waiting") }
}

/// Ready when it is set.
///
/// gevent: `Event.rawlink`.
extension Event: Waitable {
    /// Whether it is set.
    public var readiness: Readiness { Readiness(isSet, tells: self.waiters) }
}

@available(*, unavailable)
extension Event: Sendable {}
