// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Ending greenlets from outside.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct KillTests {
    @Test func aKilledGreenletUnwindsWhereItWaits() async {
        await onHub {
            var events: [String] = []
            let victim = spawn {
                defer { events.append("defer") }
                try sleep(.seconds(10))
                events.append("never")
            }
            try settle()
            #expect(try victim.kill())
            #expect(events == ["defer"])
            #expect(victim.isSuccessful && victim.value == nil)
        }
    }

    @Test func whoGetsTheValueOfOneThatWasKilledFails() async {
        await onHub {
            var reports: [String] = []
            Hub.current.errorHandler = { reports.append("\($1)") }
            let victim = spawn(name: "victim") { try sleep(.seconds(10)) }
            let group = Group()
            func exitAtOne(_ number: Int) throws -> Int {
                if number == 1 { try AnyGreenlet.current.kill() }
                return number
            }
            let getters = [
                spawn(name: "get") { try victim.get() },
                spawn(name: "map") { _ = try group.map([1, 2], exitAtOne) },
                spawn(name: "apply") { _ = try group.apply { try exitAtOne(1) } },
                spawn(name: "lazyMap") { while try group.lazyMap([1, 2], exitAtOne).next() != nil {} },
                spawn(name: "choose") { try choose([.get(from: victim) { $0 }]) },
            ]
            try settle()
            try victim.kill()
            try joinAll(getters)
            #expect(victim.isSuccessful)
            for getter in getters {
                #expect((getter.error as? GreenletError)?.code == .exited, "\(getter.name)")
            }
            let named = reports.filter { $0.contains("victim (") && $0.contains("join()") }
            #expect(reports.count == getters.count && named.count == 2)
            let killed = spawn { try Greenlet {}.get() }
            try settle()
            try killed.kill()
            #expect(killed.isSuccessful)  // that is its own
        }
    }

    @Test func aGreenletThatHasNotStartedNeverRunsButItsLinksDo() async {
        await onHub {
            var runs = 0
            var linked = 0
            let kinds = [Greenlet { runs += 1 }, spawn { runs += 1 }, spawn(after: .milliseconds(5)) { runs += 1 }]
            for greenlet in kinds {
                greenlet.link { _ in linked += 1 }
                #expect(try greenlet.kill())
                #expect(greenlet.isReady)
                greenlet.start()
            }
            try sleep(.milliseconds(10))
            #expect(runs == 0 && linked == 3)
        }
    }

    @Test func aDelayedGreenletMayBeKilledBetweenItsTimeAndItsTurn() async {
        await onHub {
            for _ in 0..<20 {
                var runs = 0
                // Both times are over in the same turn; the first that runs kills the other, which stands behind it.
                weak var victim: Greenlet<Void>?
                spawn(after: .zero) { _ = try victim?.kill() }
                victim = spawn(after: .zero) { runs += 1 }
                try sleep(.milliseconds(1))
                #expect(runs == 0)
                #expect(victim == nil)
            }
        }
    }

    @Test func anyErrorCanBeThrownIn() async {
        await onHub {
            let reports = Reports()
            let victim = spawn { try sleep(.seconds(10)) }
            try settle()
            try victim.kill(with: TestError(3))
            #expect(victim.error as? TestError == TestError(3))
            #expect(reports.errors == [TestError(3)])
        }
    }

    @Test func killingTwiceOrAfterTheEndIsHarmless() async {
        await onHub {
            let victim = spawn { 1 }
            try victim.join()
            #expect(try victim.kill())
            #expect(try victim.kill(with: TestError()))
            #expect(victim.value == 1 && victim.error == nil)
        }
    }

    @Test func aGreenletMayCatchTheErrorAndGoOn() async {
        await onHub {
            let stubborn = spawn {
                try? sleep(.seconds(10))
                try sleep(.milliseconds(10))
                return "survived"
            }
            try settle()
            #expect(try !stubborn.kill(timeout: .milliseconds(2)))
            #expect(try stubborn.get() == "survived")
        }
    }

    @Test func withoutWaitingTheVictimDiesLater() async {
        await onHub {
            let victim = spawn { try sleep(.seconds(10)) }
            try settle()
            #expect(try !victim.kill(wait: false))
            #expect(!victim.isReady)
            try settle()
            #expect(victim.isReady)
        }
    }

    @Test func killingOneselfThrowsHereAndNow() async {
        await onHub {
            var events: [String] = []
            let suicide = spawn {
                events.append("before")
                try AnyGreenlet.current.kill()
                events.append("never")
            }
            try suicide.join()
            #expect(events == ["before"] && suicide.isSuccessful)
        }
    }

    @Test func aKillThatFindsTheGreenletWokenArrivesAtItsNextSwitchPoint() async {
        await onHub {
            let event = Event()
            var events: [String] = []
            let victim = spawn {
                #expect(try event.wait())
                events.append("woken")
                try yieldNow()
                events.append("never")
            }
            try settle()
            event.set()
            try victim.kill()
            #expect(events == ["woken"])
        }
    }

    @Test func aKillThatFindsTheGreenletYieldingArrivesThere() async {
        await onHub {
            var rounds = 0
            let victim = spawn {
                while true {
                    try yieldNow()
                    rounds += 1
                }
            }
            try settle()
            #expect(try victim.kill(timeout: .milliseconds(100)))
            #expect(rounds > 0)
        }
    }

    @Test func killAllKillsAllAndRaisesItsTimeout() async {
        await onHub {
            let mortal = (0..<3).map { _ in spawn { try sleep(.seconds(10)) } }
            try settle()
            try killAll(mortal)
            #expect(mortal.allSatisfy { $0.isReady })
            let stubborn = spawn {
                try? sleep(.seconds(10))
                try sleep(.milliseconds(20))
            }
            try settle()
            #expect(throws: Timeout.self) { try killAll([stubborn], timeout: .milliseconds(2)) }
            try stubborn.join()
        }
    }

    @Test func killAllWithOneselfKillsTheOthersFirst() async {
        await onHub {
            let other = spawn { try sleep(.seconds(10)) }
            let killer = spawn { try killAll([AnyGreenlet.current, other] as [AnyGreenlet]) }
            try joinAll([other, killer])
            #expect(other.isReady && killer.isReady)
        }
    }

    @Test func aRawGreenletThatWaitsCanBeKilled() async {
        await onHub {
            var raw: AnyGreenlet?
            var ended: (any Error)?
            let outer = spawn {
                let body = RawGreenlet {
                    raw = AnyGreenlet.current
                    ended = caught { try sleep(.seconds(10)) }
                }
                try body.switch()
            }
            try settle()
            let victim = try #require(raw)
            #expect(try victim.kill())
            #expect(ended is GreenletExit && victim.isReady)
            try outer.join()
        }
    }

    @Test(arguments: VictimStage.allCases)
    func howeverFarItHasComeAndHoweverItIsKilledItEndsOnce(stage: VictimStage) async {
        await onHub {
            for error in [GreenletExit(), TestError(1)] as [any Error] {
                for (isWaitedFor, isOneOfAll) in [(true, false), (false, false), (true, true), (false, true)] {
                    var (starts, ends) = (0, 0)
                    var linked: [AnyGreenlet] = []
                    let victim = Greenlet {
                        starts += 1
                        try sleep(.seconds(10))
                        ends += 1
                    }
                    victim.link { linked.append($0) }
                    try stage.bring(victim)
                    for _ in 1...2 {  // the second time must not hurt
                        if isOneOfAll {
                            try killAll(Set<AnyGreenlet>([victim]), with: error, wait: isWaitedFor)
                        } else {
                            try victim.kill(with: error, wait: isWaitedFor)
                        }
                        if !isWaitedFor { try settle() }
                        #expect(victim.isReady && victim.value == nil)
                        #expect(victim.isSuccessful == (error is GreenletExit))
                        #expect(victim.error as? TestError == error as? TestError)
                    }
                    victim.start()
                    try sleep(.milliseconds(3))
                    #expect(starts == (stage == .waiting ? 1 : 0) && ends == 0 && linked == [victim])
                }
            }
        }
    }

    @Test func killAllNeedsNoTimeForThoseThatHaveNotStarted() async {
        await onHub {
            var runs = 0
            let victims = (0..<2).map { _ in
                spawn {
                    runs += 1
                    try? sleep(.seconds(10))
                    try sleep(.seconds(10))
                }
            }
            try killAll(Set<AnyGreenlet>(victims), timeout: .zero)
            try settle()
            #expect(runs == 0 && victims.allSatisfy { $0.isReady })
        }
    }

    @Test(arguments: VictimStage.allCases)
    func whatItsBodyCapturedMayKillItAgain(stage: VictimStage) async {
        await onHub {
            let reports = Reports()
            var again: [Bool] = []
            var session: Session? = Session { again.append(try $0.kill(with: TestError(2), wait: false)) }
            let beat = Greenlet { [session] in
                try withExtendedLifetime(session) { try sleep(.seconds(10)) }
            }
            session?.beat = beat
            session = nil
            let event = Event()
            let other = spawn { try event.wait() }
            let both = spawn { try joinAll([beat, other]).count }
            try yieldNow()
            try stage.bring(beat)
            try beat.kill(with: TestError(1))
            // One that waits still runs when what it captured ends: it kills itself then, by an error thrown to the killer.
            #expect(again == (stage == .waiting ? [] : [true]))
            try settle()
            #expect(Hub.current.aliveCount == 2)
            event.set()
            #expect(try both.get() == 2)
            #expect(reports.errors == [TestError(1)] && beat.error as? TestError == TestError(1))
        }
    }
}

/// What a body captures, and what becomes of its greenlet when it ends.
private final class Session {
    var beat: Greenlet<Void>?
    private let end: (Greenlet<Void>) throws -> Void

    init(_ end: @escaping (Greenlet<Void>) throws -> Void) { self.end = end }

    deinit { if let beat { try? end(beat) } }
}

/// How far a greenlet has come when it is killed.
enum VictimStage: CaseIterable, Sendable {
    case created, scheduled, delayed, waiting

    func bring(_ greenlet: Greenlet<Void>) throws {
        switch self {
        case .created: break
        case .scheduled: greenlet.start()
        case .delayed: greenlet.start(after: .milliseconds(1))
        case .waiting:
            greenlet.start()
            try settle()
        }
    }
}
