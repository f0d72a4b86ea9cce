// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler. Here: hubs, what they run and time, and their errors.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletCore
public import GreenletHub

extension Hub {
    /// Use `errorHandler`.
    @available(*, unavailable, renamed: "errorHandler")
    public func handle_error() {}

    /// Use `printError(of:_:)`.
    @available(*, unavailable, renamed: "printError(of:_:)")
    public func print_exception() {}

    /// Use `errorOutput`.
    @available(*, unavailable, renamed: "errorOutput")
    public var exception_stream: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "greenlets describe themselves; for another form set errorHandler")
    public var format_context: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "no error goes to the main greenlet by itself; set errorHandler")
    public func handle_system_error() {}

    /// Use `cancelWaits(on:with:)`, or that of a watcher.
    @available(*, unavailable, message: "use cancelWaits(on:with:), or the watcher's cancelWaits(with:)")
    public func cancel_wait(_ watcher: DescriptorWatcher, _ error: any Error) {}

    /// Use `cancelWaits(on:with:)`, and close the descriptor.
    @available(*, unavailable, message: "use cancelWaits(on:with:), and close the descriptor")
    public func cancel_waits_close_and_then(_ watchers: [DescriptorWatcher], _ error: any Error) {}

    /// Use what stands for its functions here.
    @available(
        *,
        unavailable,
        message: "use runCallback, TimerWatcher, SignalWatcher, DescriptorWatcher, ChildWatcher or FileStatusWatcher"
    )
    public var loop: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "GreenletExit is never reported; for others set errorHandler")
    public var NOT_ERROR: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "no error ends the program by itself; set errorHandler, and call exit there")
    public var SYSTEM_ERROR: Never { fatalError("unavailable") }

    /// Use `startMonitoring(limit:_:)`.
    @available(*, unavailable, renamed: "startMonitoring(limit:_:)")
    public func start_periodic_monitoring_thread() {}

    /// Use `destroy()`.
    @available(*, unavailable, renamed: "destroy()")
    public func destroy(destroy_loop: Bool) {}
}

extension Timeout {
    /// Use `start()`.
    @available(*, unavailable, message: "make one, and start() it; or use withTimeout(_:_:)")
    public static func start_new(_ seconds: Double?, _ exception: (any Error)? = nil, ref: Bool = true) {}

    /// Use `cancel()`.
    @available(*, unavailable, renamed: "cancel()")
    public func close() {}

    /// Use `isPending`.
    @available(*, unavailable, renamed: "isPending")
    public var pending: Never { fatalError("unavailable") }

    /// Use `duration`.
    @available(*, unavailable, renamed: "duration")
    public var seconds: Never { fatalError("unavailable") }
}

extension Waiter {
    /// Use `wake()`, and an `AsyncResult` for one that carries a value.
    @available(*, unavailable, message: "use wake(); an AsyncResult carries a value")
    public func `switch`<Value>(_ value: Value) {}

    /// Use `wake(throwing:)`.
    @available(*, unavailable, renamed: "wake(throwing:)")
    public func `throw`(_ error: any Error) {}

    /// Use `park(for:timeout:)`, and an `AsyncResult` for one that carries a value.
    @available(*, unavailable, message: "use park(for:timeout:); an AsyncResult carries a value")
    public func get() {}
}

extension TimerWatcher {
    /// Use `cancel()`.
    @available(*, unavailable, renamed: "cancel()")
    public func stop() {}
}

extension HubHandle {
    /// Use `runCallback(_:)`.
    @available(*, unavailable, renamed: "runCallback(_:)")
    public func run_callback_threadsafe(_ callback: @escaping @Sendable () -> Void) {}
}

/// Use `GreenletError` with `.blockingInHub`.
@available(*, unavailable, message: "it is a GreenletError with .blockingInHub")
public typealias BlockingSwitchOutError = GreenletError

/// Use `GreenletError` with `.invalidSwitch`.
@available(*, unavailable, message: "it is a GreenletError with .invalidSwitch")
public typealias InvalidSwitchError = GreenletError

/// Use `GreenletError` with `.concurrentUse`.
@available(*, unavailable, message: "it is a GreenletError with .concurrentUse")
public typealias ConcurrentObjectUseError = GreenletError

/// Use `GreenletError` with `.wrongThread`.
@available(*, unavailable, message: "it is a GreenletError with .wrongThread")
public typealias InvalidThreadUseError = GreenletError

/// Use `GreenletError` with `.hubDestroyed`.
@available(*, unavailable, message: "it is a GreenletError with .hubDestroyed; greenlets end by GreenletExit")
public typealias HubDestroyed = GreenletError
