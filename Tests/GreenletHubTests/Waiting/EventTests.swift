// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The flag that greenlets wait for.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct EventTests {
    @Test func waitingForASetEventReturnsAtOnce() async {
        await onHub {
            let event = Event()
            #expect(!event.isSet)
            event.set()
            var othersRan = false
            spawn { othersRan = true }
            let wasSet = try event.wait()
            #expect(wasSet && event.isSet && !othersRan)
            try settle()
        }
    }

    @Test(arguments: [1, 100, 1_000])
    func setAndClearAtOnceStillWakesAllInOrder(count: Int) async {
        await onHub {
            let event = Event()
            var woken: [Int] = []
            let greenlets = (0..<count).map { number in
                spawn { if try event.wait() { woken.append(number) } }
            }
            try settle()
            event.set()
            event.clear()
            #expect(woken.isEmpty)
            try joinAll(greenlets)
            #expect(woken == Array(0..<count) && !event.isSet)
        }
    }

    @Test func afterClearOneWaitsForTheNextSet() async {
        await onHub {
            let event = Event()
            event.set()
            event.clear()
            let inTime = try event.wait(timeout: .milliseconds(2))
            #expect(!inTime)
        }
    }

    @Test func whoWaitsWhileOthersAreWokenRunsInTheSameTurn() async {
        await onHub {
            let event = Event()
            var order: [Int] = []
            for number in 1...2 { spawn { if try event.wait() { order.append(number) } } }
            try settle()
            spawn { order.append(4) }
            event.set()
            if try event.wait() { order.append(3) }
            #expect(order == [3])
            try settle()
            #expect(order == [3, 4, 1, 2])
        }
    }

    @Test func aTimeoutDoesNotDisturbTheOthers() async {
        await onHub {
            let event = Event()
            var results: [String] = []
            for (name, limit) in [("a", 9_000), ("b", 5), ("c", 9_000)] {
                spawn { results.append("\(name) \(try event.wait(timeout: .milliseconds(limit)))") }
            }
            try sleep(.milliseconds(10))
            event.set()
            try settle()
            #expect(results == ["b false", "a true", "c true"])
        }
    }

    @Test func itSaysWhatItIs() async {
        await onHub {
            let event = Event()
            #expect("\(event)".hasPrefix("<Event 0x") && "\(event)".hasSuffix("clear, 0 waiting>"))
            event.set()
            #expect("\(event)".hasSuffix("set, 0 waiting>"))
        }
    }

    @Test func oneThreadCanNotWaitWhereAnotherDoes() async {
        let shared = Shared()
        await onHub {
            let waiting = spawn { try shared.event.wait() }
            try settle()
            let other = Outcome()
            startThread { other.error = caught { try shared.event.wait() } }
            for _ in 0..<200 where other.error == nil { try sleep(.milliseconds(1)) }
            #expect((other.error as? GreenletError)?.code == .wrongThread)
            #expect("\(other.error as Any)".contains("\(waiting)"))
            shared.event.set()
            try waiting.join()
        }
    }

    @Test func oneThatWasJustWokenMayClearItAndWaitForTheNext() async {
        await onHub {
            let event = Event()
            let waiter = spawn {
                let setter = spawn { event.set() }
                let woken = try event.wait()
                let wasSet = event.isSet
                try setter.join()
                event.clear()
                let next = try waitAll([event], timeout: .milliseconds(2))
                return woken && wasSet && next.isEmpty && !event.isSet
            }
            let isRight = try waiter.get()
            #expect(isRight)
        }
    }

    @Test func settingOrClearingTwiceIsTheSameAsOnce() async {
        await onHub {
            let event = Event()
            for isSet in [true, true, false, false, true] {
                if isSet { event.set() } else { event.clear() }
                #expect(event.isSet == isSet)
            }
        }
    }
}

/// Safe because the test is about just this: the second thread is refused before it changes anything.
private final class Shared: @unchecked Sendable {
    let event = Event()
}

/// Safe because the error is touched with the lock held only; one of pthreads, which the thread sanitizer sees.
private final class Outcome: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: (any Error)?

    init() { pthread_mutex_init(lock, nil) }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    var error: (any Error)? {
        get { locked { value } }
        set { locked { value = newValue } }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
