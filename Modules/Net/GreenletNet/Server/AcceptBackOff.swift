// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a server does when it can't accept for want of descriptors or memory: decides only, and reads no clock.

/// The pace of a server that can't accept, and what to say about it.
///
/// An episode begins with the first failure, and ends when the queue of waiting connections has been emptied without
/// another one. A single success proves nothing: at the limit each connection that ends lets just one in.
package struct AcceptBackOff {
    static let shortest = Duration.milliseconds(10)
    static let longest = Duration.seconds(1)

    private var delay = AcceptBackOff.shortest
    private var isEpisode = false

    package init() {}

    /// Accepting has failed.
    ///
    /// - Returns: How long to wait, and whether it is the first failure of an episode, to be reported.
    package mutating func failed() -> (delay: Duration, isFirst: Bool) {
        defer {
            delay = min(delay * 2, Self.longest)
            isEpisode = true
        }
        return (delay, !isEpisode)
    }

    /// A connection was accepted.
    package mutating func succeeded() { delay = Self.shortest }

    /// Nobody is left to accept.
    ///
    /// - Returns: Whether that ends an episode, to be reported.
    package mutating func emptied() -> Bool {
        defer { isEpisode = false }
        return isEpisode
    }
}
