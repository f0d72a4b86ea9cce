// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A moment after which nothing in a scope waits any more.

/// Runs `body`; when the time is over, it waits for nothing any more.
///
/// Switch point, if `body` is.
///
/// The wait that goes on then, and each that `body` would begin later, throws. So code that catches errors and tries
/// again comes to its end too, which a ``Timeout`` does not see to: that is thrown once. What need not wait still
/// succeeds. Of nested scopes the earliest counts; at the end of each all is as before. In a ``shield(_:)`` only the
/// deadlines count that were set in it. A loop that can't throw, as `for item in queue`, ends where it waits; then the
/// error is thrown at the end of `body`, if not before, and what `body` returns is dropped.
///
/// Greenlets that are spawned in `body` have no deadline, unless they are given this one by ``inheritingDeadline(_:)``.
///
/// - Parameters:
///   - duration: How long from now.
///   - body: What to run, here and now.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws; a `Timeout` when the time is over.
///
/// Go: `context.WithTimeout`. libdill: deadlines.
public func withDeadline<Value>(_ duration: Duration, _ body: () throws -> Value) throws -> Value {
    try withDeadline(Deadline(after: duration), duration, body)
}

private func withDeadline<Value>(
    _ deadline: Deadline,
    _ duration: Duration,
    _ body: () throws -> Value
) throws -> Value {
    let extras = Hub.current.currentGreenlet.ensuredExtras
    let outer = extras.deadline
    let timeout = Timeout(repeating: duration)
    extras.deadline = outer.map { min($0, deadline) } ?? deadline
    timeout.start(until: deadline)
    defer {
        timeout.abandon()
        extras.deadline = outer
    }
    let value = try body()
    try timeout.finish()
    return value
}

/// A body for a greenlet that shall have the deadline that is in force here.
///
/// Not a switch point.
///
/// ```swift
/// try withDeadline(.seconds(2)) {
///     try joinAll(hosts.map { host in spawn(inheritingDeadline { try ask(host) }) })
/// }
/// ```
///
/// - Parameter body: What to run.
/// - Returns: `body` in a ``withDeadline(_:_:)`` of the earliest deadline in force; `body` itself if there is none.
///
/// Go: a `Context` that is passed on.
public func inheritingDeadline<Value>(_ body: @escaping () throws -> Value) -> () throws -> Value {
    guard let deadline = Hub.ifPresent?.currentGreenlet.extras?.deadline else { return body }
    let duration = deadline.remaining
    return { try withDeadline(deadline, duration, body) }
}
