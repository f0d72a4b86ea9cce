// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waking a greenlet of another thread: refused before that thread's run queue is touched.

import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct WrongThreadTests {
    @Test(arguments: WakeUp.allCases)
    func wakingAGreenletOfAnotherThreadTrapsAndNamesBothThreads(wakeUp: WakeUp) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [wakeUp] in
            await onHub(allowingLeftovers: true) { try wakeUp.happen() }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let threads = text.firstMatch(of: #/on .+, which belongs to (thread \d+), from (thread \d+): /#)
        let (owner, caller) = try (#require(threads?.1, "\(text)"), #require(threads?.2))
        #expect(owner != caller)
    }

    @Test(arguments: TimeoutCall.allCases)
    func callsOfATimeoutThatRunsOnAnotherThreadTrapAndNameBoth(call: TimeoutCall) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [call] in
            await onHub(allowingLeftovers: true) {
                let timeout = Timeout(.seconds(1))
                timeout.start()
                runOnThreadAndWait { call.happen(to: timeout) }
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let threads = text.firstMatch(
            of: #/\b(cancel|start|isPending) on a Timeout that belongs to (thread \d+), from (thread \d+): /#
        )
        let (owner, caller) = try (#require(threads?.2, "\(text)"), #require(threads?.3))
        #expect(owner != caller)
    }

    @Test func aTimeoutThatDoesNotRunMayBeUsedOnAnyThread() async {
        await onHub {
            let timeout = Timeout(.milliseconds(1))
            for _ in 0..<2 {
                timeout.start()
                #expect(caught { try sleep(.seconds(10)) } as? Timeout === timeout)
                let isThrown = Unchecked(false)
                runOnThreadAndWait {
                    #expect(!timeout.isPending && "\(timeout)".contains("timed out"))
                    timeout.cancel()
                    timeout.start()
                    isThrown.value = caught { try sleep(.seconds(10)) } as? Timeout === timeout
                    timeout.start()
                    timeout.cancel()
                }
                #expect(isThrown.value)
            }
        }
    }

    @Test func parkingOnAWaiterOfAnotherThreadTrapsAndNamesBothThreads() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await onHub(allowingLeftovers: true) {
                let waiter = Unchecked(try Waiter())
                runOnThreadAndWait { _ = try? waiter.value.park(for: "a test", timeout: .milliseconds(1)) }
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let threads = text.firstMatch(of: #/of (thread \d+) can.t park on a waiter of .+ of (thread \d+): /#)
        let (caller, owner) = try (#require(threads?.1, "\(text)"), #require(threads?.2))
        #expect(owner != caller)
    }

    @Test func aWakeUpThatComesWhenTheHubIsGoneDoesNothing() async {
        await onHub {
            let late = Unchecked<[Waiter]>([])
            try onThreadThatEnds { late.value.append(try Waiter()) }
            let isWoken = late.value[0].wake()
            let isWokenByAnError = late.value[0].wake(throwing: TestError())
            #expect(!isWoken && !isWokenByAnError)
        }
    }
}

/// What one can do with a timeout.
enum TimeoutCall: String, CaseIterable, Codable, Sendable {
    case cancel, start, isPending

    func happen(to timeout: Timeout) {
        switch self {
        case .cancel: timeout.cancel()
        case .start: timeout.start()
        case .isPending: _ = timeout.isPending
        }
    }
}

/// What wakes a greenlet that waits.
enum WakeUp: String, CaseIterable, Codable, Sendable {
    case waiter, waiterByAnError, waiterBeforeItParks, waiterSetAside
    case getFromFullQueue, getFromChannel, put, close, closeWithPutter, closeWithPeeker, taskDone
    case event, eventWithLink, result, semaphore, barrier, barrierAborted, barrierReset

    /// Lets a greenlet wait, and wakes it on another thread.
    func happen() throws {
        switch self {
        case .waiter: try withWaiter { $0.wake() }
        case .waiterByAnError: try withWaiter { $0.wake(throwing: TestError()) }
        case .waiterBeforeItParks:
            let waiter = try Waiter()
            elsewhere { waiter.wake() }
        case .waiterSetAside:
            let (waiter, _) = (try Waiter(), try Waiter())
            elsewhere { waiter.wake() }
        case .getFromFullQueue, .getFromChannel, .put, .close, .closeWithPutter, .closeWithPeeker, .taskDone:
            try happenToAQueue()
        case .event:
            let event = Event()
            try whoWaits({ try event.wait() }, isWokenBy: { event.set() })
        case .eventWithLink:
            let event = Event()
            try event.rawLink { _ in }
            elsewhere { event.set() }
        case .result:
            let result = AsyncResult<Int>()
            try whoWaits({ _ = try result.get() }, isWokenBy: { result.set(1) })
        case .semaphore:
            let semaphore = Semaphore(0)
            try whoWaits({ try semaphore.acquire() }, isWokenBy: { semaphore.release() })
        case .barrier, .barrierAborted, .barrierReset: try happenAtABarrier()
        }
    }

    private func happenToAQueue() throws {
        let (queue, channel) = (Queue<Int>(capacity: 1), Channel<Int>())
        switch self {
        case .getFromFullQueue:
            try queue.put(1)
            try whoWaits({ try queue.put(2) }, isWokenBy: { _ = try? queue.tryGet() })
        case .getFromChannel: try whoWaits({ try channel.put(1) }, isWokenBy: { _ = try? channel.tryGet() })
        case .put: try whoWaits({ _ = try queue.get() }, isWokenBy: { _ = try? queue.tryPut(1) })
        case .close: try whoWaits({ _ = try queue.get() }, isWokenBy: { queue.close() })
        case .closeWithPutter: try whoWaits({ try channel.put(1) }, isWokenBy: { channel.close() })
        case .closeWithPeeker: try whoWaits({ _ = try queue.peek() }, isWokenBy: { queue.close() })
        default:
            try queue.put(1)
            try whoWaits({ try queue.join() }, isWokenBy: { try? queue.taskDone() })
        }
    }

    private func happenAtABarrier() throws {
        let barrier = Barrier(parties: 2)
        let wake = {
            switch self {
            case .barrier: _ = try? barrier.wait()
            case .barrierAborted: barrier.abort()
            default: barrier.reset()
            }
        }
        try whoWaits({ try barrier.wait() }, isWokenBy: wake)
    }

    private func withWaiter(_ wake: @escaping (Waiter) -> Bool) throws {
        var waiter: Waiter?
        let wait = {
            let own = try Waiter()
            waiter = own
            _ = try own.park(for: "a test")
        }
        try whoWaits(wait, isWokenBy: { if let waiter { _ = wake(waiter) } })
    }

    private func whoWaits(_ wait: @escaping () throws -> Void, isWokenBy wake: @escaping () -> Void) throws {
        spawn(wait)
        try settle()
        elsewhere(wake)
    }

    private func elsewhere(_ body: @escaping () -> Void) {
        let body = Unchecked(body)
        runOnThreadAndWait { body.value() }
    }
}

/// Safe because one thread stands still while the other uses it.
private final class Unchecked<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
}
