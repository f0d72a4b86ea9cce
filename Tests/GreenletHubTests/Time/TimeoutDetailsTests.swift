// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What timeouts hold, and how long; and those that don't fit a word.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct TimeoutDetailsTests {
    @Test func oneThatWasForgottenLetsTheGreenletGoWhenItsTimeIsOver() async {
        await onHub {
            var reported = 0
            Hub.current.errorHandler = { _, _ in reported += 1 }
            weak var running: AnyGreenlet?
            weak var shielded: AnyGreenlet?
            weak var failed: AnyGreenlet?
            func forget() throws {
                let first = spawn { Timeout(.milliseconds(2)).start() }
                // It arrives, but is never thrown.
                let second = spawn {
                    Timeout(.milliseconds(2)).start()
                    try shield { try sleep(.milliseconds(5)) }
                }
                // It is what this one ends with.
                let third = spawn {
                    Timeout(.milliseconds(2)).start()
                    try sleep(.seconds(10))
                }
                (running, shielded, failed) = (first, second, third)
                try joinAll([first, second, third])
            }
            try forget()
            try sleep(.milliseconds(10))
            #expect(running == nil && shielded == nil && failed == nil)
            #expect(reported == 1)
        }
    }

    @Test func itHoldsItsGreenletUntilItIsCancelled() async {
        await onHub {
            weak var greenlet: AnyGreenlet?
            func arm() throws -> [Timeout] {
                let spawned = spawn {
                    for _ in 0..<3 { try withTimeout(.seconds(5)) {} }
                    let timeouts = [Timeout(.seconds(5)), Timeout(.zero, throwing: TestError(1)), Timeout(.seconds(7))]
                    for timeout in timeouts { timeout.start() }
                    return timeouts
                }
                greenlet = spawned
                return try spawned.get()
            }
            let timeouts = try arm()
            try settle()
            for timeout in timeouts {
                #expect(greenlet != nil && timeout.isPending)
                timeout.cancel()
            }
            #expect(greenlet == nil)
        }
    }

    @Test func oneThatWasCancelledInTimeDoesNotHoldItsGreenlet() async {
        await onHub {
            weak var spawned: AnyGreenlet?
            weak var raw: AnyGreenlet?
            func run() throws {
                let greenlet = spawn { try withTimeout(.seconds(5)) { try yieldNow() } }
                spawned = greenlet
                try greenlet.get()
                let main = RawGreenlet.current
                let other = RawGreenlet {
                    raw = .current
                    try withTimeout(.seconds(5)) { try withDeadline(.seconds(5)) {} }
                    try main.switch()
                }
                try other.switch()
                #expect(raw != nil)
                try other.switch()
            }
            try run()
            #expect(spawned == nil && raw == nil)
        }
    }

    @Test func anotherMayStartItWhileItsErrorIsOnItsWay() async {
        await onHub {
            let timeout = Timeout(.milliseconds(20))
            weak var first: AnyGreenlet?
            func expire() throws {
                let greenlet = spawn {
                    timeout.start()
                    try shield { try sleep(.milliseconds(50)) }
                }
                first = greenlet
                try sleep(.milliseconds(40))
                #expect(!timeout.isPending)
                timeout.start()
                try greenlet.join()
            }
            try expire()
            #expect(first == nil && timeout.isPending)
            #expect(caught { try sleep(.seconds(10)) } as? Timeout === timeout)
        }
    }

    @Test func theHubIsFreedWithItsThreadWhateverBecameOfThem() async {
        final class Weak: @unchecked Sendable {
            // Safe because the thread that writes has ended before the test reads.
            weak var hub: Hub?
            weak var error: Failure?
            var timeouts: [Timeout] = []
        }
        final class Failure: Error {}
        await onThread {
            let weak = Weak()
            runOnThreadAndWait {
                let failure = Failure()
                (weak.hub, weak.error) = (Hub.current, failure)
                try? withTimeout(.seconds(5)) {}
                weak.timeouts = [Timeout(.seconds(5)), Timeout(.seconds(6)), Timeout(.zero)]
                for timeout in weak.timeouts { timeout.start() }
                Timeout(.seconds(5), throwing: failure).start()
                Hub.current.runSoon { Timeout(.seconds(5)).start() }
                // The third is on its way to the main greenlet when that ends.
                try? shield { try sleep(.milliseconds(1)) }
            }
            #expect(weak.hub == nil && weak.error == nil)
            for timeout in weak.timeouts {
                #expect(!timeout.isPending)
                timeout.cancel()
            }
        }
    }

    @Test func itNamesItsTimeExactly() {
        let durations: [Duration] = [
            .zero, .nanoseconds(1), .milliseconds(-1), .seconds(3600), .seconds(4_000_000_000), .seconds(Int64.max),
            Duration(secondsComponent: 2, attosecondsComponent: 1),
        ]
        for duration in durations {
            #expect("\(Timeout(duration))" == "timed out after \(duration)")
            #expect("\(Timeout(duration, throwing: TestError(1)))" == "timed out after \(duration)")
        }
        #expect("\(Timeout(nil))" == "timed out")
    }
}
