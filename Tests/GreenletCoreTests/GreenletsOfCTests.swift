// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets made by C code (cgreenlet.h) among those of Swift: each can switch to the other.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

private enum Locals {
    @TaskLocal static var number = 0
}

private typealias Pointer = UnsafeMutableRawPointer

/// A greenlet as C code makes one, whose body calls Swift.
private final class CMade {
    private let body: (Pointer?) -> Pointer?
    private(set) var handle: OpaquePointer?

    init(_ body: @escaping (Pointer?) -> Pointer?) {
        self.body = body
        handle = cgreenlet_create(
            { argument, first in
                // Safe because whoever made it keeps it for as long as it runs.
                Unmanaged<CMade>.fromOpaque(argument!).takeUnretainedValue().body(first)
            },
            Unmanaged.passUnretained(self).toOpaque(),
            0
        )
    }

    deinit { destroy() }

    var isDead: Bool { handle.map { cgreenlet_is_dead($0) } ?? true }

    func destroy() {
        if let handle { #expect(cgreenlet_destroy(handle) == 0) }
        handle = nil
    }

    /// Somebody else destroys it, or did.
    func forget() { handle = nil }

    @discardableResult
    func switched(_ value: Pointer? = nil) -> Pointer? { switchByC(handle, value).received }
}

private func switchByC(_ target: OpaquePointer?, _ value: Pointer? = nil) -> (received: Pointer?, error: CInt) {
    guard let target else { return (nil, EINVAL) }
    var received: Pointer?
    let result = cgreenlet_switch_to(target, value, &received)
    return (received, result == 0 ? 0 : errno)
}

/// Has `body` run when the calling thread ends, as the destructor of a key of its own: in the second round of them, when
/// those of all other keys have run.
private func atEndOfThread(_ body: @escaping () -> Void) {
    final class Work {
        let body: () -> Void
        var key = pthread_key_t()
        var isSecondRound = false
        init(_ body: @escaping () -> Void) { self.body = body }
    }
    let work = Work(body)
    let status = pthread_key_create(&work.key) { argument in
        guard let argument else { return }
        let work = Unmanaged<Work>.fromOpaque(argument)
        if work.takeUnretainedValue().isSecondRound { return work.takeRetainedValue().body() }
        work.takeUnretainedValue().isSecondRound = true
        pthread_setspecific(work.takeUnretainedValue().key, argument)
    }
    precondition(status == 0, "pthread_key_create: \(describeErrno(status))")
    pthread_setspecific(work.key, Unmanaged.passRetained(work).toOpaque())
}

private func pointer(_ number: Int) -> Pointer? { Pointer(bitPattern: number) }

@Suite struct GreenletsOfCTests {
    struct Failure: Error {}

    @Test func swiftInAGreenletOfCFindsAHandleWithItsParent() async {
        await onThread {
            let main = RawGreenlet.current
            let made = CMade { first in
                #expect(RawGreenlet.current !== main && RawGreenlet.current.parent === main)
                #expect(
                    RawGreenlet.current.isActive && RawGreenlet.current.description.contains("current active started")
                )
                let inner = CMade { value in
                    #expect(RawGreenlet.current.parent?.parent === main)
                    return value
                }
                return inner.switched(first)
            }
            #expect(made.switched(pointer(7)) == pointer(7))
            #expect(made.isDead && RawGreenlet.current === main)
        }
    }

    @Test func valuesTravelBetweenBothSidesAsPointers() async {
        await onThread {
            let main = RawGreenlet.current
            let mainOfC = cgreenlet_current()
            var handle: RawGreenlet?
            let made = CMade { first in
                handle = RawGreenlet.current
                #expect(first == pointer(1))
                #expect(switchByC(mainOfC, pointer(2)) == (pointer(3), 0))
                // From Swift's switch to C's, and back.
                let back = try? main.switch(pointer(4)) as? Pointer
                #expect(back == pointer(5))
                #expect(switchByC(mainOfC) == (nil, 0), "what is no pointer arrives as NULL")
                #expect(switchByC(mainOfC) == (nil, 0), "and so does control alone")
                return pointer(8)
            }
            #expect(made.switched(pointer(1)) == pointer(2))
            #expect(made.switched(pointer(3)) == pointer(4))
            try #expect(handle?.switch(pointer(5)) == nil)
            try #expect(handle?.switch("text") == nil)
            if let handle { try RawGreenlet.switch(to: handle) }
            #expect(made.isDead && handle?.isDead == true)
            try #expect(handle?.switch(9) as? Int == 9, "a dead one passes on to its parent")
        }
    }

