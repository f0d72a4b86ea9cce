// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The end of one direction while the other goes on.

import Glibc
import GreenletHub

extension Socket {
    /// How `shutdown(_:)` closes a connection.
    public enum Direction: Sendable {
        /// No more reading: readers get what has come, then the end.
        case read
        /// No more writing: the peer gets what was sent, then the end.
        case write
        /// Neither.
        case both
    }

    /// Ends one direction of the connection, or both; the descriptor stays open.
    ///
    /// Not a switch point.
    ///
    /// Greenlets that wait in that direction return: readers with the end, writers with `.brokenPipe`.
    ///
    /// - Parameter direction: Which.
    /// - Throws: `SocketError` with `.notConnected` or `.closed`.
    ///
    /// gevent: `socket.shutdown`. POSIX: `shutdown(2)`.
    public func shutdown(_ direction: Direction) throws(SocketError) {
        hub.checkThread("shutdown", self)
        let how: CInt
        switch direction {
        case .read: how = CInt(SHUT_RD)
        case .write: how = CInt(SHUT_WR)
        case .both: how = CInt(SHUT_RDWR)
        }
        do throws(Errno) {
            try SystemCalls.shutdown(descriptor, how)
        } catch {
            throw failure(error, .shutDown)
        }
        isDrained = false  // the end may be all that there is to read now
    }
}
