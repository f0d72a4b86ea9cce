// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Going through a queue until it is closed.

extension OrderedQueue {
    /// Takes the first item out, and waits for one if there is none; nil once the queue is closed and empty.
    ///
    /// Switch point, if it is empty. The way to consume a queue:
    ///
    /// ```swift
    /// while let item = try queue.next() { … }
    /// ```
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: The item; nil if there never will be one.
    /// - Throws: As `get(timeout:)`, but for `QueueClosed`.
    ///
    /// gevent: iteration over a `Queue`.
    @inlinable
    public func next(timeout: Duration? = nil) throws -> Element? {
        do {
            return try get(timeout: timeout)
        } catch is QueueClosed where isClosed {
            return nil
        }
    }
}

/// Iterating takes items out until the queue is closed and empty. Each step is a switch point.
///
/// `for item in queue` can't throw. If the greenlet is killed, or a timeout around it expires, while it waits for the
/// next item, the loop ends there, as if the queue were closed, and what follows it runs. The error is thrown at the next
/// switch point, or at the end of ``withTimeout(_:_:)``, ``withDeadline(_:_:)`` or the greenlet's body, whichever comes
/// first. Where what follows must not run then, write `while let item = try queue.next()`, or ``checkInterruption()``
/// behind the loop.
///
/// gevent: iteration over a `Queue`.
extension OrderedQueue: Sequence {
    /// What it holds.
    public typealias Element = Order.Element

    /// Takes items out of a queue, one after the other.
    public struct Iterator: IteratorProtocol {
        @usableFromInline let queue: OrderedQueue

        /// Takes the next item out, and waits for it if there is none.
        ///
        /// Switch point.
        ///
        /// - Returns: The item; nil if the queue is closed and empty, or if the greenlet shall stop.
        /// - Precondition: It is called where a greenlet may block.
        @inlinable
        public func next() -> Element? {
            do {
                if let item = try queue.tryGet() { return item }
            } catch {
                return nil
            }
            let step = LoopStep()
            defer { step.end() }
            do {
                return try queue.next()
            } catch {
                step.postpone(error)
                return nil
            }
        }
    }

    /// An iterator that takes items out of this queue.
    ///
    /// Not a switch point. Several may be used at once, and share the items.
    ///
    /// - Returns: The iterator.
    public func makeIterator() -> Iterator { Iterator(queue: self) }
}