    @Test func cSwitchesToAGreenletOfSwift() async {
        await onThread {
            let main = RawGreenlet.current
            var known: OpaquePointer?
            var seen: [Pointer?] = []
            let greenlet = RawGreenlet { (_) -> Any? in
                known = cgreenlet_current()
                seen.append(try main.switch() as? Pointer)
                seen.append(switchByC(cgreenlet_current(), pointer(2)).received)
                return pointer(3)
            }
            try greenlet.switch()
            #expect(known != cgreenlet_current() && known.flatMap { cgreenlet_parent($0) } == nil)
            let made = CMade { _ in switchByC(known, pointer(1)).received }
            // The greenlet's end brings its result to main, which stands in C's switch.
            #expect(made.switched() == pointer(3))
            #expect(seen == [pointer(1), pointer(2)] && greenlet.isDead && !made.isDead)
            made.destroy()
        }
    }

    @Test func anErrorThrownIntoAGreenletOfCIsAnErrorNumberThere() async {
        await onThread {
            var handle: RawGreenlet?
            var errors: [CInt] = []
            let made = CMade { _ in
                handle = RawGreenlet.current
                for _ in 0..<2 { errors.append(switchByC(cgreenlet_parent(cgreenlet_current()!)).error) }
                return pointer(1)
            }
            made.switched()
            try #expect(handle?.throw(Failure()) == nil)
            try #expect(handle?.throw() as? Pointer == pointer(1))
            #expect(errors == [ECANCELED, ECANCELED] && made.isDead)
        }
    }

    @Test func anErrorThrownIntoOneThatHasNotBegunReachesItsParent() async {
        await onThread {
            let main = RawGreenlet.current
            for isExit in [false, true] {
                // Neither of the two has begun: an error ends both, an exit is a value for which the outer one begins.
                let outer = CMade { first in
                    #expect(isExit && first == nil)
                    return pointer(5)
                }
                let inner = CMade { _ in fatalError("it never begins") }
                let child = CMade { _ in
                    let parent = RawGreenlet.current.parent
                    _ = try? main.switch()
                    _ = try? isExit ? parent?.throw() : parent?.throw(Failure())
                    return nil
                }
                if let inner = inner.handle, let outer = outer.handle, let child = child.handle {
                    #expect(cgreenlet_set_parent(inner, outer) == 0 && cgreenlet_set_parent(child, inner) == 0)
                }
                child.switched()
                let resumed = RawGreenlet { () -> Void in child.switched() }
                if isExit {
                    try #expect(resumed.switch() as? Pointer == pointer(5))
                } else {
                    #expect(throws: Failure.self) { try resumed.switch() }
                }
                #expect(inner.isDead && outer.isDead && !child.isDead)
                child.switched()
                try resumed.switch()
            }
        }
    }

    @Test func anErrorOfAChildReachesAParentInCAsAnErrorNumber() async {
        await onThread {
            var greenlet: RawGreenlet?
            var known: OpaquePointer?
            let made = CMade { _ in
                let child = RawGreenlet {
                    known = cgreenlet_current()
                    try RawGreenlet.current.parent?.switch()
                    throw Failure()
                }
                greenlet = child
                _ = try? child.switch()
                return Pointer(bitPattern: Int(switchByC(known).error))
            }
            #expect(made.switched() == pointer(Int(ECANCELED)))
            #expect(greenlet?.isDead == true)
            #expect(known != nil)
        }
    }

    @Test func theParentOfAGreenletOfCMayBeSetBySwift() async {
        await onThread {
            let main = RawGreenlet.current
            var received: [Pointer?] = []
            let heir = RawGreenlet { () -> Void in
                received.append(try main.switch() as? Pointer)
                received.append(try main.switch() as? Pointer)
            }
            try heir.switch()
            for number in 1...2 {
                var handle: RawGreenlet?
                let made = CMade { _ in
                    let current = RawGreenlet.current
                    handle = current
                    #expect(current.parent === main)
                    let pending = RawGreenlet(parent: main) {}
                    #expect(throws: GreenletError(.invalidArgument, "")) { try current.setParent(pending) }
                    #expect(throws: GreenletError(.cyclicParent, "")) { try current.setParent(current) }
                    #expect(current.parent === main)
                    #expect(throws: Never.self) { try current.setParent(heir) }
                    #expect(current.parent === heir)
                    return pointer(number)
                }
                #expect(made.switched() == nil, "from the heir, that switched here or ended")
                #expect(made.isDead && handle?.parent === heir && received.last == pointer(number))
            }
            #expect(received.count == 2 && heir.isDead)
        }
    }

