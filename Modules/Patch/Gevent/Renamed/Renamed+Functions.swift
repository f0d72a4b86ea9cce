// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler. Here: gevent's functions, and those of its monkey.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletCore
public import GreenletHub

/// Use `spawn(after:_:_:)`.
@available(*, unavailable, renamed: "spawn(after:_:_:)")
public func spawn_later(_ seconds: Double, _ function: @escaping () throws -> Void) {}

/// Use `spawn(_:_:)`.
@available(*, unavailable, renamed: "spawn(_:_:)")
public func spawn_raw(_ function: @escaping () throws -> Void) {}

/// Use `AnyGreenlet.kill(with:wait:timeout:)`.
@available(*, unavailable, message: "use greenlet.kill(wait: false)")
public func kill(_ greenlet: AnyGreenlet, _ error: any Error = GreenletExit()) {}

/// Use `withTimeout(_:default:_:)`.
@available(*, unavailable, renamed: "withTimeout(_:default:_:)")
public func with_timeout(_ seconds: Double, _ function: @escaping () throws -> Void) {}

/// Use `GreenletLocal`.
@available(*, unavailable, renamed: "GreenletLocal")
public typealias local<Value> = GreenletLocal<Value>

/// Use `SignalWatcher`.
@available(*, unavailable, renamed: "SignalWatcher.init(_:keepsHubAlive:_:)")
public func signal_handler(_ signal: CInt, _ handler: @escaping () throws -> Void) {}

/// Use `waitRead(_:timeout:)`.
@available(*, unavailable, renamed: "waitRead(_:timeout:)")
public func wait_read(_ descriptor: CInt, _ timeout: Double? = nil) {}

/// Use `waitWrite(_:timeout:)`.
@available(*, unavailable, renamed: "waitWrite(_:timeout:)")
public func wait_write(_ descriptor: CInt, _ timeout: Double? = nil) {}

/// Use `cancelWaits(on:)`.
@available(*, unavailable, renamed: "cancelWaits(on:)")
public func cancel_wait(_ descriptor: CInt) {}

/// Use `sleep(_:keepsHubAlive:)`.
@available(*, unavailable, renamed: "sleep(_:keepsHubAlive:)")
public func sleep(_ seconds: Double, ref: Bool) {}

/// Use `Hub.turnBudget`.
@available(*, unavailable, message: "use Hub.current.turnBudget")
public func getswitchinterval() {}

/// Use `Hub.turnBudget`.
@available(*, unavailable, message: "set Hub.current.turnBudget")
public func setswitchinterval(_ seconds: Double) {}

/// Use `Hub.current`.
@available(*, unavailable, renamed: "Hub.current")
public func get_hub() {}

/// Use `Hub.runInfo(frames:)`.
@available(*, unavailable, message: "use Hub.current.runInfo(frames:)")
public func format_run_info() {}

/// Use `forkAndWatch()`.
@available(*, unavailable, renamed: "forkAndWatch()", message: "spawn a greenlet that waits, in place of the callback")
public func fork_and_watch() {}

/// Use `Hub.fork()`: the child's hub needs nothing else.
@available(*, unavailable, message: "not needed: a hub notices a fork by itself, whoever called it")
public func reinit() {}

extension Monkey {
    /// Use `patchAll()`.
    @available(*, unavailable, renamed: "patchAll()")
    public static func patch_all() {}

    /// Use `patchSocket()`.
    @available(*, unavailable, renamed: "patchSocket()")
    public static func patch_socket() {}

    /// Use `patchTime()`.
    @available(*, unavailable, renamed: "patchTime()")
    public static func patch_time() {}

    /// Use `patchSelect()`.
    @available(*, unavailable, renamed: "patchSelect()")
    public static func patch_select() {}

    /// Use `isPatched(_:)`.
    @available(*, unavailable, renamed: "isPatched(_:)")
    public static func is_module_patched(_ name: String) {}

    /// Use `original(_:)`.
    @available(*, unavailable, renamed: "original(_:)")
    public static func get_original(_ name: String) {}
}
