// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Limits on time: whose they are, how they nest, when they are over.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct TimeoutTests {
    @Test func itThrowsItselfWhereTheGreenletWaits() async {
        await onHub {
            let timeout = Timeout(.milliseconds(3))
            #expect(!timeout.isPending)
            timeout.start()
            #expect(timeout.isPending)
            let error = caught { try sleep(.seconds(10)) }
            #expect(error as? Timeout === timeout && !timeout.isPending)
            #expect("\(timeout)" == "timed out after 0.003 seconds")
        }
    }

    @Test func itMayThrowSomethingElse() async {
        await onHub {
            let timeout = Timeout(.milliseconds(3), throwing: TestError(4))
            timeout.start()
            #expect(throws: TestError(4)) { try sleep(.seconds(10)) }
        }
    }

    @Test func nothingHappensIfTheWorkIsDoneInTime() async {
        await onHub {
            let value = try withTimeout(.milliseconds(60)) {
                try sleep(.milliseconds(1))
                return 6
            }
            #expect(value == 6)
            try sleep(.milliseconds(70))
        }
    }

    @Test func neverMeansNever() async {
        await onHub {
            let timeout = Timeout(nil)
            timeout.start()
            #expect(!timeout.isPending)
            try sleep(.milliseconds(3))
            timeout.cancel()
        }
    }

    @Test func zeroMeansAtTheNextSwitchPoint() async {
        await onHub {
            #expect(throws: Timeout.self) { try withTimeout(.zero) { try sleep(.seconds(10)) } }
            let value = try withTimeout(.zero) { 7 }
            #expect(value == 7)
        }
    }

    @Test func aNegativeTimeIsNone() async {
        await onHub {
            let timeout = Timeout(.seconds(-3))
            timeout.start()
            #expect(caught { try sleep(.seconds(10)) } as? Timeout === timeout)
            #expect(timeout.duration == .seconds(-3) && !timeout.isPending)
        }
    }

    @Test func itSaysHowLongItIs() {
        let (short, endless) = (Timeout(.seconds(2)), Timeout(nil))
        #expect("\(short)" == "timed out after 2.0 seconds" && short.duration == .seconds(2))
        #expect("\(endless)" == "timed out" && endless.duration == nil)
    }

    @Test func itMayBeCancelledAndStartedAgain() async {
        await onHub {
            let timeout = Timeout(.milliseconds(3))
            timeout.start()
            timeout.cancel()
            timeout.cancel()
            #expect(!timeout.isPending)
            try sleep(.milliseconds(6))
            for _ in 0..<2 {
                timeout.start()
                #expect(caught { try sleep(.seconds(10)) } as? Timeout === timeout)
            }
        }
    }

    @Test func startingItTwiceTraps() async {
        await #expect(processExitsWith: .failure) {
            let timeout = Timeout(.seconds(1))
            timeout.start()
            timeout.start()
        }
    }

    @Test func cancelledAfterItsTimeButBeforeItsErrorWasSeenItIsSilent() async {
        await onHub {
            let event = Event()
            let timeout = Timeout(.milliseconds(2))
            let greenlet = spawn {
                timeout.start()
                try event.wait()
                // Woken by the event; the time ran out after that, and before this runs.
                #expect(!timeout.isPending)
                timeout.cancel()
                try yieldNow()
                return true
            }
            try settle()
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(4) {}
            Hub.current.runSoon { event.set() }
            let survived = try greenlet.get()
            #expect(survived)
        }
    }

    @Test func cancelledByAnotherWhenItHasEndedAWaitItIsThrownAllTheSame() async {
        await onHub {
            let timeout = Timeout(.milliseconds(2))
            let greenlet = spawn {
                timeout.start()
                return caught { try Event().wait() }
            }
            try settle()
            let other = spawn {
                try sleep(.milliseconds(1))
                #expect(!timeout.isPending && !greenlet.isReady)
                timeout.cancel()
            }
            try settle()
            // The time of both is over before the loop looks.
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(6) {}
            try other.join()
            let error = try greenlet.get()
            #expect(error as? Timeout === timeout)
        }
    }

    @Test func theSameWithoutCancellingItIsThrownAtTheNextSwitchPoint() async {
        await onHub {
            let event = Event()
            let timeout = Timeout(.milliseconds(2))
            let greenlet = spawn {
                timeout.start()
                let woken = try event.wait()
                return (woken, caught { try yieldNow() })
            }
            try settle()
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(4) {}
            Hub.current.runSoon { event.set() }
            let (woken, error) = try greenlet.get()
            #expect(woken && error as? Timeout === timeout)
        }
    }

    @Test func theOuterMayExpireFirst() async {
        await onHub {
            let (outer, inner) = (Timeout(.milliseconds(3)), Timeout(.seconds(10)))
            outer.start()
            inner.start()
            #expect(caught { try sleep(.seconds(10)) } as? Timeout === outer)
            #expect(!outer.isPending && inner.isPending)
            inner.cancel()
        }
    }

    @Test func theInnerMayExpireFirstAndTheOuterIsStillThere() async {
        await onHub {
            let (outer, middle, inner) = (Timeout(.seconds(10)), Timeout(.milliseconds(10)), Timeout(.milliseconds(3)))
            for timeout in [outer, middle, inner] { timeout.start() }
            #expect(caught { try sleep(.seconds(20)) } as? Timeout === inner)
            #expect(outer.isPending && !inner.isPending)
            #expect(caught { try sleep(.seconds(20)) } as? Timeout === middle)
            #expect(outer.isPending)
            outer.cancel()
        }
    }

    @Test(arguments: [nil, TestError(1)])
    func oneThatIsStartedAgainBeforeItsErrorIsThrownThrowsThatNoMore(own: TestError?) async {
        await onHub {
            func expires(_ timeout: Timeout, after body: () throws -> Void) throws {
                timeout.start()
                try body()
                #expect(!timeout.isPending)
                let time = elapsed {
                    timeout.start()
                    #expect(caught { try sleep(.seconds(10)) } != nil)
                }
                #expect(time >= .milliseconds(20))
                try settle()
                timeout.start()
                timeout.cancel()
                #expect(!timeout.isPending && Hub.current.timerCount == 0)
            }
            let timeout = Timeout(.milliseconds(20), throwing: own)
            try expires(timeout) { try shield { try sleep(.milliseconds(25)) } }
            let event = Event()
            let woken = spawn {
                // It is over after the event woke this, and before this runs.
                try expires(timeout) { try event.wait() }
            }
            try yieldNow()
            let end = ContinuousClock.now + .milliseconds(25)
            while ContinuousClock.now < end {}
            Hub.current.runSoon { event.set() }
            try woken.get()
        }
    }

    @Test func oneThatIsStartedAgainByAnotherStillThrowsWhatHasEndedAWait() async {
        await onHub {
            let timeout = Timeout(.milliseconds(5))
            var first: (any Error)?
            let sleeper = spawn {
                timeout.start()
                first = caught { try sleep(.seconds(10)) }
            }
            try yieldNow()
            spawn {
                let end = ContinuousClock.now + .milliseconds(10)
                while ContinuousClock.now < end {}
            }
            try sleep(.milliseconds(1))
            // Both are over by now; this one was woken first.
            #expect(!timeout.isPending && first == nil)
            timeout.start()
            try sleeper.join()
            #expect(first as? Timeout === timeout && timeout.isPending)
            timeout.cancel()
        }
    }

    @Test func theDefaultIsForOnesOwnTimeoutOnly() async {
        await onHub {
            let own = try withTimeout(.milliseconds(2), default: "own") {
                try sleep(.seconds(10))
                return "done"
            }
            #expect(own == "own")
            var reached = false
            let outer = try withTimeout(.milliseconds(2), default: "outer") {
                let inner = try withTimeout(.seconds(5), default: "inner") {
                    try sleep(.seconds(10))
                    return "done"
                }
                reached = true
                return inner
            }
            #expect(outer == "outer" && !reached)
            let foreign = caught {
                _ = try withTimeout(.seconds(5), default: "own") { () -> String in throw Timeout(.seconds(1)) }
            }
            #expect(foreign is Timeout)
        }
    }

    @Test func twoThatExpireInTheSameTurnArriveOneAfterTheOther() async {
        await onHub {
            let (first, second) = (Timeout(.milliseconds(2)), Timeout(.milliseconds(2)))
            let greenlet = spawn {
                first.start()
                second.start()
                return [caught { try sleep(.seconds(10)) }, caught { try yieldNow() }]
            }
            try settle()
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(4) {}
            let errors = try greenlet.get()
            #expect(errors[0] as? Timeout === first && errors[1] as? Timeout === second)
        }
    }

    @Test func aTimeoutHitsTheGreenletThatStartedIt() async {
        await onHub {
            let victim = spawn { () throws -> Bool in
                let timeout = Timeout(.milliseconds(3))
                timeout.start()
                return caught { try sleep(.milliseconds(50)) } as? Timeout === timeout
            }
            let other = spawn { try sleep(.milliseconds(10)) }
            let hit = try victim.get()
            try other.get()
            #expect(hit)
        }
    }

    @Test func aGreenletThatEndedBeforeItsTimeoutIsLeftInPeace() async {
        await onHub {
            let greenlet = spawn { Timeout(.milliseconds(2)).start() }
            try greenlet.join()
            try sleep(.milliseconds(6))
            #expect(greenlet.isSuccessful)
        }
    }

    @Test func thrownByHandItIsAnErrorLikeAnyOther() async {
        await onHub {
            let timeout = Timeout(nil)
            let error = caught { throw timeout }
            #expect(error as? Timeout === timeout && !timeout.isPending)
        }
    }

    @Test func timeCountsFromTheCallHoweverLongItsGreenletHasComputed() async {
        await onHub {
            for _ in 0..<3 {
                let start = ContinuousClock.now
                while ContinuousClock.now - start < .milliseconds(8) {}
                let slept = try elapsed { try sleep(.milliseconds(5)) }
                while ContinuousClock.now - start < .milliseconds(20) {}
                let limited = try elapsed {
                    let own = try withTimeout(.milliseconds(5), default: true) {
                        try sleep(.seconds(10))
                        return false
                    }
                    #expect(own)
                }
                #expect(slept >= .milliseconds(5) && limited >= .milliseconds(5))
            }
        }
    }

    @Test func oneThatAnotherHasStartedSinceIsHis() async {
        await onHub {
            let timeout = Timeout(.milliseconds(1))
            let event = Event()
            let first = spawn {
                timeout.start()
                _ = try event.wait()
            }
            var later: (any Error)?
            let second = spawn {
                // It has just expired for the first, who has not run since.
                while timeout.isPending { try yieldNow() }
                timeout.cancel()
                timeout.start()
                try shield {
                    while timeout.isPending { try yieldNow() }
                    try sleep(.milliseconds(1))
                    timeout.cancel()
                }
                later = caught { try sleep(.milliseconds(1)) }
            }
            try second.join()
            #expect(later == nil && second.isSuccessful)
            event.set()
            try first.join()
        }
    }

    @Test func itLetsGoOfItsError() async {
        final class Failure: Error {}
        await onHub {
            weak var observed: Failure?
            func work(_ duration: Duration, within limit: Duration) throws {
                let failure = Failure()
                observed = failure
                let timeout = Timeout(limit, throwing: failure)
                timeout.start()
                defer { timeout.cancel() }
                try sleep(duration)
            }
            try work(.milliseconds(1), within: .seconds(10))
            #expect(observed == nil)
            let hasFailed = caught { try work(.seconds(10), within: .milliseconds(1)) } is Failure
            #expect(hasFailed && observed == nil)
        }
    }
}
