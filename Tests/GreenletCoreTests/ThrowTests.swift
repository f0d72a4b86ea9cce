// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Errors thrown in by hand: in every state, and where they go from there.

import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct ThrowTests {
    struct Failure: Error, Equatable {
        var number = 0
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

    @Test func theErrorItselfArrives() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { _ in
                do { try main.switch("ready") } catch let failure as Failure { return failure.number }
                return nil
            }
            try #expect(greenlet.switch(nil) as? String == "ready")
            try #expect(greenlet.throw(Failure(number: 7)) as? Int == 7)
        }
    }

    @Test func throwingIntoOneselfThrowsAtOnce() async {
        await onThread {
            #expect(throws: Failure(number: 1)) { try RawGreenlet.current.throw(Failure(number: 1)) }
            #expect(throws: GreenletExit()) { try RawGreenlet.current.throw() }
            try RawGreenlet {
                #expect(throws: Failure(number: 2)) { try RawGreenlet.current.throw(Failure(number: 2)) }
            }.switch()
        }
    }

    @Test func exitEndsASuspendedGreenletAndReturnsAsAValueEverAfter() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { try main.switch() }
            try greenlet.switch()
            try #expect(greenlet.throw() is GreenletExit)
            #expect(greenlet.isDead)
            try #expect(greenlet.throw() is GreenletExit)
        }
    }

    @Test(arguments: [(false, false), (true, false), (true, true)])
    func anErrorGoesOnToTheParentWhateverTheStateOfBoth(parentHasStarted: Bool, childHasStarted: Bool) async {
        await onThread {
            let main = RawGreenlet.current
            let parent = RawGreenlet { _ in
                do { try main.switch("ready") } catch is Failure { return "caught" }
                return "not caught"
            }
            let child = RawGreenlet(parent: parent) { try main.switch() }
            if parentHasStarted { try #expect(parent.switch(nil) as? String == "ready") }
            if childHasStarted { try child.switch() }
            if parentHasStarted {
                try #expect(child.throw(Failure()) as? String == "caught")
            } else {
                #expect(throws: Failure.self) { try child.throw(Failure()) }
            }
            #expect(child.isDead && parent.isDead)
        }
    }

    @Test func exitThrownIntoAnUnstartedGreenletStartsItsUnstartedParent() async {
        await onThread {
            let parent = RawGreenlet { received in received is GreenletExit ? "began with exit" : "?" }
            let child = RawGreenlet(parent: parent) {}
            try #expect(child.throw() as? String == "began with exit")
        }
    }

    @Test func anErrorThatABodySendsToAnotherSurfacesThere() async {
        await onThread {
            var seen: (any Error)?
            let main = RawGreenlet.current
            let greenlet = RawGreenlet {
                do { try main.switch() } catch {
                    seen = error
                    throw error
                }
            }
            try greenlet.switch()
            let sender = RawGreenlet(parent: greenlet) { throw Failure(number: 3) }
            #expect(throws: Failure(number: 3)) { try sender.switch() }
            #expect(seen as? Failure == Failure(number: 3))
        }
    }

    @Test func anErrorOfAReparentedChildPassesItsNewParent() async {
        await onThread {
            var seen = 0
            let main = RawGreenlet.current
            let body = {
                do { try main.switch() } catch {
                    seen += 1
                    throw error
                }
                throw Failure()
            }
            let (first, second) = (RawGreenlet(body), RawGreenlet(body))
            try first.switch()
            try second.switch()
            try second.setParent(first)
            #expect(seen == 0)
            #expect(throws: Failure.self) { try second.switch() }
            #expect(seen == 1 && first.isDead)
            try #expect(second.switch(25) as? Int == 25)
            #expect(seen == 1)
        }
    }
}
