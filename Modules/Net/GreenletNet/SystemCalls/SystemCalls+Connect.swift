// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// connect: begun here, finished when the descriptor can be written to.

import Glibc

extension SystemCalls {
    enum ConnectProgress {
        case connected
        /// Wait until it is writable, then ask again.
        case underWay
        /// The listener's queue is full, and nothing will tell when it no longer is: only of Unix sockets.
        case queueFull
    }

    /// Begins to connect, or asks how far it is.
    ///
    /// POSIX: `connect(2)`.
    ///
    /// Not repeated after a signal: the connection is being made all the same, and a second call would be told so.
    static func connect(_ descriptor: CInt, _ address: SocketAddress) throws(Errno) -> ConnectProgress {
        var number: CInt = 0
        if PlayedKernel.isPlaying, case .fail(let played)? = PlayedKernel.next(.connect) { number = played }
        if number == 0 || number == EINTR {
            if address.withRaw({ Glibc.connect(descriptor, $0, $1) }) == 0 { return .connected }
            number = errno
        }
        switch number {
        case EISCONN: return .connected
        case EINPROGRESS, EALREADY, EINTR: return .underWay
        case EAGAIN where address.family == .unix: return .queueFull
        default: throw Errno(number)
        }
    }
}
