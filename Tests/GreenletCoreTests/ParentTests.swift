// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who may be whose parent, and who may switch to whom.

import GreenletCore
import GreenletTestSupport
import Testing

/// Carries a hub-bound thing to another thread, for tests of what happens then.
private final class Smuggled<Value>: @unchecked Sendable {
    // Safe because the test orders the accesses by starting and joining threads.
    var value: Value?
}

@Suite struct ParentTests {
    @Test func aParentMayBeChanged() async {
        await onThread {
            var reached = ""
            let main = RawGreenlet.current
            let other = RawGreenlet { received in
                reached = received as? String ?? ""
                return try main.switch()
            }
            let greenlet = RawGreenlet { _ in "result" }
            try greenlet.setParent(other)
            try greenlet.switch()
            #expect(reached == "result")
            try other.switch()
        }
    }

    @Test func cyclesAreRefusedHoweverLong() async {
        await onThread {
            let first = RawGreenlet {}
            let second = RawGreenlet(parent: first) {}
            let third = RawGreenlet(parent: second) {}
            for descendant in [first, second, third] {
                let error = #expect(throws: GreenletError.self) { try first.setParent(descendant) }
                #expect(error?.code == .cyclicParent)
            }
            #expect(first.parent === RawGreenlet.current)
        }
    }

    @Test func theMainGreenletHasNoParentAndGetsNone() async {
        await onThread {
            let error = #expect(throws: GreenletError.self) { try RawGreenlet.current.setParent(RawGreenlet {}) }
            #expect(error?.code == .mainGreenlet)
        }
    }

    @Test func greenletsOfAnotherThreadAreRefusedByNameOfBothThreads() async {
        await onThread {
            let smuggled = Smuggled<(greenlet: RawGreenlet, thread: String)>()
            runOnThreadAndWait { smuggled.value = (RawGreenlet {}, GreenletThread.current.name) }
            guard let (foreign, name) = smuggled.value else { return }
            let mine = RawGreenlet {}
            for attempt in [{ try foreign.switch() }, { try mine.setParent(foreign) }, { _ = try foreign.throw() }] {
                let error = #expect(throws: GreenletError.self) { try attempt() }
                #expect(error?.code == .wrongThread)
                #expect(error?.message.contains(name) == true)
                #expect(error?.message.contains(GreenletThread.current.name) == true)
            }
        }
    }

    @Test func theMainGreenletOfAnEndedThreadIsDead() async {
        await onThread {
            let smuggled = Smuggled<RawGreenlet>()
            runOnThreadAndWait { smuggled.value = RawGreenlet.current }
            #expect(smuggled.value?.isDead == true)
        }
    }
}
