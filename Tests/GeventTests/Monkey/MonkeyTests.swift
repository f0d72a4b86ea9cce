// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What is patched, how one asks, and how it is undone. In processes of their own: patching is the whole process's.

import Gevent
import Glibc
import GreenletTestSupport
import Testing

@Suite struct MonkeyTests {
    @Test func nothingIsPatchedUntilSomebodyAsks() async {
        await #expect(processExitsWith: .success) {
            #expect(Monkey.patched == [] && !Monkey.isPatched("recv"))
            #expect(Monkey.report.allSatisfy { $0.pointers == 0 })
        }
    }

    @Test func patchingMayBePartial() async {
        await #expect(processExitsWith: .success) {
            #expect(Monkey.patchSocket() > 0)
            #expect(Monkey.isPatched(.socket) && !Monkey.isPatched(.time))
            #expect(Monkey.isPatched("recv") && !Monkey.isPatched("usleep"))
            await onHub {
                let elapsed = try ContinuousClock().measure {
                    try joinAll((0..<3).map { _ in spawn { usleep(20_000) } })
                }
                #expect(elapsed >= .milliseconds(60))
            }
            #expect(Monkey.patchTime() > 0)
            #expect(Monkey.isPatched([.socket, .time]))
        }
    }

    @Test func patchingTwiceReplacesNothingMore() async {
        await #expect(processExitsWith: .success) {
            #expect(Monkey.patchAll() > 0)
            #expect(Monkey.patchAll() == 0)
        }
    }

    @Test func unpatchRestoresEveryPointer() async {
        await #expect(processExitsWith: .success) {
            let replaced = Monkey.patchAll()
            try #expect(Monkey.unpatch() == replaced)
            #expect(Monkey.patched == [])
            await onHub {
                let elapsed = try ContinuousClock().measure {
                    try joinAll((0..<3).map { _ in spawn { usleep(20_000) } })
                }
                #expect(elapsed >= .milliseconds(60))
            }
        }
    }

    @Test func theOriginalCanStillBeCalled() async {
        await #expect(processExitsWith: .success) {
            Monkey.patchAll()
            #expect(Monkey.original("no_such_call") == nil)
            guard let pointer = Monkey.original("usleep") else { fatalError("usleep has a hook") }
            typealias Usleep = @convention(c) (UInt32) -> CInt
            let original = unsafeBitCast(pointer, to: Usleep.self)
            await onHub {
                var turns = 0
                let other = spawn {
                    while true {
                        turns += 1
                        try yieldNow()
                    }
                }
                try yieldNow()
                let before = turns
                #expect(original(5_000) == 0)
                #expect(turns == before)
                try other.kill()
            }
        }
    }
}
