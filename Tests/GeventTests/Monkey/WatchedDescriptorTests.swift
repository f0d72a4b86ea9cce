// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Descriptors that patched calls use, and somebody else waits for.

import Gevent
import Glibc
import GreenletTestSupport
import Testing

@Suite struct WatchedDescriptorTests {
    init() { Monkey.patchAll() }

    /// A pair of connected stream sockets for `body`, which may close the first.
    private static func withPair(_ body: (CInt, CInt) throws -> Void) throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { close(ends[1]) }
        try body(ends[0], ends[1])
    }

    @Test func bothAreToldAndNothingIsMissed() async {
        await onHub {
            try WatchedDescriptorTests.withPair { left, right in
                defer { close(left) }
                for round in 0..<30 {
                    let watching = spawn { try waitReadable(left, timeout: .seconds(20)) }
                    if round % 2 == 0 { try yieldNow() }
                    let reader = spawn {
                        var bytes = [UInt8](repeating: 0, count: 100)
                        return recv(left, &bytes, 100, 0)  // less than asked for: the next one waits at once
                    }
                    if round % 3 == 0 { try yieldNow() }
                    send(right, "abc", 3, 0)
                    let count = try reader.get(timeout: .seconds(20))
                    // The reader may have been quicker: then there is nothing to read, and nobody is told so.
                    send(right, "d", 1, 0)
                    let isTold = try watching.get()
                    var byte: UInt8 = 0
                    #expect(count == 3 && isTold && recv(left, &byte, 1, 0) == 1)
                }
            }
        }
    }

    @Test func aPatchedCloseTellsThoseWhoWait() async {
        await onHub {
            try WatchedDescriptorTests.withPair { left, _ in
                let waiting = spawn { try waitReadable(left) }
                try yieldNow()
                close(left)
                try waiting.join(timeout: .seconds(20))
                #expect((waiting.error as? GreenletError)?.cause == EBADF)
            }
        }
    }
}
