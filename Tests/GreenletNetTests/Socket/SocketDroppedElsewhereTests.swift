// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Sockets whose last reference goes on another thread: they are closed there, or by the hub that watches them.

import Glibc
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SocketDroppedElsewhereTests {
    /// Safe because one thread waits while the other has it.
    private final class Box: @unchecked Sendable {
        var socket: Socket?

        init(_ socket: Socket) { self.socket = socket }
    }

    @Test(arguments: [false, true])
    func theOtherEndIsTold(hasWaited: Bool) async {
        await onHub {
            for _ in 0..<20 {
                let (box, far) = try connect()
                if hasWaited {
                    let reader = spawn { try box.socket?.recv(maxBytes: 1) }
                    try yieldNow()
                    try far.sendAll("a")
                    _ = try reader.get()
                }
                runOnThreadAndWait { box.socket = nil }
                let rest = try far.recv(maxBytes: 10, timeout: .seconds(10))
                #expect(rest.isEmpty, "the end")
                far.close()
            }
            #expect(Hub.current.pollerCount == 0)
        }
    }

    @Test func aHubThatHasEndedIsNotTouched() async {
        await onHub {
            let (box, far) = try connect()
            let number = box.socket?.fileDescriptor ?? -1
            let received = try? box.socket?.recv(maxBytes: 1, timeout: .milliseconds(1))
            #expect(received == nil, "nothing came in time")
            far.close()
            try Hub.current.destroy()
            #expect(fcntl(number, F_GETFD) >= 0)
            runOnThreadAndWait { box.socket = nil }
            #expect(fcntl(number, F_GETFD) == -1, "closed")
        }
    }

    /// Two connected sockets; in a function, so that nothing else holds the first.
    private func connect() throws -> (Box, Socket) {
        let pair = try Pair()
        return (Box(pair.client), pair.server)
    }
}
