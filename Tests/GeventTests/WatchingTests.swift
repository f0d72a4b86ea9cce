// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for what is outside, under gevent's names.

import Gevent
import Glibc
import GreenletTestSupport
import Testing

@Suite struct WatchingTests {
    @Test func descriptorsIdleAndChildren() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            defer { for end in ends { close(end) } }
            let reader = spawn { try waitRead(ends[0]) }
            let hasRoom = try waitWrite(ends[1])
            let notYet = try waitRead(ends[0], timeout: 0.005)
            try Gevent.idle()
            write(ends[1], "x", 1)
            let hasInput = try reader.get()
            #expect(hasRoom && !notYet && hasInput)

            var pid: pid_t = 0
            let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup("exit 4"), nil]
            defer { for argument in arguments { free(argument) } }
            try #require(posix_spawn(&pid, "/bin/sh", nil, nil, arguments, environ) == 0)
            let status = try Gevent.waitpid(pid, timeout: 20)
            #expect(status == .exited(code: 4))
        }
    }
}
