// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One value or error, for many.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Calls a closure when it goes.
private final class Farewell: Equatable {
    let say: () -> Void

    init(_ say: @escaping () -> Void) { self.say = say }
    deinit { say() }

    static func == (left: Farewell, right: Farewell) -> Bool { left === right }
}

@Suite struct AsyncResultTests {
    @Test func allThatWaitGetTheValue() async {
        await onHub {
            let result = AsyncResult<Int>()
            #expect(!result.isReady && !result.isSuccessful && result.value == nil && result.error == nil)
            let greenlets = (1...3).map { number in spawn { try result.get() * number } }
            try settle()
            result.set(10)
            let values = try greenlets.map { greenlet in try greenlet.get() }
            #expect(values == [10, 20, 30])
            #expect(result.isReady && result.isSuccessful && result.value == 10)
            let again = try result.get()
            #expect(again == 10)
        }
    }

    @Test func anErrorIsThrownByGetAndNotByWait() async {
        await onHub {
            let result = AsyncResult<Int>()
            let waiting = spawn { try result.wait() }
            let getting = spawn { caught { _ = try result.get() } as? TestError }
            try settle()
            result.setError(TestError(5))
            let (waited, got) = (try waiting.get(), try getting.get())
            #expect(waited == nil && got == TestError(5))
            #expect(result.isReady && !result.isSuccessful && result.error as? TestError == TestError(5))
            #expect(throws: TestError(5)) { try result.get() }
        }
    }

    @Test func withoutWaitingThereIsTheOutcomeOrNone() async {
        await onHub {
            let (result, failed, exited) = (AsyncResult<Int>(), AsyncResult<Int>(), AsyncResult<Int>())
            let none = try result.tryGet()
            #expect(none == nil)
            result.set(3)
            failed.setError(TestError(4))
            let worker = spawn { throw GreenletExit() } as Greenlet<Int>
            exited.take(worker)
            try worker.join()
            let value = try result.tryGet()
            #expect(value == 3)
            #expect(throws: TestError(4)) { try failed.tryGet() }
            #expect((caught { _ = try exited.tryGet() } as? GreenletError)?.code == .exited)
            var inHub: Int?
            try failed.rawLink { _ in inHub = try? result.tryGet() }
            try yieldNow()
            #expect(inHub == 3)
        }
    }

    @Test func getRaisesATimeoutAndWaitDoesNot() async {
        await onHub {
            let result = AsyncResult<Int>()
            let error = try #require(caught { _ = try result.get(timeout: .milliseconds(2)) } as? Timeout)
            #expect("\(error)".contains("get on <AsyncResult 0x"))
            let value = try result.wait(timeout: .milliseconds(2))
            #expect(value == nil)
            let fallback = try withTimeout(.milliseconds(2), default: -1) { try result.get() }
            #expect(fallback == -1)
        }
    }

    @Test func itMayBeSetAgain() async {
        await onHub {
            let result = AsyncResult<Int>()
            let getting = spawn { try result.get() }
            try settle()
            result.set(1)
            result.set(2)
            let value = try getting.get()
            #expect(value == 2)
            result.setError(TestError())
            #expect(throws: TestError()) { try result.get() }
        }
    }

    @Test func aValueMayUseTheResultWhenItEnds() async {
        await onHub {
            let result = AsyncResult<Farewell?>()
            var seen: [Bool] = []
            result.set(Farewell { [unowned result] in seen.append(result.isReady && result.value == .some(nil)) })
            let waiter = spawn { try result.get() == nil }
            result.set(nil)
            #expect(seen == [true])
            result.set(Farewell { [unowned result] in result.set(nil) })
            result.setError(TestError(1))
            #expect(result.value == .some(nil))
            let isNil = try waiter.get()
            #expect(isNil)
        }
    }

    @Test func itTakesTheOutcomeOfAGreenlet() async {
        await onHub {
            let reports = Reports()
            let (good, bad) = (AsyncResult<Int>(), AsyncResult<Int>())
            let (quiet, late) = (AsyncResult<Int>(), AsyncResult<Int>())
            let source = spawn { 8 }
            good.take(source)
            bad.take(spawn { throw TestError(6) })
            quiet.take(spawn { throw GreenletExit() })
            let value = try good.get()
            #expect(value == 8)
            #expect(throws: TestError(6)) { try bad.get() }
            #expect((caught { _ = try quiet.get() } as? GreenletError)?.code == .exited)
            #expect(quiet.isSuccessful)
            late.take(source)
            #expect(late.value == 8)
            #expect(reports.errors.isEmpty)
        }
    }

    @Test func aResultOfNothingIsAnEvent() async {
        await onHub {
            let done = AsyncResult<Void>()
            spawn { done.set() }
            try done.get(timeout: .seconds(1))
            #expect(done.isReady)
        }
    }

    @Test func itTakesTheErrorOfAGreenletThatHasEndedAtOnce() async {
        await onHub {
            let reports = Reports()
            let source = spawn { () throws -> Int in throw TestError(6) }
            let first = AsyncResult<Int>()
            first.take(source)
            #expect(throws: TestError(6)) { try first.get() }
            for _ in 1...3 {
                let late = AsyncResult<Int>()
                late.take(source)
                #expect(late.error as? TestError == TestError(6))
            }
            #expect(reports.errors.isEmpty)
        }
    }
}
