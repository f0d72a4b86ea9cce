// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who may be whose parent, and who may switch to whom.

import GreenletCore
import GreenletTestSupport
import Synchronization
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
        let smuggled = Smuggled<RawGreenlet>()
        let name = Mutex("")
        await onThread {
            smuggled.value = RawGreenlet {}
            name.withLock { $0 = GreenletThread.current.name }
        }
        await onThread {
            guard let foreign = smuggled.value else { return }
            let mine = RawGreenlet {}
            for attempt in [{ try foreign.switch() }, { try mine.setParent(foreign) }, { _ = try foreign.throw() }] {
                let error = #expect(throws: GreenletError.self) { try attempt() }
                #expect(error?.code == .wrongThread)
                #expect(error?.message.contains(name.withLock { $0 }) == true)
                #expect(error?.message.contains(GreenletThread.current.name) == true)
            }
        }
        smuggled.value = nil
    }

    @Test func theMainGreenletOfAnEndedThreadIsDead() async {
        let smuggled = Smuggled<RawGreenlet>()
        let isGone = Mutex(false)
        await onThread {
            smuggled.value = RawGreenlet.current
        }
        for _ in 0..<500 where !isGone.withLock({ $0 }) {
            try? await Task.sleep(for: .milliseconds(2))
            isGone.withLock { $0 = smuggled.value?.isDead == true }
        }
        #expect(isGone.withLock { $0 })
    }
}
