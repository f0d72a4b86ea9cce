// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Starting greenlets.

/// Creates a greenlet and schedules it for the next turn of the hub.
///
/// Not a switch point.
///
/// The body runs on this thread, so it may share what isn't `Sendable`. Greenlets start in the order they were
/// spawned.
///
/// - Parameters:
///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
///   - file: Where it was spawned, for messages.
///   - line: Where it was spawned, for messages.
///   - body: What to run.
/// - Returns: The greenlet. It runs on even if that is dropped.
///
/// gevent: `gevent.spawn`.
@discardableResult
@inlinable
public func spawn<Value>(
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt = #line,
    _ body: @escaping () throws -> Value
) -> Greenlet<Value> {
    let greenlet = Greenlet(name: name, file: file, line: line, body)
    greenlet.start()
    return greenlet
}

/// Creates a greenlet that starts later.
///
/// Not a switch point.
///
/// - Parameters:
///   - delay: How long to wait before it starts.
///   - name: What to call it in messages.
///   - file: Where it was spawned, for messages.
///   - line: Where it was spawned, for messages.
///   - body: What to run.
/// - Returns: The greenlet; killing it before the time has come means that it never runs.
///
/// gevent: `gevent.spawn_later`.
@discardableResult
@inlinable
public func spawn<Value>(
    after delay: Duration,
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt = #line,
    _ body: @escaping () throws -> Value
) -> Greenlet<Value> {
    let greenlet = Greenlet(name: name, file: file, line: line, body)
    greenlet.start(after: delay)
    return greenlet
}
