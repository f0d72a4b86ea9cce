// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The error of a queue that lets nothing in any more.

/// Thrown by a queue that was closed: to who puts, and, when it is empty, to who gets.
///
/// gevent: `gevent.queue.ShutDown`.
public struct QueueClosed: Error, Hashable, Sendable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// "the queue is closed".
    public var description: String { "the queue is closed" }
}
