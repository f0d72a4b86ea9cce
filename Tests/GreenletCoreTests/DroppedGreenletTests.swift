// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What happens to a suspended greenlet that nobody can reach any more.

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

    @Test func aGreenletThatSurvivesKeepsItsStack() async {
        await onThread(allowingLeftovers: true) {
            let main = RawGreenlet.current
            var greenlet: RawGreenlet? = RawGreenlet {
                while true { _ = try? main.switch() as Any? }
            }
            try greenlet?.switch()
            greenlet = nil
            _ = RawGreenlet {}
            #expect(GreenletThread.current.stackCounts.live == 1)
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
