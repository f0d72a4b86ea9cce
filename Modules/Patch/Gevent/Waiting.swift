// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent.wait and gevent.iwait: several things at once, under gevent's names.

public import GreenletHub

/// Waits until nothing is left that could happen: greenlets have ended or are blocked for ever, no timer is set.
///
/// Switch point.
///
/// - Parameter timeout: At most how many seconds; nil means for ever.
/// - Returns: True if nothing is left, false if the time ran out.
/// - Throws: Whatever the waiting greenlet is killed with; `GreenletError` where nothing may block.
///
/// gevent: `gevent.wait()`.
@discardableResult
public func wait(timeout: Double? = nil) throws -> Bool {
    try Hub.current.join(timeout: timeout.map { .seconds($0) })
}

/// Waits until all of the objects are ready, or as many as asked for.
///
/// Switch point, unless they are.
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice counts once.
///   - timeout: At most how many seconds; nil means for ever. Running out is no error: see what is returned.
///   - count: How many to wait for; nil means all.
/// - Returns: Those that are ready, in the order they became so.
/// - Throws: As `waitAll(_:timeout:count:)`.
///
/// gevent: `gevent.wait`.
@discardableResult
public func wait<Object: Waitable>(
    _ objects: some Sequence<Object>,
    timeout: Double? = nil,
    count: Int? = nil
) throws -> [Object] {
    try waitAll(objects, timeout: timeout.map { .seconds($0) }, count: count)
}

/// Waits until all of the objects, of whatever types, are ready, or as many as asked for.
///
/// Switch point, unless they are.
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice counts once.
///   - timeout: At most how many seconds; nil means for ever.
///   - count: How many to wait for; nil means all.
/// - Returns: Those that are ready, in the order they became so.
/// - Throws: As `waitAll(_:timeout:count:)`.
///
/// gevent: `gevent.wait`.
@_disfavoredOverload
@discardableResult
public func wait(
    _ objects: [any Waitable],
    timeout: Double? = nil,
    count: Int? = nil
) throws -> [any Waitable] {
    try waitAll(objects, timeout: timeout.map { .seconds($0) }, count: count)
}

/// Goes through objects in the order they become ready.
///
/// Not a switch point; each step of the loop is one.
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice comes once.
///   - timeout: At most how many seconds to wait for all of them; nil means for ever.
///   - count: How many to go through; nil means all.
/// - Returns: The objects, to go through once. A loop may be left at any moment, and leaves nothing behind.
///
/// gevent: `gevent.iwait`.
public func iwait<Object: Waitable>(
    _ objects: some Sequence<Object>,
    timeout: Double? = nil,
    count: Int? = nil
) -> ReadyObjects<Object> {
    iterateAsReady(objects, timeout: timeout.map { .seconds($0) }, count: count)
}

/// Goes through objects, of whatever types, in the order they become ready.
///
/// Not a switch point; each step of the loop is one.
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice comes once.
///   - timeout: At most how many seconds to wait for all of them; nil means for ever.
///   - count: How many to go through; nil means all.
/// - Returns: The objects, to go through once.
///
/// gevent: `gevent.iwait`.
@_disfavoredOverload
public func iwait(
    _ objects: [any Waitable],
    timeout: Double? = nil,
    count: Int? = nil
) -> ReadyObjects<any Waitable> {
    iterateAsReady(objects, timeout: timeout.map { .seconds($0) }, count: count)
}
