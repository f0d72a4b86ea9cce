// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What happens to a suspended greenlet that nobody can reach any more.

import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct DroppedGreenletTests {
    @Test func theDefersOfADroppedGreenletRunAtTheNextSafePoint() async {
        await onThread {
            var events: [String] = []
            let main = RawGreenlet.current
            var greenlet: RawGreenlet? = RawGreenlet {
                defer { events.append("defer") }
                do { try main.switch() } catch {
                    events.append("\(error)")
                    throw error
                }
            }
            try greenlet?.switch()
            greenlet = nil
            #expect(events == [])
            _ = RawGreenlet {}
            #expect(events == ["GreenletExit", "defer"])
            #expect(GreenletThread.current.stackCounts.live == 0)
        }
    }

    @Test func aGreenletDroppedWhileItRunsEndsOnceItHasSwitchedAwayByWhateverWay() async {
        await onThread {
            for createsMeanwhile in [false, true] {
                var events: [String] = []
                let main = RawGreenlet.current
                var greenlet: RawGreenlet?
                greenlet = RawGreenlet {
                    defer { events.append("defer") }
                    greenlet = nil
                    if createsMeanwhile { _ = RawGreenlet {} }
                    try RawGreenlet.switch(to: main)
                    events.append("never")
                }
                try greenlet?.switch()
                #expect(events == [])
                _ = RawGreenlet {}
                #expect(events == ["defer"])
                #expect(GreenletThread.current.stackCounts.live == 0)
            }
        }
    }

    @Test func whatEndsWithAGreenletMayRunOthers() async {
        final class Witness {
            let atEnd: () -> Void
            init(_ atEnd: @escaping () -> Void) { self.atEnd = atEnd }
            deinit { atEnd() }
        }
        struct Refused: Error {}
        await onThread {
            var events: [String] = []
            let main = RawGreenlet.current
            let witness = {
                Witness {
                    let other = RawGreenlet {
                        events.append("another runs")
                        try main.switch("by hand")
                    }
                    for number in Generator<Int>({ yield in try yield(7) }) { events.append("\(number)") }
                    withExtendedLifetime(other) {}
                }
            }
            // The pending parent dies of the error, on the stack of the child that has just ended.
            let child = RawGreenlet(parent: RawGreenlet { [witness = witness()] in _ = witness }) { throw Refused() }
            #expect(throws: Refused.self) { try child.switch() }
            // What a body captured goes when it has ended.
            try RawGreenlet { [witness = witness()] in _ = witness }.switch()
            #expect(events == ["7", "7"])
        }
    }

    @Test func aGreenletDroppedByAnotherThreadEndsOnItsOwn() async {
        final class Box: @unchecked Sendable {
            // Safe because the second thread is done with it before the first goes on.
            var greenlet: RawGreenlet?
        }
        await onThread {
            var ended = false
            let main = RawGreenlet.current
            let box = Box()
            box.greenlet = RawGreenlet {
                defer { ended = true }
                try main.switch()
            }
            try box.greenlet?.switch()
            runOnThreadAndWait { box.greenlet = nil }
            #expect(!ended)
            _ = RawGreenlet {}
            #expect(ended)
        }
    }

    @Test func aSuspendedParentThatOnlyADroppedChildKnewEndsToo() async {
        await onThread {
            var events: [String] = []
            let main = RawGreenlet.current
            var child: RawGreenlet? = RawGreenlet(
                parent: RawGreenlet {
                    defer { events.append("ended") }
                    events.append("running")
                    try main.switch()
                    events.append("never")
                }
            ) {}
            try child?.switch()
            #expect(events == ["running"])
            child = nil
            _ = RawGreenlet {}
            #expect(events == ["running", "ended"])
        }
    }

    @Test func aGreenletThatSurvivesKeepsItsStackAndIsReportedOnce() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await onThread(allowingLeftovers: true) {
                let main = RawGreenlet.current
                var greenlet: RawGreenlet? = RawGreenlet {
                    while true { _ = try? main.switch() as Any? }
                }
                try greenlet?.switch()
                greenlet = nil
                for _ in 0..<3 { _ = RawGreenlet {} }
                precondition(GreenletThread.current.stackCounts.live == 1)
                _exit(0)  // its thread's end would report it again
            }
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said.hasPrefix("greenlet: GreenletExit did not kill <RawGreenlet 0x"), "\(said)")
        #expect(said.hasSuffix(" suspended active started>; its stack stays in use\n"), "\(said)")
        #expect(said.count(where: \.isNewline) == 1, "\(said)")
    }

    @Test func oneThatIsThrownOutByAnotherErrorIsReportedAndNotThrownAtWhoeverRuns() async throws {
        struct Failure: Error {}
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await onThread {
                var ended = false
                let main = RawGreenlet.current
                var greenlet: RawGreenlet? = RawGreenlet {
                    do { try main.switch() } catch is GreenletExit {
                        ended = true
                        throw Failure()
                    }
                }
                try greenlet?.switch()
                greenlet = nil
                _ = RawGreenlet {}
                #expect(ended)
            }
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said == "greenlet: an unreachable greenlet ended with an error: Failure()\n")
    }

    @Test func theDroppedEndInTheOrderInWhichTheyWereDropped() async {
        await onThread {
            var ended: [Int] = []
            let main = RawGreenlet.current
            var greenlets: [RawGreenlet?] = (0..<5).map { number in
                RawGreenlet {
                    defer { ended.append(number) }
                    try main.switch()
                }
            }
            for greenlet in greenlets { try greenlet?.switch() }
            for number in [3, 0, 4] { greenlets[number] = nil }
            #expect(ended == [])
            try RawGreenlet.current.switch()
            #expect(ended == [3, 0, 4])
            greenlets = []
            _ = RawGreenlet {}
            #expect(ended == [3, 0, 4, 1, 2])
        }
    }

    @Test func itsParentIsWhoeverRunsWhileItEndsAndThenTheOldOneAgain() async {
        await onThread {
            var seen: [RawGreenlet?] = []
            let main = RawGreenlet.current
            let hub = RawGreenlet {}
            var greenlet: RawGreenlet? = RawGreenlet(parent: hub) {
                do { try main.switch() } catch {
                    // Resurrects itself, and goes on.
                    seen = [RawGreenlet.current.parent, RawGreenlet.current]
                    try hub.switch()
                }
            }
            try greenlet?.switch()
            greenlet = nil
            _ = RawGreenlet {}
            try #require(seen.count == 2)
            #expect(seen[0] === main && seen[1]?.parent === hub && seen[1]?.isActive == true)
            // No report, and nothing given up: somebody has it, and can drop it again.
            seen = []
            _ = RawGreenlet {}
        }
    }

    @Test func oneThatIsDroppedAndResumedBeforeTheSafePointGoesOn() async {
        await onThread {
            var resumed = false
            let main = RawGreenlet.current
            var greenlet: RawGreenlet? = RawGreenlet {
                try main.switch()
                resumed = true
            }
            try greenlet?.switch()
            // A child that ends is no safe point: control goes on to the parent.
            let child = RawGreenlet(parent: greenlet) { greenlet = nil }
            try child.switch()
            #expect(resumed && GreenletThread.current.stackCounts.live == 0)
        }
    }

    @Test func aGreenletThatDropsItsOwnLastReferenceRunsOnUntilItStops() async {
        await onThread {
            var events: [String] = []
            let main = RawGreenlet.current
            var greenlet: RawGreenlet?
            let starter = RawGreenlet {
                // `main` waits in a call on this one, and so does not hold on to the other.
                try greenlet?.setParent(main)
                let start = greenlet.take()
                try RawGreenlet(parent: start) {}.switch()
            }
            greenlet = RawGreenlet {
                defer { events.append("ended") }
                events.append("running")
                try main.switch()
                events.append("never")
            }
            try starter.switch()
            #expect(events == ["running"])
            try starter.throw()
            _ = RawGreenlet {}
            #expect(events == ["running", "ended"])
        }
    }

    @Test func aValueOnItsWayIsNotLostWhenItsCarrierDropsItself() async {
        await onThread {
            var ended = 0
            let main = RawGreenlet.current
            var worker: RawGreenlet?
            var initiator: RawGreenlet?
            worker = RawGreenlet {
                defer { ended += 1 }
                let value = try main.switch()
                worker = nil
                try initiator?.setParent(main)
                try main.switch(value)
            }
            try worker?.switch()
            initiator = RawGreenlet(parent: worker) { _ in 42 }
            try #expect(initiator?.switch() as? Int == 42)
            _ = RawGreenlet {}
            #expect(ended == 1)
        }
    }

    @Test func whoeverIsCalledIsHeldByTheCaller() async {
        await onThread {
            let main = RawGreenlet.current
            var greenlet: RawGreenlet?
            weak var seen: RawGreenlet?
            greenlet = RawGreenlet {
                seen = greenlet
                greenlet = nil
                _ = RawGreenlet {}
                #expect(seen != nil)
                try main.switch()
            }
            if let callee = greenlet { try withExtendedLifetime(callee) { _ = try callee.switch() } }
            #expect(seen == nil)
        }
    }

    @Test func greenletsThatKeepEachOtherAliveStayUntilTheirThreadEnds() async {
        final class Count: @unchecked Sendable {
            // Safe because the other thread has ended before it is read.
            var ended = 0
        }
        await onThread {
            let count = Count()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                var (first, second): (RawGreenlet?, RawGreenlet?)
                first = RawGreenlet {
                    defer { count.ended += 1 }
                    let other = second
                    try withExtendedLifetime(other) { _ = try main.switch() }
                }
                second = RawGreenlet {
                    defer { count.ended += 1 }
                    let other = first
                    try withExtendedLifetime(other) { _ = try main.switch() }
                }
                _ = try? first?.switch()
                _ = try? second?.switch()
                (first, second) = (nil, nil)
                _ = RawGreenlet {}
                #expect(count.ended == 0)
            }
            #expect(count.ended == 2)
        }
    }

    @Test func aClosureThatKnowsItsOwnGreenletIsFreedWhenThatEnds() async {
        await onThread {
            weak var greenlet: RawGreenlet?
            do {
                final class Box { var greenlet: RawGreenlet? }
                let box = Box()
                box.greenlet = RawGreenlet { _ = box.greenlet?.isActive }
                greenlet = box.greenlet
                try box.greenlet?.switch()
                #expect(greenlet != nil)
                box.greenlet = nil
            }
            #expect(greenlet == nil)
        }
    }

    @Test func unstartedAndDeadGreenletsAreSimplyFreed() async {
        await onThread {
            weak var unstarted: RawGreenlet?
            weak var dead: RawGreenlet?
            do {
                let first = RawGreenlet {}
                let second = RawGreenlet {}
                try second.switch()
                unstarted = first
                dead = second
                #expect(unstarted != nil && dead != nil)
            }
            #expect(unstarted == nil && dead == nil)
        }
    }
}
