// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One value, or one error, that will be there later.

/// A place for one value or error, which one greenlet fills and any number can wait for.
///
/// ```swift
/// let reply = AsyncResult<String>()
/// spawn { reply.set("hello") }
/// print(try reply.get())
/// ```
///
/// When not to use it: to wait for what a greenlet returns; `Greenlet.get(timeout:)` does that.
///
/// gevent: `gevent.event.AsyncResult`.
public final class AsyncResult<Value> {
    // Compiled in the client, where `Value` is known; whatever waits and wakes is not, and knows nothing of values.

    @usableFromInline var stored: Outcome<Value>?
    @usableFromInline let waiters = WaitList()

    /// What was set; nil until then.
    @inlinable public var outcome: Outcome<Value>? { stored }

    /// Creates an empty result.
    @inlinable
    public init() {}

    /// Stores a value and wakes all that wait, in the order they came.
    ///
    /// Not a switch point. May be called again: the newer value replaces the older one, also for those who were woken
    /// and have not run yet.
    ///
    /// - Parameter value: What `get(timeout:)` returns from now on.
    ///
    /// gevent: `AsyncResult.set`.
    @inlinable
    public func set(_ value: Value) { finish(.value(value)) }

    /// Stores an error and wakes all that wait, in the order they came.
    ///
    /// Not a switch point. May be called again, like `set(_:)`.
    ///
    /// - Parameter error: What `get(timeout:)` throws from now on.
    ///
    /// gevent: `AsyncResult.set_exception`.
    public func setError(_ error: any Error) { finish(.failure(error)) }

    /// Takes over how `greenlet` ends, when it does; at once if it has.
    ///
    /// Not a switch point. An error of the greenlet is not reported then: it will be thrown by `get(timeout:)`.
    ///
    /// - Parameter greenlet: Whose outcome to take.
    ///
    /// gevent: `Greenlet.link(async_result)`.
    public func take(_ greenlet: Greenlet<Value>) {
        greenlet.onFinish(observing: true) { [weak greenlet] in
            if let outcome = greenlet?.outcome { self.finish(outcome) }
        }
    }

    @inlinable
    func finish(_ outcome: Outcome<Value>) {
        // What was there ends after the access, for its `deinit` may look here.
        var former: Outcome<Value>? = outcome
        swap(&stored, &former)
        waiters.wakeAll()
    }

    /// Waits for the value and returns it.
    ///
    /// Switch point, unless it is there.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: The value.
    /// - Throws: The error that was set; `GreenletError` with `.exited` if it was taken from a greenlet that exited;
    ///   `Timeout` if nothing was set in time; whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the
    ///   wait; `GreenletError` where nothing may block.
    ///
    /// gevent: `AsyncResult.get`.
    @inlinable
    public func get(timeout: Duration? = nil) throws -> Value {
        guard let outcome = try settled("get", timeout) else {
            throw WaitList.expired("get", on: self, timeout: timeout)
        }
        return try outcome.get()
    }

    /// Returns the value if it is there.
    ///
    /// Not a switch point.
    ///
    /// - Returns: The value; nil if nothing was set yet.
    /// - Throws: The error that was set; `GreenletError` with `.exited` if it was taken from a greenlet that exited.
    ///
    /// gevent: `AsyncResult.get_nowait`, which raises a `Timeout` if nothing was set.
    @inlinable
    public func tryGet() throws -> Value? {
        if stored == nil { _ = Hub.hasJustStartedOver() }
        return try stored?.get()
    }

    /// Waits until something was set, without throwing an error that was.
    ///
    /// Switch point, unless it is there.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: The value; nil if the time ran out, or if it is an error.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block. Never the error that was set.
    ///
    /// gevent: `AsyncResult.wait`.
    @inlinable
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Value? {
        if case .value(let value) = try settled("wait", timeout) { return value }
        return nil
    }

    @inlinable
    func settled(_ operation: StaticString, _ timeout: Duration?) throws -> Outcome<Value>? {
        if stored == nil, !Hub.hasJustStartedOver() || stored == nil {
            _ = try waiters.wait(operation, on: self, timeout: timeout)
        }
        return stored
    }
}

extension AsyncResult {
    /// Whether a value or an error was set.
    ///
    /// gevent: `AsyncResult.ready`.
    public var isReady: Bool { outcome != nil }

    /// Whether something was set that is not an error.
    ///
    /// gevent: `AsyncResult.successful`.
    public var isSuccessful: Bool {
        switch outcome {
        case .value, .exited: return true
        case .failure, nil: return false
        }
    }

    /// The value; nil until it was set, and if it is an error.
    ///
    /// gevent: `AsyncResult.value`.
    public var value: Value? {
        if case .value(let value) = outcome { return value }
        return nil
    }

    /// The error; nil until it was set, and if it is a value.
    ///
    /// gevent: `AsyncResult.exception`.
    public var error: (any Error)? {
        if case .failure(let error) = outcome { return error }
        return nil
    }
}

extension AsyncResult where Value == Void {
    /// Wakes all that wait.
    ///
    /// Not a switch point.
    ///
    /// gevent: `AsyncResult.set()`.
    public func set() { set(()) }
}

extension AsyncResult: CustomStringConvertible {
    /// `<AsyncResult 0x7f… empty, 2 waiting>`.
    public var description: String {
        let state =
            switch outcome {
            case .value: "value"
            case .failure(let error): "error \(error)"
            case .exited: "exited"
            case nil: "empty"
            }
        return describe(self, state, "\(waiters.count) waiting")
    }
}

/// Ready when a value or an error was set.
///
/// gevent: `AsyncResult.rawlink`.
extension AsyncResult: Waitable {
    /// Whether something was set.
    public var readiness: Readiness { Readiness(isReady, tells: self.waiters) }
}

@available(*, unavailable)
extension AsyncResult: Sendable {}
