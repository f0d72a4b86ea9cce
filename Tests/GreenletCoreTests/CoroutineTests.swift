// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Coroutines: values both ways, who may resume, and what is left when one is dropped or given up.

import GreenletCore
import GreenletTestSupport
import Testing

private struct Refused: Error {}

@Suite struct CoroutineTests {
    @Test func valuesGoBothWays() async throws {
        await onThread {
            let average = Coroutine<Double, String> { first, suspend in
                var (sum, count) = (first, 1.0)
                while sum < 100 {
                    sum += try suspend("\(sum / count)")
                    count += 1
                }
                return "enough"
            }
            try #expect(average.resume(10) == "10.0")
            try #expect(average.resume(20) == "15.0")
            #expect(!average.isFinished)
            try #expect(average.resume(70) == "enough")
            #expect(average.isFinished)
            let error = #expect(throws: GreenletError.self) { try average.resume(1) }
            #expect(error?.code == .finished)
        }
    }

    @Test func objectsAreHandedOverAndLetGo() async {
        final class Witness {}
        await onThread {
            weak var seen: Witness?
            let relay = Coroutine<Witness, Witness> { first, suspend in
                var next = first
                while true { next = try suspend(next) }
            }
            for _ in 0..<3 {
                let witness = Witness()
                seen = witness
                try #expect(relay.resume(witness) === witness)
            }
            _ = try relay.resume(Witness())
            #expect(seen == nil)
        }
    }

    @Test func differentGreenletsMayResumeInTurns() async {
        await onThread {
            let main = RawGreenlet.current
            let counter = Coroutine<Void, Int> { _, suspend in
                for number in 0..<4 { try suspend(number) }
                return 4
            }
            var seen: [Int] = []
            let greenlets = (0..<2).map { _ in
                RawGreenlet {
                    for _ in 0..<2 {
                        seen.append(try counter.resume(()))
                        try main.switch()
                    }
                }
            }
            for _ in 0..<2 { for greenlet in greenlets { try greenlet.switch() } }
            seen.append(try counter.resume(()))
            #expect(seen == [0, 1, 2, 3, 4] && counter.isFinished)
        }
    }

    @Test func theEndGoesToTheLastWhoResumedEvenToAChild() async {
        await onThread {
            let main = RawGreenlet.current
            var child: RawGreenlet?
            var events: [String] = []
            let coroutine = Coroutine<Int, Int> { first, suspend in
                child = RawGreenlet { try main.switch("child runs") }
                return try suspend(first) + 1
            }
            try #expect(coroutine.resume(1) == 1)
            let resumer = RawGreenlet(parent: child) {
                events.append("\(try coroutine.resume(2))")
                try main.switch()
            }
            try resumer.switch()
            #expect(events == ["3"] && coroutine.isFinished)
        }
    }

    @Test func whatABodyCapturedMayWalkAGeneratorWhileItGoes() async {
        final class Walker {
            let note: (Int) -> Void
            init(_ note: @escaping (Int) -> Void) { self.note = note }
            deinit { for number in Generator<Int>({ yield in try yield(7) }) { note(number) } }
        }
        await onThread {
            var seen: [Int] = []
            var walker: Walker? = Walker { seen.append($0) }
            let coroutine = Coroutine<Void, Int> { [walker] _, suspend in
                try suspend(1)
                _ = walker
                return 2
            }
            walker = nil
            let resumer = RawGreenlet { for _ in 0..<2 { seen.append(try coroutine.resume(())) } }
            try resumer.switch()
            #expect(seen == [1, 7, 2])
        }
    }

    @Test func aBodyThatWasEndedByHandIsFinished() async {
        await onThread {
            for isThrown in [false, true] {
                var body: RawGreenlet?
                let coroutine = Coroutine<Int, Int> { first, suspend in
                    body = .current
                    do { _ = try suspend(first) } catch is GreenletError {}
                    return 2
                }
                try #expect(coroutine.resume(1) == 1)
                _ = try? isThrown ? body?.throw(Refused()) : body?.switch()
                let error = #expect(throws: GreenletError.self) { try coroutine.resume(1) }
                #expect(coroutine.isFinished && error?.code == .finished)
            }
        }
    }

