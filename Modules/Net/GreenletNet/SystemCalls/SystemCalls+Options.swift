// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// getsockopt, setsockopt, getsockname, getpeername: what a socket is and how it is set.

import Glibc

extension SystemCalls {
    /// POSIX: `getsockopt(2)`.
    static func option(_ descriptor: CInt, _ level: CInt, _ name: CInt) throws(Errno) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        if Glibc.getsockopt(descriptor, level, name, &value, &length) != 0 { throw Errno(errno) }
        return value
    }

    /// POSIX: `setsockopt(2)`.
    static func setOption(_ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: CInt) throws(Errno) {
        var value = value
        let length = socklen_t(MemoryLayout<CInt>.size)
        if Glibc.setsockopt(descriptor, level, name, &value, length) != 0 { throw Errno(errno) }
    }

    enum End {
        case local
        case peer
    }

    /// The address of one end; nil if it is of a family that this module doesn't know.
    ///
    /// POSIX: `getsockname(2)`, `getpeername(2)`.
    static func address(_ descriptor: CInt, _ end: End) throws(Errno) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                end == .local
                    ? Glibc.getsockname(descriptor, $0, &length) : Glibc.getpeername(descriptor, $0, &length)
            }
        }
        if status != 0 { throw Errno(errno) }
        return SocketAddress(storage, length)
    }
}
