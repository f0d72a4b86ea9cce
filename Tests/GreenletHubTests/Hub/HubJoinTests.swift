// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for all there is.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct HubJoinTests {
    @Test func itWaitsForAllGreenletsAndTimers() async {
        await onHub {
            var ended = 0
            for time in [3, 1] {
                spawn {
                    try sleep(.milliseconds(time))
                    spawn(after: .milliseconds(2)) { ended += 1 }
                }
            }
            let isDone = try Hub.current.join(timeout: .seconds(30))
            #expect(isDone && ended == 2 && Hub.current.aliveCount == 0)
        }
    }

    @Test func withNothingToDoItReturnsSoonAlsoWithATimeout() async {
        await onHub {
            let time = try elapsed {
                let (plain, timed) = (try Hub.current.join(), try Hub.current.join(timeout: .seconds(30)))
                #expect(plain && timed)
            }
            #expect(time < .seconds(5))
        }
    }

    @Test func itsOwnTimeIsOver() async {
        await onHub {
            let slow = spawn { try sleep(.seconds(30)) }
            let isDone = try Hub.current.join(timeout: .milliseconds(2))
            #expect(!isDone)
            try slow.kill()
        }
    }

    @Test func thoseBlockedForEverDontCount() async {
        await onHub {
            let stuck = spawn { try Event().wait() }
            let isDone = try Hub.current.join()
            #expect(isDone && !stuck.isReady)
            try stuck.kill()
        }
    }

    @Test func anyGreenletMayJoinAndSeveralAtOnce() async {
        await onHub {
            let joiners = (0..<2).map { _ in spawn { try Hub.current.join(timeout: .seconds(30)) } }
            let isDone = try Hub.current.join()
            let others = try joiners.map { try $0.get() }
            #expect(isDone && others == [true, true])
        }
    }

    @Test func itMayBeCalledAgainAndAgain() async {
        await onHub {
            for _ in 1...3 {
                let later = spawn(after: .seconds(30)) { 5 }
                let early = try Hub.current.join(timeout: .milliseconds(2))
                #expect(!early && !later.isReady)
                try later.kill()
                var isDone = false
                let time = try elapsed { isDone = try Hub.current.join() }
                #expect(isDone && time < .seconds(5))
                try sleep(.milliseconds(1))
            }
        }
    }
}
