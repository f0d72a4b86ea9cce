// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's functions, under gevent's names: `Gevent.spawn(foo, 1, 2)`, `Gevent.joinall([f, b])`, `Gevent.sleep(2)`.

public import GreenletCore
public import GreenletHub

/// Starts `function` with `arguments` in a greenlet of its own, in the next turn of the hub.
///
/// Not a switch point. The arguments are evaluated here and passed on there.
///
/// - Parameters:
///   - function: What to run. One that takes nothing is spawned by `GreenletHub`'s `spawn(_:)`, of the same name.
///   - first: What to give it.
///   - arguments: What else to give it.
///   - file: Where it was spawned, for messages.
///   - line: Where it was spawned, for messages.
/// - Returns: The greenlet. It runs on even if that is dropped.
///
/// gevent: `gevent.spawn`.
@discardableResult
public func spawn<First, each Argument, Value>(
    _ function: @escaping (First, repeat each Argument) throws -> Value,
    _ first: First,
    _ arguments: repeat each Argument,
    file: StaticString = #fileID,
    line: UInt = #line
) -> Greenlet<Value> {
    let rest = (repeat each arguments)
    return spawn(file: file, line: line) { try function(first, repeat each rest) }
}

/// Starts `function` with `arguments` in a greenlet of its own, some time from now.
///
/// Not a switch point.
///
/// - Parameters:
///   - seconds: How long to wait before it starts.
///   - function: What to run.
///   - arguments: What to give it.
///   - file: Where it was spawned, for messages.
///   - line: Where it was spawned, for messages.
/// - Returns: The greenlet; killing it before the time has come means that it never runs.
///
/// gevent: `gevent.spawn_later`.
@discardableResult
public func spawn<each Argument, Value>(
    after seconds: Double,
    _ function: @escaping (repeat each Argument) throws -> Value,
    _ arguments: repeat each Argument,
    file: StaticString = #fileID,
    line: UInt = #line
) -> Greenlet<Value> {
    let bound = (repeat each arguments)
    return spawn(after: .seconds(seconds), file: file, line: line) { try function(repeat each bound) }
}

/// Stops the current greenlet for at least `seconds`; others run.
///
/// Switch point. Zero lets every other runnable greenlet run once.
///
/// - Parameter seconds: How long.
/// - Throws: Whatever the greenlet is killed with; `GreenletError` where nothing may block.
///
/// gevent: `gevent.sleep`.
public func sleep(_ seconds: Double = 0) throws { try GreenletHub.sleep(.seconds(seconds)) }

/// Stops the current greenlet for at least `seconds`, maybe without being a reason to go on.
///
/// Switch point.
///
/// - Parameters:
///   - seconds: How long.
///   - keepsHubAlive: False for one whose waking is not to be waited for: `wait()` returns, and a `LoopExit` is thrown, as
///     if it were not there.
/// - Throws: As `sleep(_:keepsHubAlive:)` of `GreenletHub`.
///
/// gevent: `gevent.sleep(seconds, ref=False)`.
public func sleep(_ seconds: Double, keepsHubAlive: Bool) throws {
    try GreenletHub.sleep(.seconds(seconds), keepsHubAlive: keepsHubAlive)
}

/// The greenlet that runs on this thread.
///
/// Not a switch point.
///
/// - Returns: A greenlet; outside of any, the main greenlet of the thread.
///
/// gevent: `gevent.getcurrent`.
public func getcurrent() -> AnyGreenlet { AnyGreenlet.current }

/// Waits until all of the greenlets have ended, or as many as asked for.
///
/// Switch point, unless they have.
///
/// - Parameters:
///   - greenlets: For whom to wait; one that is named twice counts once.
///   - timeout: At most how many seconds; nil means for ever. Running out is no error: see what is returned.
///   - raiseError: Whether to throw the error of the first that ends with one, at that moment.
///   - count: How many to wait for; nil means all.
/// - Returns: Those that have ended, in the order they did.
/// - Throws: With `raiseError`, the first error; whatever the waiting greenlet is killed with.
///
/// gevent: `gevent.joinall`.
@discardableResult
public func joinall<G: AnyGreenlet>(
    _ greenlets: some Sequence<G>,
    timeout: Double? = nil,
    raiseError: Bool = false,
    count: Int? = nil
) throws -> [G] {
    try joinAll(greenlets, timeout: timeout.map { .seconds($0) }, raisingErrors: raiseError, count: count)
}

/// Throws an error in each of the greenlets, and waits until all have ended.
///
/// Switch point, if `block` is true.
///
/// - Parameters:
///   - greenlets: Whom to kill; those that have not started never run.
///   - error: What to throw in them.
///   - block: Whether to wait for their end.
///   - timeout: At most how many seconds to wait; nil means for ever.
/// - Throws: `Timeout` if they have not all ended in time; whatever the waiting greenlet itself is killed with.
///
/// gevent: `gevent.killall`.
public func killall(
    _ greenlets: some Sequence<AnyGreenlet>,
    with error: any Error = GreenletExit(),
    block: Bool = true,
    timeout: Double? = nil
) throws {
    try killAll(greenlets, with: error, wait: block, timeout: timeout.map { .seconds($0) })
}
