// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler. Here: events, results and locks.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletHub

/// Use `ReentrantLock`.
@available(*, unavailable, renamed: "ReentrantLock")
public typealias RLock = ReentrantLock

/// Use no semaphore: an optional one that is nil limits nothing.
@available(*, unavailable, message: "use an optional Semaphore; nil limits nothing")
public typealias DummySemaphore = Semaphore

extension Waitable {
    /// Use `rawLink(_:)`.
    @available(*, unavailable, renamed: "rawLink(_:)")
    public func rawlink(_ callback: (Self) -> Void) {}

    /// Use the description.
    @available(*, unavailable, message: "the description says how many wait")
    public func linkcount() {}
}

extension Event {
    /// Use `isSet`.
    @available(*, unavailable, renamed: "isSet")
    public func is_set() {}

    /// Use `isSet`.
    @available(*, unavailable, renamed: "isSet")
    public func ready() {}
}

extension AsyncResult {
    /// Use `setError(_:)`.
    @available(*, unavailable, renamed: "setError(_:)")
    public func set_exception(_ error: any Error) {}

    /// Use `set(_:)`.
    @available(*, unavailable, renamed: "set(_:)")
    public func set_result(_ value: Value) {}

    /// Use `tryGet()`.
    @available(*, unavailable, renamed: "tryGet()")
    public func get_nowait() {}

    /// Use `get(timeout:)`.
    @available(*, unavailable, renamed: "get(timeout:)")
    public func result(timeout: Double? = nil) {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public func ready() {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public func done() {}

    /// Use `isSuccessful`.
    @available(*, unavailable, renamed: "isSuccessful")
    public func successful() {}

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exception: Never { fatalError("unavailable") }

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exc_info: Never { fatalError("unavailable") }

    /// Nobody can: whoever works at it may be killed.
    @available(*, unavailable, message: "a result can't be cancelled; kill the greenlet that would set it")
    public func cancel() {}

    /// Nobody can: see `cancel()`.
    @available(*, unavailable, message: "a result can't be cancelled; setError(_:) says so to all who wait")
    public func cancelled() {}

    /// Use `take(_:)`.
    @available(*, unavailable, renamed: "take(_:)")
    public func callAsFunction(_ greenlet: Greenlet<Value>) {}
}

extension Semaphore {
    /// Use `value`.
    @available(*, unavailable, renamed: "value")
    public var counter: Never { fatalError("unavailable") }

    /// Use `isLocked`.
    @available(*, unavailable, renamed: "isLocked")
    public func locked() {}

    /// Use `isLocked`.
    @available(*, unavailable, message: "use isLocked, which is the contrary")
    public func ready() {}

    /// Use `tryAcquire()`.
    @available(*, unavailable, message: "use tryAcquire(), or acquire(timeout:)")
    public func acquire(blocking: Bool) {}
}

extension BoundedSemaphore {
    /// Use `value`.
    @available(*, unavailable, renamed: "value")
    public var counter: Never { fatalError("unavailable") }

    /// Use `isLocked`.
    @available(*, unavailable, renamed: "isLocked")
    public func locked() {}

    /// Use `isLocked`.
    @available(*, unavailable, message: "use isLocked, which is the contrary")
    public func ready() {}

    /// Use `tryAcquire()`.
    @available(*, unavailable, message: "use tryAcquire(), or acquire(timeout:)")
    public func acquire(blocking: Bool) {}
}

extension ReentrantLock {
    /// Use `isLocked`.
    @available(*, unavailable, renamed: "isLocked")
    public func locked() {}

    /// Use `tryAcquire()`.
    @available(*, unavailable, message: "use tryAcquire(), or acquire(timeout:)")
    public func acquire(blocking: Bool) {}
}

extension Condition {
    /// Use `notifyAll()`.
    @available(*, unavailable, renamed: "notifyAll()")
    public func notify_all() {}

    /// Use `wait(timeout:until:)`.
    @available(*, unavailable, renamed: "wait(timeout:until:)")
    public func wait_for(_ predicate: () throws -> Bool) {}
}

extension Barrier {
    /// Use `waitingCount`.
    @available(*, unavailable, renamed: "waitingCount")
    public var n_waiting: Never { fatalError("unavailable") }
}
