// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A point where greenlets wait for each other, and what breaks it.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct BarrierTests {
    @Test(arguments: [1, 10])
    func nobodyGoesOnBeforeAllHaveCome(passes: Int) async {
        await onHub {
            let barrier = Barrier(parties: 5)
            var arrived = 0
            let greenlets = (0..<5).map { _ in
                spawn {
                    for pass in 1...passes {
                        arrived += 1
                        try barrier.wait()
                        #expect(arrived >= 5 * pass)
                    }
                }
            }
            try joinAll(greenlets, raisingErrors: true)
            #expect(arrived == 5 * passes && barrier.waitingCount == 0 && !barrier.isBroken)
        }
    }

    @Test func eachGetsANumberOfItsOwn() async {
        await onHub {
            let barrier = Barrier(parties: 4)
            let greenlets = (0..<4).map { _ in spawn { try barrier.wait() } }
            let numbers = try greenlets.map { try $0.get() }
            #expect(numbers == [0, 1, 2, 3])
            let alone = try Barrier(parties: 1).wait()
            #expect(alone == 0)
        }
    }

    @Test func theActionRunsOnceBeforeAllGoOnEvenIfItSwitches() async {
        await onHub {
            var events: [String] = []
            let barrier = Barrier(parties: 2) {
                try yieldNow()
                events.append("action")
            }
            let greenlets = (0..<2).map { _ in
                spawn {
                    try barrier.wait()
                    events.append("on")
                }
            }
            try joinAll(greenlets, raisingErrors: true)
            #expect(events == ["action", "on", "on"])
        }
    }

    @Test func anActionThatFailsBreaksTheBarrier() async {
        await onHub {
            let barrier = Barrier(parties: 2) { throw TestError(3) }
            let first = spawn { _ = caughtBroken { try barrier.wait() } }
            try settle()
            #expect(throws: TestError(3)) { try barrier.wait() }
            try first.get()
            #expect(barrier.isBroken)
            #expect(throws: BarrierBroken()) { try barrier.wait() }
        }
    }

    @Test func anAbortWakesAllAndLastsUntilAReset() async {
        await onHub {
            let barrier = Barrier(parties: 3)
            let waiting = (0..<2).map { _ in spawn { caughtBroken { try barrier.wait() } } }
            try settle()
            #expect(barrier.waitingCount == 2)
            barrier.abort()
            let broken = try waiting.map { try $0.get() }
            #expect(broken == [true, true] && barrier.isBroken && barrier.waitingCount == 0)
            #expect(throws: BarrierBroken()) { try barrier.wait() }
            barrier.reset()
            let again = (0..<3).map { _ in spawn { try barrier.wait() } }
            try joinAll(again, raisingErrors: true)
            #expect(!barrier.isBroken)
        }
    }

    @Test func aResetSendsAwayWhoWaitsAndNobodyElse() async {
        await onHub {
            let barrier = Barrier(parties: 2)
            let early = spawn { caughtBroken { try barrier.wait() } }
            try settle()
            barrier.reset()
            #expect(!barrier.isBroken)
            let later = (0..<2).map { _ in spawn { try barrier.wait() } }
            try joinAll(later, raisingErrors: true)
            let broken = try early.get()
            #expect(broken && !barrier.isBroken)
        }
    }

    @Test func oneWhoseTimeRunsOutBreaksItForTheOthers() async {
        await onHub {
            let barrier = Barrier(parties: 3)
            let other = spawn { caughtBroken { try barrier.wait() } }
            try settle()
            let own = try #require(caught { try barrier.wait(timeout: .milliseconds(2)) } as? Timeout)
            #expect("\(own)".contains("wait on <Barrier 0x"))
            let broken = try other.get()
            #expect(broken && barrier.isBroken)
        }
    }

    @Test func oneThatIsKilledBreaksItForTheOthers() async {
        await onHub {
            let barrier = Barrier(parties: 3)
            let other = spawn { caughtBroken { try barrier.wait() } }
            let victim = spawn { try barrier.wait() }
            try settle()
            try victim.kill()
            let broken = try other.get()
            #expect(broken && barrier.isBroken)
        }
    }

    @Test func oneThatIsKilledAfterAllHaveComeBreaksNothing() async {
        await onHub {
            let barrier = Barrier(parties: 2)
            var passed = false
            let victim = spawn {
                try barrier.wait()
                passed = true
                try yieldNow()
                Issue.record("it should have been killed")
            }
            try settle()
            try barrier.wait()
            try victim.kill()
            #expect(passed && !barrier.isBroken)
        }
    }

    @Test func aBarrierForNobodyTraps() async {
        await #expect(processExitsWith: .failure) { _ = Barrier(parties: 0) }
    }
}

/// Whether `body` is told that the barrier is broken.
private func caughtBroken(_ body: () throws -> Int) -> Bool { caught { _ = try body() } is BarrierBroken }
