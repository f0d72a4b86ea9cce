// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// accept4: the next connection of a listening socket.

import CGreenletNet
import Glibc

extension SystemCalls {
    /// The next connection, non-blocking and closed on exec, and who it is from.
    ///
    /// POSIX: `accept4(2)`.
    ///
    /// One that was given up by its peer before it could be accepted is skipped: Linux reports its error here.
    static func accept(_ descriptor: CInt) throws(Errno) -> (descriptor: CInt, peer: SocketAddress?) {
        var storage = sockaddr_storage()
        let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        while true {
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            do throws(Errno) {
                let accepted = try perform(.accept) { _ in
                    withUnsafeMutablePointer(to: &storage) {
                        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            Int(cgreenlet_accept4(descriptor, $0, &length, flags))
                        }
                    }
                }
                return (CInt(accepted), SocketAddress(storage, length))
            } catch {
                if !isOfOneConnection(error.number) { throw error }
            }
        }
    }

    /// Errors of a connection that died in the queue, as listed in accept(2).
    private static func isOfOneConnection(_ number: CInt) -> Bool {
        switch number {
        case ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH: return true
        default: return false
        }
    }
}
