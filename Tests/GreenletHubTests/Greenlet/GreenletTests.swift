// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Spawning, ending, waiting for the end.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct GreenletTests {
    @Test func greenletsStartInTheOrderTheyWereSpawnedAndNotBefore() async {
        await onHub {
            var events: [String] = []
            let greenlets = (1...3).map { number in spawn { events.append("run \(number)") } }
            events.append("spawned")
            try joinAll(greenlets)
            #expect(events == ["spawned", "run 1", "run 2", "run 3"])
        }
    }

    @Test func sleepersOverlap() async {
        await onHub {
            let clock = ContinuousClock()
            let elapsed = try clock.measure {
                try joinAll((0..<100).map { _ in spawn { try sleep(.milliseconds(50)) } })
            }
            #expect(elapsed >= .milliseconds(50) && elapsed < .milliseconds(500))
        }
    }

    @Test func aGreenletKnowsHowItEnded() async {
        await onHub {
            let reports = Reports()
            let good = spawn { 42 }
            let bad = spawn { () throws -> Int in throw TestError(1) }
            let quiet = spawn { () throws -> Int in throw GreenletExit() }
            #expect(!good.isReady && good.value == nil && good.outcome == nil && !good.isSuccessful)
            try joinAll([good, bad, quiet])
            #expect(good.isReady && good.value == 42 && good.error == nil && good.isSuccessful)
            #expect(bad.isReady && bad.value == nil && bad.error as? TestError == TestError(1) && !bad.isSuccessful)
            #expect(quiet.isReady && quiet.value == nil && quiet.error == nil && quiet.isSuccessful)
            #expect((caught { _ = try quiet.get() } as? GreenletError)?.code == .exited)
            #expect(throws: TestError(1)) { try bad.get() }
            #expect(reports.errors == [TestError(1)])
        }
    }

    @Test func joinNeverThrowsTheErrorAndGetDoes() async {
        await onHub {
            let reports = Reports()
            let bad = spawn { throw TestError(2) }
            let hasEnded = try bad.join()
            #expect(hasEnded)
            #expect(throws: TestError(2)) { try bad.get() }
            #expect(reports.errors == [TestError(2)])
        }
    }

    @Test func joinAndGetGiveUpWhenTheirTimeIsOver() async {
        await onHub {
            let slow = spawn { try sleep(.seconds(10)) }
            #expect(try !slow.join(timeout: .milliseconds(5)))
            let error = try #require(caught { try slow.get(timeout: .milliseconds(5)) } as? Timeout)
            #expect("\(error)".contains("get on \(slow)"))
            try slow.kill()
        }
    }

    @Test func severalGreenletsMayWaitForOne() async {
        await onHub {
            let source = spawn {
                try sleep(.milliseconds(2))
                return 7
            }
            let sums = (1...3).map { number in spawn { try source.get() + number } }
            let values = try sums.map { sum in try sum.get() }
            #expect(values == [8, 9, 10])
        }
    }

    @Test func aGreenletThatIsNotStartedDoesNothing() async {
        await onHub {
            var runs = 0
            let greenlet = Greenlet { runs += 1 }
            try settle()
            #expect(runs == 0 && !greenlet.isReady)
            greenlet.start()
            greenlet.start()
            try greenlet.join()
            greenlet.start()
            try settle()
            #expect(runs == 1)
        }
    }

    @Test func aDelayedGreenletStartsLaterAndOnce() async {
        await onHub {
            var runs = 0
            let greenlet = spawn(after: .milliseconds(60)) { runs += 1 }
            try sleep(.milliseconds(1))
            #expect(runs == 0)
            greenlet.start()
            try greenlet.join()
            try sleep(.milliseconds(70))
            #expect(runs == 1)
        }
    }

    @Test func aGreenletRunsOnWhenNobodyHoldsIt() async {
        await onHub {
            var finished = false
            spawn {
                try sleep(.milliseconds(2))
                finished = true
            }
            try sleep(.milliseconds(20))
            #expect(finished)
        }
    }

    @Test func identifiersAreSmallAndReused() async {
        await onHub {
            var highest = 0
            for _ in 0..<100 {
                let greenlet = spawn {}
                highest = max(highest, greenlet.id)
                try greenlet.join()
            }
            #expect(highest < 10)
        }
    }

    @Test func namesSayWhoAndWhere() async {
        await onHub {
            let plain = spawn(name: nil, file: "File.swift", line: 7) {}
            let named = spawn(name: "worker") {}
            #expect(plain.name == "Greenlet-\(plain.id)" && "\(plain)" == "Greenlet-\(plain.id) (File.swift:7)")
            #expect(named.name == "worker")
            named.name = "other"
            #expect(named.name == "other")
            try joinAll([plain, named])
        }
    }

    @Test func currentIsTheGreenletThatRuns() async {
        await onHub {
            var inside: AnyGreenlet?
            let greenlet = spawn { inside = AnyGreenlet.current }
            try greenlet.join()
            #expect(inside === greenlet)
            #expect(AnyGreenlet.current !== greenlet)
            #expect("\(AnyGreenlet.current)".hasPrefix("MainGreenlet-"))
        }
    }

    @Test func aGreenletObjectMayOutliveItsHub() async {
        let kept = Keeper()
        await onHub {
            kept.greenlet = spawn { 1 }
            try kept.greenlet?.join()
        }
        #expect(kept.greenlet?.value == 1)
        kept.greenlet = nil
    }

    @Test(arguments: [nil, Duration.milliseconds(1)])
    func oneThatRunsIsNotReadyFromItsFirstMomentOn(delay: Duration?) async {
        await onHub {
            var linked = 0
            var greenlet: Greenlet<[Bool]>?
            greenlet = Greenlet {
                let atFirst = AnyGreenlet.current.isReady
                greenlet?.link { _ in linked += 1 }
                try settle()
                return [atFirst, AnyGreenlet.current.isReady, linked > 0]
            }
            if let delay { greenlet?.start(after: delay) } else { greenlet?.start() }
            let seen = try greenlet?.get()
            #expect(seen == [false, false, false])
            try settle()
            #expect(linked == 1)
            greenlet = nil
        }
    }

    @Test func whatNeverRunsOrWasKilledGoesWithItsLastReference() async {
        await onHub {
            weak var observed: Greenlet<Void>?
            func check(_ use: (Greenlet<Void>) throws -> Void) throws {
                let greenlet = Greenlet { try sleep(.seconds(10)) }
                observed = greenlet
                try use(greenlet)
            }
            try check { _ in }
            #expect(observed == nil)
            try check {
                $0.start()
                try $0.kill()
            }
            try settle()
            #expect(observed == nil)
            try check {
                $0.start()
                try settle()
                try $0.kill()
            }
            try settle()
            #expect(observed == nil)
        }
    }
}

/// Carries a greenlet off its thread.
///
/// Safe because that thread has let go of it.
private final class Keeper: @unchecked Sendable {
    var greenlet: Greenlet<Int>?
}
