// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a socket does in the last `defer`s of a thread, when its hub has ended.

import Glibc
import GreenletCore
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SocketEndOfThreadTests {
    private final class Seen: @unchecked Sendable {
        // Safe because the thread that writes has ended before the test reads.
        var waited: (any Error)?
        var received: [UInt8] = []
        var descriptor: CInt = -1
    }

    @Test func whatNeedsNoWaitStillWorksAndWhatDoesIsRefused() async {
        await onThread {
            let seen = Seen()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                guard let pair = try? Pair() else { return }
                let raw = RawGreenlet {
                    defer {
                        seen.descriptor = pair.server.fileDescriptor
                        do {
                            try pair.client.sendAll("bye")
                            seen.received = try pair.server.recv(maxBytes: 100)
                            _ = try pair.server.recv(maxBytes: 100)
                        } catch {
                            seen.waited = error
                        }
                        pair.close()
                    }
                    try main.switch()
                }
                _ = try? raw.switch()
            }
            #expect(seen.received == Array("bye".utf8))
            #expect(seen.waited != nil, "nothing to read, and nobody to wait for it")
            #expect(seen.descriptor >= 0 && fcntl(seen.descriptor, F_GETFD) == -1, "closed")
        }
    }
}