    @Test func anOrphansEndMayResumeTheCoroutineThatIsToBeResumed() async {
        await onThread {
            let main = RawGreenlet.current
            let coroutine = Coroutine<Int, Int> { first, suspend in try suspend(first) }
            try #expect(coroutine.resume(1) == 1)
            var seen: Int?
            var greenlet: RawGreenlet? = RawGreenlet {
                defer { seen = try? coroutine.resume(2) }
                try main.switch()
            }
            try greenlet?.switch()
            greenlet = nil
            let error = #expect(throws: GreenletError.self) { try coroutine.resume(3) }
            #expect(seen == 2 && error?.code == .finished)
        }
    }

    @Test func aCoroutineThatIsDroppedWhileItRunsEndsAtASafePoint() async {
        await onThread {
            var events: [String] = []
            var kept: Coroutine<Void, Int>?
            kept = Coroutine { _, suspend in
                defer { events.append("ended") }
                kept = nil
                _ = RawGreenlet {}  // a safe point
                try suspend(1)
                return 2
            }
            if let coroutine = kept { try #expect(coroutine.resume(()) == 1) }
            _ = RawGreenlet {}
            #expect(events == ["ended"])
            #expect(GreenletThread.current.stackCounts.live == 0)
        }
    }

    @Test func aCoroutineThatRunsCantBeResumed() async {
        await onThread {
            var inner: (any Error)?
            var coroutine: Coroutine<Void, Void>?
            coroutine = Coroutine { _, suspend in
                do { try coroutine?.resume(()) } catch { inner = error }
            }
            try coroutine?.resume(())
            coroutine = nil
            #expect((inner as? GreenletError)?.code == .concurrentUse)
        }
    }

    @Test func anotherThreadIsRefused() async {
        final class Shared: @unchecked Sendable {
            // Safe because the threads use it one after the other.
            var coroutine: Coroutine<Void, Int>?
            var error: (any Error)?
        }
        await onThread {
            let shared = Shared()
            shared.coroutine = Coroutine { _, suspend in
                try suspend(1)
                return 2
            }
            try #expect(shared.coroutine?.resume(()) == 1)
            runOnThreadAndWait {
                do { _ = try shared.coroutine?.resume(()) } catch { shared.error = error }
            }
            #expect((shared.error as? GreenletError)?.code == .wrongThread)
            try #expect(shared.coroutine?.resume(()) == 2)
        }
    }

    /// Coroutines of which each begins the next one when it is ended, so that their thread gives the last one up.
    private final class Chain: @unchecked Sendable {
        // Safe because the threads use it one after the other.
        var last: Coroutine<Void, Int>?

        func begin() {
            let coroutine = Coroutine<Void, Int> { _, suspend in
                defer { self.begin() }
                try suspend(1)
                return 2
            }
            _ = try? coroutine.resume(())
            last = coroutine
        }
    }

    @Test func oneThatItsThreadGaveUpIsRefusedByTheNextThread() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let chain = Chain()
            runOnThreadAndWait { chain.begin() }
            // Mostly at the same addresses, where the last stack was.
            for _ in 0..<4 {
                runOnThreadAndWait {
                    _ = RawGreenlet.current
                    #expect(throws: GreenletError(.wrongThread, "")) { try chain.last?.resume(()) }
                    #expect(chain.last?.isFinished == false)
                }
            }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        #expect(errors.contains("its last greenlets keep starting others: 1 of those are not unwound"))
    }

    @Test func aSwitchIntoWhoeverWaitsIsAnErrorThereAndTheBodyFindsNobody() async {
        await onThread {
            let main = RawGreenlet.current
            var events: [String] = []
            var body: RawGreenlet?
            let coroutine = Coroutine<Void, Int> { _, suspend in
                body = .current
                try main.switch()
                do { try suspend(1) } catch let error as GreenletError {
                    events.append("body: \(error.code == .invalidSwitch)")
                }
                return 2
            }
            let waiting = RawGreenlet {
                do { _ = try coroutine.resume(()) } catch {
                    events.append("waiting: \((error as? GreenletError)?.code == .invalidSwitch)")
                }
            }
            try waiting.switch()
            try waiting.switch("by hand")
            #expect(events == ["waiting: true"])
            try body?.switch()
            #expect(events == ["waiting: true", "body: true"] && coroutine.isFinished)
        }
    }
}
