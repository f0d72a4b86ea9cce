// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for several.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct JoinAllTests {
    @Test func theyAreReturnedInTheOrderTheyEnded() async {
        await onHub {
            let greenlets = [9, 3, 6].map { time in spawn { try sleep(.milliseconds(time)) } }
            let ended = try joinAll(greenlets)
            #expect(ended == [greenlets[1], greenlets[2], greenlets[0]])
        }
    }

    @Test func noneAndThoseThatHaveEndedNeedNoWaiting() async {
        await onHub {
            let none = try joinAll([Greenlet<Void>]())
            let greenlet = spawn {}
            try greenlet.join()
            var othersRan = false
            spawn { othersRan = true }
            let one = try joinAll([greenlet, greenlet])
            #expect(none.isEmpty && one == [greenlet] && !othersRan)
            try settle()
        }
    }

    @Test func runningOutOfTimeIsNoError() async {
        await onHub {
            let (quick, slow) = (spawn {}, spawn { try sleep(.seconds(10)) })
            let ended = try joinAll([slow, quick], timeout: .milliseconds(5))
            #expect(ended == [quick])
            try slow.kill()
        }
    }

    @Test func aCountEndsTheWaitEarlier() async {
        await onHub {
            let greenlets = [30, 1, 3].map { time in spawn { try sleep(.milliseconds(time)) } }
            let ended = try joinAll(greenlets, count: 2)
            #expect(ended == [greenlets[1], greenlets[2]])
            let more = try joinAll(greenlets, count: 7)
            #expect(more.count == 3)
        }
    }

    @Test func theFirstErrorIsThrownAtItsMomentAndNotReported() async {
        await onHub {
            let reports = Reports()
            let slow = spawn { try sleep(.seconds(10)) }
            let event = Event()
            let late = spawn {
                try event.wait()
                throw TestError(2)
            }
            let early = spawn {
                try sleep(.milliseconds(2))
                throw TestError(1)
            }
            let all: [AnyGreenlet] = [slow, late, early]
            #expect(throws: TestError(1)) { try joinAll(all, raisingErrors: true) }
            #expect(!slow.isReady && !late.isReady)
            event.set()
            try late.join()
            #expect(reports.errors == [TestError(2)])  // nobody looked at that one
            try slow.kill()
        }
    }

    @Test func withoutRaisingErrorsNoneIsThrown() async {
        await onHub {
            let reports = Reports()
            let ended = try joinAll([spawn { throw TestError(1) }])
            #expect(ended.count == 1 && reports.errors == [TestError(1)])
        }
    }

    @Test func whoeverIsJoinedByOthersAlreadyCountsOnceToo() async {
        await onHub {
            let reports = Reports()
            let events = (0..<3).map { _ in Event() }
            let greenlets = events.indices.map { number in
                spawn {
                    try events[number].wait()
                    if number == 2 { throw TestError(number) }
                }
            }
            // The first place at the first is a join's, at the others the first joinAll's.
            let single = spawn { try greenlets[0].join() }
            let all = (0..<3).map { _ in spawn { try joinAll(greenlets + greenlets) } }
            let inVain = spawn { try joinAll(greenlets, timeout: .milliseconds(1)) }
            let raising = spawn { try joinAll(greenlets + greenlets, raisingErrors: true) }
            #expect(try inVain.get().isEmpty)
            for number in [1, 2, 0] {
                events[number].set()
                try settle()
            }
            for greenlet in all { #expect(try greenlet.get() == [greenlets[1], greenlets[2], greenlets[0]]) }
            #expect(throws: TestError(2)) { try raising.get() }
            try single.join()
            #expect(reports.errors == [TestError(2)])  // of `raising` itself, for which nobody waited
            let again = try joinAll(greenlets + greenlets)
            #expect(again == greenlets)
        }
    }

    @Test func aKilledOneLeavesThemToOthers() async {
        await onHub {
            let slow = spawn { try sleep(.milliseconds(8)) }
            let killed = spawn { try joinAll([slow, slow]) }
            let other = spawn { try joinAll([slow]) }
            try settle()
            try killed.kill()
            let later = spawn { try joinAll([slow]) }
            #expect(try other.get() == [slow])
            #expect(try later.get() == [slow])
        }
    }

    @Test func waitingInVainLeavesNothingBehind() async {
        await onHub {
            let slow = spawn { try sleep(.seconds(10)) }
            // What joinAll gathers is gone when it returns, though one of them still runs.
            func tryOnce() throws -> Observed {
                let quick = spawn {}
                try joinAll([slow, quick], timeout: .milliseconds(1))
                return Observed(greenlet: quick)
            }
            let observed = try tryOnce()
            try settle()
            #expect(observed.greenlet == nil)
            try slow.kill()
        }
    }

    @Test func withRaisingErrorsThoseThatSucceedAreReturned() async {
        await onHub {
            let greenlets = (1...3).map { number in spawn { number } }
            let ended = try joinAll(greenlets, raisingErrors: true)
            #expect(ended == greenlets && ended.map(\.value) == [1, 2, 3])
        }
    }

    @Test func anErrorOfThePastIsRaisedEachTime() async {
        await onHub {
            let reports = Reports()
            let slow = spawn { try sleep(.milliseconds(2)) }
            let bad = spawn { throw TestError(1) }
            for _ in 1...2 {
                #expect(throws: TestError(1)) { try joinAll([slow, bad], raisingErrors: true) }
                #expect(throws: TestError(1)) { try joinAll([bad], raisingErrors: true) }
            }
            #expect(!slow.isReady && reports.errors.isEmpty)
            try slow.join()
        }
    }

    @Test func oneThatFailsCountsToo() async {
        await onHub {
            let reports = Reports()
            let (slow, bad) = (spawn { try sleep(.seconds(10)) }, spawn { throw TestError(1) })
            let ended = try joinAll([slow, bad], count: 1)
            #expect(ended == [bad] && !slow.isReady && reports.errors == [TestError(1)])
            try slow.kill()
        }
    }

    @Test func oneThatIsNamedTwiceCountsOnceAlsoWhileItRuns() async {
        await onHub {
            let (first, second) = (spawn {}, spawn { try yieldNow() })
            let ended = try joinAll([first, second, first])
            #expect(ended == [first, second])
        }
    }

    @Test func oneThatIsNotStartedIsWaitedForInVain() async {
        await onHub {
            let greenlet = Greenlet {}
            let ended = try joinAll([greenlet], timeout: .milliseconds(2))
            #expect(ended.isEmpty)
            #expect(throws: LoopExit.self) { try joinAll([greenlet]) }
            greenlet.start()
            let now = try joinAll([greenlet])
            #expect(now == [greenlet])
        }
    }

    @Test func manyWhoWaitForOneGiveUpQuickly() async {
        await onHub {
            let count = isSanitized ? 300 : 10_000
            let slow = spawn { try sleep(.seconds(60)) }
            let all = (0..<count).map { _ in spawn { try joinAll([slow]) } }
            try settle()
            // All of them together: with a look at all others each, it would be half a minute.
            #expect(try elapsed { try killAll(all) } < .seconds(5))
            try slow.kill()
        }
    }
}

private struct Observed {
    weak var greenlet: AnyGreenlet?
}
