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

    @Test func throwingIntoASuspendedGreenletThrowsAtItsSwitch() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { _ in
                do { try main.switch() } catch is Failure { return "caught" }
                return "not caught"
            }
            try greenlet.switch()
            try #expect(greenlet.throw(Failure()) as? String == "caught")
        }
    }

    @Test func throwingIntoAnUnstartedGreenletKillsItAndReachesTheParent() async {
        await onThread {
            var ran = false
            let greenlet = RawGreenlet { ran = true }
            #expect(throws: Failure.self) { try greenlet.throw(Failure()) }
            #expect(greenlet.isDead && !ran)
            let quiet = RawGreenlet { ran = true }
            try #expect(quiet.throw() is GreenletExit)
            #expect(quiet.isDead && !ran)
        }
    }

    @Test func throwingIntoADeadGreenletReturnsExitAndRaisesTheRest() async {
        await onThread {
            let greenlet = RawGreenlet {}
            try greenlet.switch()
            try #expect(greenlet.throw() is GreenletExit)
            #expect(throws: Failure.self) { try greenlet.throw(Failure()) }
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

    @Test func descriptionsTellTheState() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { try main.switch() }
            #expect(main.description.hasSuffix(" current active started main>"))
            #expect(greenlet.description.hasSuffix(" pending>"))
            try greenlet.switch()
            #expect(greenlet.description.hasSuffix(" suspended active started>"))
            try greenlet.switch()
            #expect(greenlet.description.hasSuffix(" dead>"))
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
