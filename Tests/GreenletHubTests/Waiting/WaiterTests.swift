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

    @Test func theExampleOfItsPageWorks() async {
        await onHub {
            let connection = Channel<String>()
            var askers: [String: [Waiter]] = [:]
            func answer(to question: String) throws -> Bool {
                let waiter = try Waiter()
                askers[question, default: []].append(waiter)
                try connection.put(question)
                return try waiter.park(for: "an answer", timeout: .seconds(1))
            }
            func received(answerTo question: String) {
                for waiter in askers.removeValue(forKey: question) ?? [] { waiter.wake() }
            }
            let asking = ["who", "what", "who"].map { question in spawn { try answer(to: question) } }
            for _ in 0..<2 { received(answerTo: try connection.get()) }
            _ = try connection.get()  // one has been answered already
            let answers = try asking.map { try $0.get() }
            #expect(answers == [true, true, true])
        }
    }

    @Test(arguments: [0, 1, 2])
    func otherWaitsMayComeBetween(wakeUp: Int) async {
        await onHub {
            let waiter = try Waiter()
            if wakeUp == 0 { waiter.wake() }
            if wakeUp == 1 { spawn { waiter.wake() } }
            try yieldNow()
            try sleep(.milliseconds(1))
            if wakeUp == 2 { spawn { waiter.wake() } }
            let woken = try waiter.park(for: "a test")
            #expect(woken && !waiter.wake())
        }
    }

    @Test func whatWakesItMeanwhileDoesNotEndTheOtherWait() async {
        await onHub {
            let (event, waiter) = (Event(), try Waiter())
            spawn {
                #expect(waiter.wake() && !waiter.wake() && !waiter.wake(throwing: TestError()))
            }
            let isSet = try event.wait(timeout: .milliseconds(2))
            let woken = try waiter.park(for: "a test")
            #expect(!isSet && woken)
        }
    }

    @Test func severalMayBeOpenAndAreParkedOnInAnyOrder() async {
        await onHub {
            let (first, second, third) = (try Waiter(), try Waiter(), try Waiter())
            spawn {
                #expect(second.wake())
                #expect(first.wake() && !first.wake())
            }
            let firstWoken = try first.park(for: "the first")
            spawn { third.wake(throwing: TestError(3)) }
            #expect(throws: TestError(3)) { try third.park(for: "the third") }
            let secondWoken = try second.park(for: "the second")
            #expect(firstWoken && secondWoken && !first.wake() && !second.wake() && !third.wake())
        }
    }

    @Test func oneThatWasSetAsideMayRunOutOfTime() async {
        await onHub {
            let waiter = try Waiter()
            try yieldNow()
            let woken = try waiter.park(for: "a test", timeout: .milliseconds(1))
            #expect(!woken && !waiter.wake())
        }
    }

    @Test(arguments: [false, true])
    func itsErrorWaitsForItsPark(isEarly: Bool) async {
        await onHub {
            let waiter = try Waiter()
            if isEarly { waiter.wake(throwing: TestError(5)) } else { spawn { waiter.wake(throwing: TestError(5)) } }
            try sleep(.milliseconds(1))
            #expect(!waiter.wake())
            #expect(throws: TestError(5)) { try waiter.park(for: "a test") }
        }
    }

    @Test func aKillArrivesAtTheNextWaitWhicheverThatIs() async {
        await onHub {
            var waiter: Waiter?
            let greenlet = spawn {
                let own = try Waiter()
                waiter = own
                spawn { waiter?.wake() }
                let error = caught { try sleep(.seconds(9)) }
                let woken = try own.park(for: "a test")
                return error as? TestError == TestError(6) && woken
            }
            spawn { try greenlet.kill(with: TestError(6), wait: false) }
            let isRight = try greenlet.get()
            #expect(isRight && waiter?.wake() == false)
        }
    }

    @Test func aKillBeforeItParksLeavesItOpenForTheNextTry() async {
        await onHub {
            let waiting = try spawn {
                let own = try Waiter()
                AnyGreenlet.current.inject(TestError(7))
                let error = caught { try yieldNow() }
                spawn { own.wake() }
                let woken = try own.park(for: "a test")
                return error as? TestError == TestError(7) && woken
            }.get()
            #expect(waiting)
        }
    }

    @Test func thoseThatAreNeverParkedOnAreForgotten() async {
        await onHub {
            let first = try Waiter()
            for _ in 0..<Waiter.openLimit { _ = try Waiter() }
            #expect(first.wake())
            let last = try Waiter()
            #expect(!first.wake() && last.wake())
            let woken = try last.park(for: "a test")
            #expect(woken)
        }
    }

    @Test func parkingOnTheWaiterOfAnotherTrapsAndNamesBoth() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await onHub(allowingLeftovers: true) {
                let waiter = try Waiter()
                try spawn(name: "intruder") { _ = try waiter.park(for: "a test") }.join(timeout: .milliseconds(5))
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains(#/intruder .+ can.t park on a waiter of MainGreenlet-1/#), "\(text)")
    }

    @Test func parkingTwiceTrapsAndSaysSo() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await onHub(allowingLeftovers: true) {
                let waiter = try Waiter()
                waiter.wake()
                for _ in 0..<2 { _ = try waiter.park(for: "a test", timeout: .milliseconds(5)) }
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("MainGreenlet-1 can't park on a waiter whose wait is over"), "\(text)")
    }
}