    @Test func swiftSeesTheParentThatCHasSetAndRefusesACycleThroughIt() async {
        await onThread {
            let mainOfC = cgreenlet_current()
            var handle: RawGreenlet?
            let outer = CMade { _ in
                handle = RawGreenlet.current
                _ = switchByC(mainOfC)
                return nil
            }
            outer.switched()
            let inner = CMade { _ in
                let current = RawGreenlet.current
                guard let own = cgreenlet_current(), let other = outer.handle, let handle else { return nil }
                #expect(cgreenlet_set_parent(own, other) == 0)
                #expect(current.parent === handle)
                #expect(throws: GreenletError(.cyclicParent, "")) { try handle.setParent(current) }
                return pointer(1)
            }
            inner.switched()
            #expect(inner.isDead && outer.isDead, "the inner one's end is the outer one's turn")
        }
    }

    @Test func handlesOfSwiftAndOfCMayGoInAnyOrder() async {
        await onThread {
            let mainOfC = cgreenlet_current()
            var handle: RawGreenlet?
            let made = CMade { _ in
                handle = RawGreenlet.current
                _ = switchByC(mainOfC)
                fatalError("it was destroyed")
            }
            made.switched()
            made.destroy()
            #expect(handle?.isDead == true)
            try #expect(handle?.switch(1) as? Int == 1)
            handle = nil  // the closure that knows it is lost with the stack

            let other = CMade { _ in
                _ = RawGreenlet.current
                _ = switchByC(mainOfC)
                return pointer(2)
            }
            other.switched()
            _ = RawGreenlet {}  // a safe point: C keeps its greenlets alive itself
            #expect(!other.isDead && other.switched() == pointer(2))
        }
    }

    @Test func aHandleOnOneIsDeadWhenItsThreadHasEndedAndCMayStillDestroyIt() async {
        final class Left: @unchecked Sendable {
            // Safe because the test reads it when the thread that writes has ended.
            var handle: RawGreenlet?
            var (wasActive, destroyed): (Bool?, CInt?)
        }
        await onThread {
            let left = Left()
            runOnThreadAndWait {
                let mainOfC = cgreenlet_current()
                let made = CMade { _ in
                    left.handle = RawGreenlet.current
                    _ = switchByC(mainOfC)
                    fatalError("it was destroyed")
                }
                made.switched()
                atEndOfThread {
                    left.wasActive = left.handle?.isActive
                    left.destroyed = made.handle.map { cgreenlet_destroy($0) }
                    made.forget()
                }
            }
            #expect(left.wasActive == false && left.destroyed == 0)
            guard let handle = left.handle else { return }
            #expect(handle.isDead && !handle.isActive && handle.description.hasSuffix("(thread exited) dead>"))
            #expect(_getUnownedRetainCount(handle) == _getUnownedRetainCount(RawGreenlet {}), "nobody holds its memory")
        }
    }

    @Test func theRuntimesStateFollowsAGreenletOfC() async {
        final class Box { var field = 0 }
        await onThread {
            let mainOfC = cgreenlet_current()
            let box = Box()
            func hold(_ value: inout Int) { _ = switchByC(mainOfC) }
            let made = CMade { _ in
                #expect(Locals.number == 0)
                Locals.$number.withValue(1) {
                    hold(&box.field)
                    #expect(Locals.number == 1)
                    _ = switchByC(mainOfC)
                    #expect(Locals.number == 1)
                }
                return nil
            }
            Locals.$number.withValue(2) {
                made.switched()
                #expect(Locals.number == 2)
                box.field += 1
                made.switched()
            }
            #expect(Locals.number == 0)
            made.switched()
            #expect(made.isDead && box.field == 1)
        }
    }

    @Test func aThreadThatOnlyCUsesFirstIsCalibratedToo() async {
        await #expect(processExitsWith: .success) {
            await onThread {
                let made = CMade { first in first }
                let words = 0..<Int32(CGREENLET_WORDS)
                #expect(words.allSatisfy(cgreenlet_knows_word))
                #expect(made.switched(pointer(1)) == pointer(1))
            }
        }
    }

    @Test func aGreenletThatOnlyCKnowsLeavesNothingBehindOnItsStack() async {
        await onThread {
            let main = RawGreenlet.current
            var known: OpaquePointer?
            var events: [String] = []
            _ = try RawGreenlet { () -> Void in
                known = cgreenlet_current()
                try main.switch()
                events.append("resumed")
            }.switch()
            #expect(switchByC(known) == (nil, 0))
            #expect(events == ["resumed"])
            let made = CMade { _ in
                #expect(GreenletThread.current.running.pointee.parent == nil)
                return nil
            }
            made.switched()
            #expect(made.isDead)
        }
    }
}
