// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A greenlet with a value: spawned, scheduled by the hub, with an outcome that others can wait for.

import GreenletCore

/// A body that runs on a stack of its own, whenever the hub finds it runnable, and ends with an outcome.
///
/// It begins in the next turn of the hub, never inside `spawn`, and runs until it calls something that is marked as a
/// switch point. All greenlets of a thread take turns on that thread, so data that they share needs no lock between
/// two switch points.
///
/// ```swift
/// let answer = spawn {
///     try sleep(.milliseconds(10))
///     return 42
/// }
/// print(try answer.get())
/// ```
///
/// A greenlet lives until its body ends, whether or not anybody holds a reference.
///
/// When not to use it: for computation that should use several cores; greenlets of one thread share one.
///
/// gevent: `gevent.Greenlet`.
public final class Greenlet<Value>: AnyGreenlet {
    /// Creates a greenlet that does nothing until `start()`.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was created, for messages.
    ///   - line: Where it was created, for messages.
    ///   - body: What to run.
    ///
    /// gevent: `Greenlet(run)`.
    @inlinable
    public init(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) {
        // Inlined, so that the job is compiled where `Value` is known.
        super.init(name: name, file: file, line: line) { greenlet in
            // Safe because a greenlet runs its own job, with itself, once.
            greenlet.slot.put(try body())
        }
    }

    deinit {
        if stage == .returned { dropValue() }
    }

    override func dropValue() { slot.destroy(Value.self) }

    /// Schedules the body for the next turn of the hub.
    ///
    /// Does nothing if that happened before, or after the end.
    ///
    /// Not a switch point.
    ///
    /// gevent: `Greenlet.start`.
    @inlinable
    public func start() { schedule() }

    /// Schedules the body for later.
    ///
    /// Does nothing if it was scheduled before. Not a switch point.
    ///
    /// - Parameter delay: How long to wait.
    ///
    /// gevent: `Greenlet.start_later`.
    public func start(after delay: Duration) { schedule(after: delay) }
}

extension Greenlet {
    /// How it ended; nil until then.
    public var outcome: Outcome<Value>? {
        switch stage {
        case .returned: return .value(slot.get())
        case .failed: return failure.map { .failure($0) }
        case .exited: return .exited
        default: return nil
        }
    }

    /// What the body returned; nil before the end, and if it failed or exited.
    ///
    /// gevent: `Greenlet.value`.
    public var value: Value? { stage == .returned ? slot.get() : nil }

    /// Waits for the end and returns the value.
    ///
    /// Switch point, unless it has ended. Without waiting: `try greenlet.outcome?.get()`, nil before the end.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: What the body returned.
    /// - Throws: The error that the body threw; `GreenletError` with `.exited` if it was killed, or threw `GreenletExit`,
    ///   and so has no value; `Timeout` if it has not ended in time; whatever the waiting greenlet is killed with, which
    ///   alone is a `GreenletExit`.
    ///
    /// gevent: `Greenlet.get`.
    @inlinable
    public func get(timeout: Duration? = nil) throws -> Value {
        try waitForValue(timeout: timeout)
        // Safe because that throws unless the job has put it there.
        return slot.get()
    }

    /// Calls `callback` when it has ended, in a greenlet of its own, so that it may block.
    ///
    /// Not a switch point.
    ///
    /// Called too if it has ended already. Links are called in the order they were made; one that throws is reported
    /// and stops none of the others; one that a link before it takes back is not called. A greenlet with a link
    /// doesn't have its error reported: the link has seen it.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.link`.
    @discardableResult
    public func link(_ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        // Safe, here and below, because links are called with the greenlet that they were made on.
        link(observes: true) { try callback(unsafeDowncast($0, to: Greenlet<Value>.self)) }
    }

    /// Like `link(_:)`, if it ends without an error.
    ///
    /// Not a switch point. An error that it ends with is reported, as this link doesn't see it.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.link_value`.
    @discardableResult
    public func linkValue(_ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        link(observes: false) {
            let greenlet = unsafeDowncast($0, to: Greenlet<Value>.self)
            if greenlet.isSuccessful { try callback(greenlet) }
        }
    }

    /// Like `link(_:)`, if it ends with an error.
    ///
    /// Not a switch point.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.link_exception`.
    @discardableResult
    public func linkError(_ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        link(observes: true) {
            let greenlet = unsafeDowncast($0, to: Greenlet<Value>.self)
            if greenlet.error != nil { try callback(greenlet) }
        }
    }

    /// Calls `callback` when it has ended, in the hub: without a greenlet, and so without any waiting.
    ///
    /// Not a switch point.
    ///
    /// As `link(_:)`, but for what only sets or wakes something. A blocking call in it throws
    /// `GreenletError.Code.blockingInHub`. Those of one greenlet are called in the order they were made, in the hub's next
    /// turn: where the greenlet has ended by itself, before any callback of `link(_:)`, whenever that was made.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.rawlink`.
    @discardableResult
    public func rawLink(_ callback: @escaping (Greenlet<Value>) -> Void) -> LinkID {
        linkRaw { callback(unsafeDowncast($0, to: Greenlet<Value>.self)) }
    }
}
