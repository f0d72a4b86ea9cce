// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// recv, send, shutdown: bytes through a connected socket.

import Glibc

extension SystemCalls {
    /// POSIX: `recv(2)`.
    @inline(__always)
    static func receive(_ descriptor: CInt, _ buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try perform(.receive, count: buffer.count) { Glibc.recv(descriptor, buffer.baseAddress, $0, 0) }
    }

    /// Without the signal that a closed peer would bring.
    ///
    /// POSIX: `send(2)`.
    @inline(__always)
    static func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try perform(.send, count: bytes.count) {
            Glibc.send(descriptor, bytes.baseAddress, $0, CInt(MSG_NOSIGNAL))
        }
    }

    /// POSIX: `shutdown(2)`.
    static func shutdown(_ descriptor: CInt, _ how: CInt) throws(Errno) {
        if Glibc.shutdown(descriptor, how) != 0 { throw Errno(errno) }
    }
}
