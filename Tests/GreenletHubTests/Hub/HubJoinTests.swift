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

    @Test(arguments: [true, false])
    func aTimeLimitAroundItIsNothingToWaitFor(isDeadline: Bool) async {
        await onHub {
            func limited(_ body: () throws -> Bool) throws -> Bool {
                isDeadline ? try withDeadline(.seconds(30), body) : try withTimeout(.seconds(30), body)
            }
            let time = try elapsed {
                let plain = try limited { try Hub.current.join() }
                let timed = try limited { try Hub.current.join(timeout: .seconds(30)) }
                let nested = try limited { try limited { try shield { try limited { try Hub.current.join() } } } }
                let joiners = (0..<3).map { _ in spawn { try limited { try Hub.current.join() } } }
                let all = try joiners.map { try $0.get() }
                #expect(plain && timed && nested && all == [true, true, true])
            }
            #expect(time < .seconds(5))
        }
    }

    @Test func theTimeLimitsOfOthersAreWaitedFor() async {
        await onHub {
            let other = spawn { try? withTimeout(.milliseconds(5)) { try Event().wait() } }
            let isDone = try withTimeout(.seconds(30)) { try Hub.current.join() }
            #expect(isDone && other.isReady)
            let sleeper = spawn { try sleep(.milliseconds(5)) }
            let isDoneAgain = try withTimeout(.seconds(30)) { try Hub.current.join() }
            #expect(isDoneAgain && sleeper.isReady)
        }
    }

    @Test func itsTimeLimitStillEndsIt() async {
        await onHub {
            let slow = spawn { try sleep(.seconds(30)) }
            let isDone = try? withTimeout(.milliseconds(2)) { try Hub.current.join() }
            #expect(isDone == nil)
            try slow.kill()
        }
    }

    @Test func aTimeLimitThatAnotherTakesBackMeanwhileIsNotCountedTwice() async {
        await onHub {
            let timeout = Timeout(.seconds(30))
            let joiner = spawn {
                timeout.start()
                return try Hub.current.join()
            }
            let other = spawn {
                try sleep(.milliseconds(2))
                timeout.cancel()
                try sleep(.milliseconds(5))
            }
            let isDone = try joiner.get()
            #expect(isDone && other.isReady)
        }
    }

    @Test func timeLimitsOfGreenletsThatHaveEndedAreNothingToWaitFor() async {
        await onHub {
            let time = try elapsed {
                for count in 1...3 {
                    for _ in 0..<count { spawn { for _ in 0..<count { Timeout(.seconds(30)).start() } } }
                    let isDone = try Hub.current.join()
                    #expect(isDone)
                    #expect(throws: LoopExit.self) { try Event().wait() }
                }
            }
            #expect(time < .seconds(5))
        }
    }

    @Test func amongThoseOthersAreWaitedFor() async {
        await onHub {
            var timeouts: [Timeout] = []
            for _ in 0..<100 {
                spawn {
                    let timeout = Timeout(.seconds(30))
                    timeout.start()
                    timeouts.append(timeout)
                }
            }
            try settle()
            // Some are taken back, some start again for somebody else.
            for timeout in timeouts.prefix(50) { timeout.cancel() }
            timeouts[0].start()
            timeouts[0].cancel()
            let sleeper = spawn { try sleep(.milliseconds(5)) }
            let isDone = try Hub.current.join()
            #expect(isDone && sleeper.isReady)
            let late = spawn { try sleep(.milliseconds(5)) }
            try Event().wait(timeout: .milliseconds(2))
            try late.join()
            #expect(timeouts.allSatisfy { !$0.isPending })
        }
    }

    @Test func anErrorThatEndsWithATimeLimitMayGiveOthersAChance() async {
        /// Safe because it stays on its thread.
        final class Last: Error, @unchecked Sendable {
            let event: Event
            init(_ event: Event) { self.event = event }
            deinit { event.set() }
        }
        await onHub {
            let event = Event()
            spawn { Timeout(.seconds(30), throwing: Last(event)).start() }
            let isSet = try event.wait()
            #expect(isSet)
        }
    }
}
