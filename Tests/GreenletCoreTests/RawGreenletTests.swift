// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Switching by hand: where control goes, and what goes with it.

import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct RawGreenletTests {
    struct Failure: Error, Equatable {
        var number = 0
    }

    @Test func controlGoesWhereTheSwitchSays() async {
        await onThread {
            var trace: [Int] = []
            let main = RawGreenlet.current
            let greenlet = RawGreenlet {
                trace.append(1)
                try main.switch()
                trace.append(3)
            }
            trace.append(0)
            try greenlet.switch()
            trace.append(2)
            try greenlet.switch()
            trace.append(4)
            #expect(trace == [0, 1, 2, 3, 4])
            #expect(greenlet.isDead)
        }
    }

    @Test func valuesTravelBothWays() async {
        await onThread {
            let main = RawGreenlet.current
            let adder = RawGreenlet { first in
                var sum = 0
                var received = first
                while let number = received as? Int {
                    sum += number
                    received = try main.switch(sum)
                }
                return "sum \(sum)"
            }
            try #expect(adder.switch(1) as? Int == 1)
            try #expect(adder.switch(10) as? Int == 11)
            try #expect(adder.switch(100) as? Int == 111)
            try #expect(adder.switch(nil) as? String == "sum 111")
        }
    }

    @Test func controlAloneCanBePassedInEveryState() async {
        await onThread {
            var trace: [Int] = []
            let main = RawGreenlet.current
            let greenlet = RawGreenlet {
                trace.append(1)
                try RawGreenlet.switch(to: main)
                trace.append(2)
                throw Failure(number: 3)
            }
            try RawGreenlet.switch(to: main)
            try RawGreenlet.switch(to: greenlet)
            #expect(throws: Failure(number: 3)) { try RawGreenlet.switch(to: greenlet) }
            try RawGreenlet.switch(to: greenlet)
            #expect(trace == [1, 2])
        }
    }

    @Test func switchingToOneselfReturnsTheValueAtOnce() async {
        await onThread {
            try #expect(RawGreenlet.current.switch(5) as? Int == 5)
            try RawGreenlet.switch(to: RawGreenlet.current)
        }
    }

    @Test func anUncaughtErrorSurfacesInTheParent() async {
        await onThread {
            let greenlet = RawGreenlet { throw Failure(number: 1) }
            #expect(throws: Failure(number: 1)) { try greenlet.switch() }
            #expect(greenlet.isDead)
        }
    }

    @Test func anErrorGoesToTheParentAndNotToWhoeverSwitchedLast() async {
        await onThread {
            var caught: Failure?
            let main = RawGreenlet.current
            let parent = RawGreenlet {
                do { try main.switch() } catch let failure as Failure { caught = failure }
            }
            try parent.switch()
            let child = RawGreenlet(parent: parent) { throw Failure(number: 2) }
            try child.switch()
            #expect(caught == Failure(number: 2))
            #expect(parent.isDead)
        }
    }

    @Test func greenletExitEndsABodyWithoutAnError() async {
        await onThread {
            let greenlet = RawGreenlet { throw GreenletExit() }
            try #expect(greenlet.switch(nil) is GreenletExit)
        }
    }

    @Test func aDeadGreenletPassesTheValueUpToTheFirstThatLives() async {
        await onThread {
            let main = RawGreenlet.current
            let grandparent = RawGreenlet { first in
                var received = first
                while true { received = try main.switch("got \(received as? Int ?? -1)") }
            }
            let parent = RawGreenlet(parent: grandparent) {}
            let child = RawGreenlet(parent: parent) {}
            try grandparent.switch(0)
            try parent.switch()
            try child.switch()
            #expect(parent.isDead && child.isDead)
            try #expect(child.switch(42) as? String == "got 42")
            try grandparent.throw()
        }
    }

    @Test func anUnstartedParentBeginsWithTheResultOfItsChild() async {
        await onThread {
            let parent = RawGreenlet { received in "parent of \(received as? String ?? "nothing")" }
            let child = RawGreenlet(parent: parent) { _ in "child" }
            try #expect(child.switch(nil) as? String == "parent of child")
            #expect(parent.isDead)
        }
    }

    @Test func anUnstartedParentDiesOfItsChildsError() async {
        await onThread {
            var parentRan = false
            let parent = RawGreenlet { parentRan = true }
            let child = RawGreenlet(parent: parent) { throw Failure() }
            #expect(throws: Failure.self) { try child.switch() }
            #expect(parent.isDead && !parentRan)
        }
    }

    @Test func anUnstartedParentThatOnlyItsChildKnowsStillRuns() async {
        await onThread {
            var ran = false
            let child = RawGreenlet(parent: RawGreenlet { ran = true }) {}
            try child.switch()
            #expect(ran)
        }
    }

    @Test func currentAndActivityFollowTheSwitches() async {
        await onThread {
            let main = RawGreenlet.current
            #expect(main.parent == nil && main.isActive && !main.isDead)
            var seen: RawGreenlet?
            let greenlet = RawGreenlet {
                seen = RawGreenlet.current
                try main.switch()
            }
            #expect(!greenlet.isActive && !greenlet.isDead && greenlet.parent === main)
            try greenlet.switch()
            #expect(seen === greenlet && greenlet.isActive)
            #expect(RawGreenlet.current === main)
            try greenlet.switch()
            #expect(!greenlet.isActive && greenlet.isDead)
        }
    }

    @Test func aBodyMayUseALargeStackIfItAsksForOne() async {
        await onThread {
            func recurse(_ depth: Int) -> Int {
                withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { bytes in
                    bytes.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: depth))
                    return depth == 0 ? Int(bytes[0]) : recurse(depth - 1) + Int(bytes[17] & 1)
                }
            }
            let greenlet = RawGreenlet(stackSize: 16 << 20) { _ in recurse(1_000) }
            try #expect(greenlet.switch(nil) as? Int == 500)
        }
    }

    @Test func twoChildrenRunByTurns() async {
        await onThread {
            var count = 0
            let main = RawGreenlet.current
            let body = {
                count += 1
                try main.switch()
                count += 2
            }
            let (first, second) = (RawGreenlet(body), RawGreenlet(body))
            try first.switch()
            #expect(count == 1)
            try second.switch()
            #expect(count == 2)
            try second.switch()
            #expect(count == 4 && second.isDead && !first.isDead)
            try first.switch()
            #expect(count == 6 && first.isDead)
        }
    }

    @Test func aGreenletMayRunAnother() async {
        await onThread {
            var trace: [String] = []
            try RawGreenlet {
                trace.append("a")
                let inner = RawGreenlet {
                    trace.append("b")
                    try RawGreenlet.current.parent?.switch()
                }
                try inner.switch()
                trace.append("c")
            }.switch()
            #expect(trace == ["a", "b", "c"])
        }
    }

    @Test func severalValuesTravelAsOne() async {
        await onThread {
            let greenlet = RawGreenlet { received in
                guard let (a, b) = received as? (Int, Int) else { return nil }
                try RawGreenlet.current.parent?.switch(["x": a])
                return a * b
            }
            try #expect(greenlet.switch((4, 2)) as? [String: Int] == ["x": 4])
            try #expect(greenlet.switch() as? Int == 8)
        }
    }

    @Test func valuesAreNotKeptByTheSwitchesThatTheyPassed() async {
        await onThread {
            final class Value {}
            weak var passed: Value?
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { first in
                var received = first
                while true {
                    let sent = received.take()
                    received = try main.switch(sent)
                }
            }
            for _ in 0..<100 {
                let value = Value()
                passed = value
                try #expect(greenlet.switch(value) as? Value === value)
            }
            try greenlet.switch()
            #expect(passed == nil)
        }
    }

    @Test func aCaughtErrorIsTheGreenletsOwn() async {
        await onThread {
            try RawGreenlet {
                do { throw Failure(number: 1) } catch {
                    try RawGreenlet {
                        #expect(throws: Failure(number: 2)) { throw Failure(number: 2) }
                    }.switch()
                    #expect(error as? Failure == Failure(number: 1))
                }
            }.switch()
        }
    }

    @Test func thousandsOfGreenletsMayBeSuspendedAtOnce() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlets = (0..<3_000).map { number in
                RawGreenlet { _ in
                    try main.switch()
                    return number
                }
            }
            for greenlet in greenlets { try greenlet.switch() }
            var sum = 0
            for greenlet in greenlets { sum += try greenlet.switch(nil) as? Int ?? 0 }
            #expect(sum == 3_000 * 2_999 / 2)
        }
    }
}
