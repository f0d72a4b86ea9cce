// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's functions under gevent's names.

import Gevent
import GreenletTestSupport
import Testing

@Suite struct SpawningTests {
    @Test func argumentsArePassedOn() async {
        await onHub {
            func concatenate(_ a: Int, _ b: String, _ c: Double) -> String { "\(a) \(b) \(c)" }
            try #expect(Gevent.spawn(concatenate, 1, "two", 3.5).get() == "1 two 3.5")
            try #expect(Gevent.spawn { 7 }.get() == 7)
            try #expect(Gevent.spawn(after: 0.01, concatenate, 2, "x", 0).get() == "2 x 0.0")
        }
    }

    @Test func joinallReturnsThoseThatEndedInTheirOrder() async {
        await onHub {
            let slow = Gevent.spawn { try Gevent.sleep(0.03) }
            let fast = Gevent.spawn { try Gevent.sleep(0.01) }
            let never = Gevent.spawn { try Gevent.sleep(100) }
            try #expect(Gevent.joinall([slow, fast, never], timeout: 0.1) == [fast, slow])
            try Gevent.killall([slow, fast, never])
            #expect(never.isReady && never.isSuccessful)
        }
    }

    @Test func getcurrentIsTheGreenletThatRuns() async {
        await onHub {
            let main = Gevent.getcurrent()
            let greenlet = Gevent.spawn { Gevent.getcurrent() }
            try #expect(greenlet.get() === greenlet)
            #expect(Gevent.getcurrent() === main)
        }
    }

    @Test func killallThrowsWhenSomebodySurvives() async {
        await onHub {
            var mayEnd = false
            let diehard = Gevent.spawn {
                while !mayEnd { _ = try? Gevent.sleep(0.005) }
            }
            try Gevent.sleep(0)
            #expect(throws: Timeout.self) { try Gevent.killall([diehard], timeout: 0.03) }
            mayEnd = true
            try diehard.join()
        }
    }
}
