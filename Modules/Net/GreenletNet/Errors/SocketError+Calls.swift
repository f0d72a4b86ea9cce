// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Errors for programs that make the system calls themselves, in the words of this module.

extension SocketError {
    /// A listener could not be made.
    ///
    /// - Parameters:
    ///   - address: Where it should listen.
    ///   - errno: Why not.
    /// - Returns: The error to throw.
    package static func listening(on address: SocketAddress, errno: CInt) -> SocketError {
        SocketError(Errno(errno), .listen, address)
    }

    /// A connection could not be accepted.
    ///
    /// - Parameters:
    ///   - address: Where the listener listens.
    ///   - errno: Why not.
    /// - Returns: The error to throw.
    package static func accepting(on address: SocketAddress, errno: CInt) -> SocketError {
        SocketError(Errno(errno), .accept, address)
    }
}
