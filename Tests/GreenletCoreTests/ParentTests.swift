// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who may be whose parent, and who may switch to whom.

import GreenletCore
import GreenletTestSupport
import Testing

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

    @Test func aLongLineOfParentsGoesWithoutADeepStack() async {
        final class Weak { weak var greenlet: RawGreenlet? }
        await onThread {
            let first = Weak()
            var last = RawGreenlet {}
            first.greenlet = last
            for _ in 0..<200_000 { last = RawGreenlet(parent: last) {} }
            #expect(first.greenlet != nil)
            last = RawGreenlet {}
            #expect(first.greenlet == nil)
        }
    }

    @Test func theMainGreenletHasNoParentAndGetsNone() async {
        await onThread {
            let error = #expect(throws: GreenletError.self) { try RawGreenlet.current.setParent(RawGreenlet {}) }
            #expect(error?.code == .mainGreenlet)
        }
    }

    @Test func aGreenletIsNotItsOwnParentAndMainIsNobodysChild() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet {}
            let own = #expect(throws: GreenletError.self) { try greenlet.setParent(greenlet) }
            #expect(own?.code == .cyclicParent)
            let ofMain = #expect(throws: GreenletError.self) { try main.setParent(main) }
            #expect(ofMain?.code == .mainGreenlet && main.parent == nil)
        }
    }

    @Test func theParentOfOneThatRunsOrHasEndedMayBeChanged() async {
        await onThread {
            var seen: [Int] = []
            let main = RawGreenlet.current
            let late = RawGreenlet { seen.append(24) }
            let child = RawGreenlet { seen.append(42) }
            try child.switch()
            try child.setParent(late)
            // The same as switching to the parent.
            try #expect(child.switch(nil) == nil)
            #expect(seen == [42, 24])

            let heir = RawGreenlet { received in "heir of \(received as? Int ?? 0)" }
            let running = RawGreenlet { _ in
                try RawGreenlet.current.setParent(heir)
                return 7
            }
            try #expect(running.switch(nil) as? String == "heir of 7")
            #expect(running.parent === heir && heir.parent === main)
        }
    }

    @Test func aParentLivesAsLongAsItsChildNeedsIt() async {
        await onThread {
            weak var parent: RawGreenlet?
            do {
                let main = RawGreenlet.current
                let child = RawGreenlet(parent: RawGreenlet { received in received }) { _ in try main.switch() }
                parent = child.parent
                try child.switch(nil)
                #expect(parent != nil && child.parent === parent)
                try #expect(child.switch(5) as? Int == 5)
                #expect(parent != nil && child.parent === parent)
            }
            #expect(parent == nil)
        }
    }
}
