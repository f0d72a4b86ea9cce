// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One wait, one wake-up.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct WaiterTests {
    @Test func itParksUntilItIsWoken() async {
        await onHub {
            let waiter = try Waiter()
            spawn { waiter.wake() }
            let woken = try waiter.park(for: "a test")
            #expect(woken)
        }
    }

    @Test func wokenBeforeItParksItDoesNotSwitch() async {
        await onHub {
            var othersRan = false
            spawn { othersRan = true }
            let waiter = try Waiter()
            #expect(waiter.wake() && !waiter.wake())
            let woken = try waiter.park(for: "a test")
            #expect(woken && !othersRan)
            try settle()
        }
    }

    @Test func onlyTheFirstWakeUpCounts() async {
        await onHub {
            let waiter = try Waiter()
            var results: [Bool] = []
            spawn {
                results.append(waiter.wake())
                results.append(waiter.wake(throwing: TestError()))
            }
            let woken = try waiter.park(for: "a test")
            #expect(woken && results == [true, false])
        }
    }

    @Test func anErrorIsThrownWhereItParks() async {
        await onHub {
            let waiter = try Waiter()
            spawn { waiter.wake(throwing: TestError(3)) }
            #expect(throws: TestError(3)) { try waiter.park(for: "a test") }
        }
    }

    @Test func aWakeUpForAnEarlierWaitIsIgnored() async {
        await onHub {
            let early = try Waiter()
            let inTime = try early.park(for: "a test", timeout: .milliseconds(1))
            #expect(!inTime && !early.wake())
            var woken: Bool?
            let greenlet = spawn { woken = try Waiter().park(for: "a test", timeout: .milliseconds(10)) }
            try settle()
            #expect(!early.wake() && woken == nil)
            try greenlet.join()
            #expect(woken == false)
        }
    }

    @Test func anErrorThatComesBeforeItParksIsThrownThere() async {
        await onHub {
            var othersRan = false
            spawn { othersRan = true }
            let waiter = try Waiter()
            #expect(waiter.wake(throwing: TestError(4)) && !waiter.wake())
            #expect(throws: TestError(4)) { try waiter.park(for: "a test") }
            #expect(!othersRan)
            try settle()
        }
    }
}
