// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What gevent's queues are called, where Swift has another word.

public import GreenletHub

extension OrderedQueue {
    /// Closes the queue, as `close(discardingItems:)` does.
    ///
    /// Not a switch point. Puts fail from now on with `QueueClosed`, also those that wait; gets take what is there and
    /// fail then.
    ///
    /// - Parameter immediately: Whether to drop what is there.
    ///
    /// gevent: `Queue.shutdown`.
    public func shutdown(immediately: Bool = false) { close(discardingItems: immediately) }
}
