// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where system calls are made: the retry after EINTR, and the place where tests play the kernel.

import Glibc

/// The socket interface of the system, one operation a file.
///
/// Nothing here waits: `EAGAIN` is thrown like the rest.
///
/// The hot path stays one system call: whether a kernel is played is one load and a branch that is never taken.
enum SystemCalls {
    /// Calls `body` until it isn't interrupted by a signal.
    ///
    /// - Parameters:
    ///   - call: Which call it is, for a played kernel.
    ///   - count: How many bytes are wanted; a played kernel may make it fewer.
    ///   - body: The call itself; below zero is failure, with `errno`.
    /// - Returns: What the call returned.
    /// - Throws: The error number, never `EINTR`.
    @inline(__always)
    static func perform(_ call: SystemCall, count: Int = 0, _ body: (Int) -> Int) throws(Errno) -> Int {
        while true {
            var count = count
            if PlayedKernel.isPlaying, let move = PlayedKernel.next(call) {
                switch move {
                case .fail(EINTR): continue
                case .fail(let number): throw Errno(number)
                case .short(let limit): count = min(count, limit)
                case .pass: break
                }
            }
            let result = body(count)
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { throw Errno(number) }
        }
    }
}

/// An error number of the system, as thrown inside this module.
struct Errno: Error, Equatable {
    let number: CInt

    init(_ number: CInt) { self.number = number }

    /// The call would have to wait.
    var isWouldBlock: Bool { number == EAGAIN || number == EWOULDBLOCK }

    /// The system has no descriptor or memory for another socket now, and may have later.
    var isExhaustion: Bool { number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM }
}
