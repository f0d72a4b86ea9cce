// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for several things of any kind, and going through them as they become ready.

import GreenletCore

/// Waits until all of the objects are ready, or as many as asked for.
///
/// Switch point, unless they are.
///
/// What is ready when the wait begins comes first, in the order given. An object is told of once, and may be something
/// else by then: another greenlet may have taken the permit or cleared the event. Not a way to take; see `choose(_:)`.
///
/// ```swift
/// let ended = try waitAll([server, reload, shutdown], timeout: .seconds(5), count: 1)
/// ```
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice counts once.
///   - timeout: At most how long; nil means for ever. Running out is no error: see what is returned.
///   - count: How many to wait for; nil means all.
/// - Returns: Those that are ready, in the order they became so.
/// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
///   where nothing may block, and with `.wrongThread` if greenlets of another thread wait for an object.
/// - Precondition: `count` is not negative; greenlets are this thread's.
///
/// gevent: `gevent.wait`. For all there is to wait for, `gevent.wait()`, see `Hub.join(timeout:)`.
@discardableResult
public func waitAll<Object: Waitable>(
    _ objects: some Sequence<Object>,
    timeout: Duration? = nil,
    count: Int? = nil
) throws -> [Object] {
    let all = Array(objects)
    return try waitForIndices(all, timeout, count).map { all[$0] }
}

/// Waits until all of the objects, of whatever types, are ready, or as many as asked for.
///
/// Switch point, unless they are. In all else like its namesake for objects of one type.
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice counts once.
///   - timeout: At most how long; nil means for ever.
///   - count: How many to wait for; nil means all.
/// - Returns: Those that are ready, in the order they became so.
/// - Throws: As its namesake.
/// - Precondition: `count` is not negative; greenlets are this thread's.
///
/// gevent: `gevent.wait`.
@_disfavoredOverload
@discardableResult
public func waitAll(
    _ objects: [any Waitable],
    timeout: Duration? = nil,
    count: Int? = nil
) throws -> [any Waitable] {
    try waitForIndices(objects, timeout, count).map { objects[$0] }
}

private func waitForIndices(_ objects: [any Waitable], _ timeout: Duration?, _ count: Int?) throws -> [Int] {
    let set = ReadySet(objects, timeout: timeout, count: count, "waitAll")
    _ = try set.wait(for: objects.count)
    return set.ready
}

/// Goes through objects in the order they become ready.
///
/// Not a switch point; each step of the loop is one. What becomes ready while the loop's body runs, or waits, is not
/// missed. The time counts from the first step.
///
/// ```swift
/// let replies = iterateAsReady(requests, timeout: .seconds(1))
/// while let reply = try replies.next() { show(reply) }
/// ```
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice comes once.
///   - timeout: At most how long to wait for all of them; nil means for ever. When it is over, the loop ends.
///   - count: How many to go through; nil means all.
/// - Returns: The objects, to go through once.
/// - Precondition: `count` is not negative.
///
/// gevent: `gevent.iwait`.
public func iterateAsReady<Object: Waitable>(
    _ objects: some Sequence<Object>,
    timeout: Duration? = nil,
    count: Int? = nil
) -> ReadyObjects<Object> {
    let all = Array(objects)
    return ReadyObjects(all, ReadySet(all, timeout: timeout, count: count, "iterateAsReady"))
}

/// Goes through objects, of whatever types, in the order they become ready.
///
/// Not a switch point; each step of the loop is one. In all else like its namesake for objects of one type.
///
/// - Parameters:
///   - objects: What to wait for; an object that is named twice comes once.
///   - timeout: At most how long to wait for all of them; nil means for ever. When it is over, the loop ends.
///   - count: How many to go through; nil means all.
/// - Returns: The objects, to go through once.
/// - Precondition: `count` is not negative.
///
/// gevent: `gevent.iwait`.
@_disfavoredOverload
public func iterateAsReady(
    _ objects: [any Waitable],
    timeout: Duration? = nil,
    count: Int? = nil
) -> ReadyObjects<any Waitable> {
    ReadyObjects(objects, ReadySet(objects, timeout: timeout, count: count, "iterateAsReady"))
}

/// Objects in the order they become ready: what `iterateAsReady(_:timeout:count:)` returns.
///
/// Nothing is left behind with the objects when all have come, when the time is over, when waiting throws, and when this
/// goes, on whatever thread: a loop may be left at any moment. One greenlet at a time may wait for the next: let each have
/// its own.
///
/// `for object in objects` can't throw. If the greenlet is killed, or a timeout around it expires, while it waits for the
/// next one, the loop ends there, and the error is thrown as for a queue: see ``checkInterruption()``. Where what follows
/// the loop must not run then, write `while let object = try objects.next()`.
public final class ReadyObjects<Object>: Sequence {
    private let objects: [Object]
    private let set: ReadySet
    /// Ends the set on the thread where its first step was.
    private var holder: WatchHolder<ReadyWatch>?
    private var told = 0

    init(_ objects: [Object], _ set: ReadySet) {
        self.objects = objects
        self.set = set
    }

    /// Waits for the next object to become ready.
    ///
    /// Switch point, unless one is.
    ///
    /// - Returns: The object; nil if all have come, or the time is over.
    /// - Throws: As `waitAll(_:timeout:count:)`; nil comes after that.
    ///
    /// gevent: `next(iwait(…))`.
    public func next() throws -> Object? {
        if holder == nil { holder = WatchHolder(ReadyWatch(set)) }
        guard try set.wait(for: told + 1) else { return nil }
        told += 1
        return objects[set.ready[told - 1]]
    }

    /// Takes the steps of a loop.
    public struct Iterator: IteratorProtocol {
        fileprivate let objects: ReadyObjects

        /// Waits for the next object to become ready.
        ///
        /// Switch point, unless one is.
        ///
        /// - Returns: The object; nil if all have come, the time is over, or the greenlet shall stop.
        /// - Precondition: It is called where a greenlet may block.
        public func next() -> Object? {
            let step = LoopStep()
            defer { step.end() }
            do {
                return try objects.next()
            } catch {
                step.postpone(error)
                return nil
            }
        }
    }

    /// An iterator that goes on where the last one stopped.
    ///
    /// Not a switch point.
    ///
    /// - Returns: The iterator.
    public func makeIterator() -> Iterator { Iterator(objects: self) }
}

@available(*, unavailable)
extension ReadyObjects: Sendable {}
