// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// socket, bind, listen, close: a descriptor's beginning and end.

import Glibc

extension SystemCalls {
    /// A stream socket, non-blocking and closed on exec.
    ///
    /// POSIX: `socket(2)`.
    static func openStream(_ family: CInt) throws(Errno) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return CInt(try perform(.socket) { _ in Int(Glibc.socket(family, kind, 0)) })
    }

    /// POSIX: `bind(2)`.
    static func bind(_ descriptor: CInt, _ address: SocketAddress) throws(Errno) {
        _ = try perform(.bind) { _ in address.withRaw { Int(Glibc.bind(descriptor, $0, $1)) } }
    }

    /// POSIX: `listen(2)`.
    static func listen(_ descriptor: CInt, _ backlog: CInt) throws(Errno) {
        _ = try perform(.listen) { _ in Int(Glibc.listen(descriptor, backlog)) }
    }

    /// Lets go of the descriptor.
    ///
    /// Never retried: Linux has let go even if it says `EINTR`. POSIX: `close(2)`.
    static func close(_ descriptor: CInt) { _ = Glibc.close(descriptor) }

    /// Makes somebody else's descriptor non-blocking and closed on exec.
    ///
    /// POSIX: `fcntl(2)`.
    static func setNonBlocking(_ descriptor: CInt) throws(Errno) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw Errno(errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}
