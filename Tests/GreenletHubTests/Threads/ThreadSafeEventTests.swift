// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A flag that threads share: set and waited for from everywhere.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite(.serialized) struct ThreadSafeEventTests {
    @Test func oneThreadSetsWhatAnothersGreenletsWaitFor() async {
        await onHub {
            let event = ThreadSafeEvent()
            var log: [Int] = []
            let waiting = (0..<5).map { number in
                spawn {
                    try event.wait()
                    log.append(number)
                }
            }
            try settle()
            #expect("\(event)".hasSuffix("clear, 5 waiting>"))
            startThread { event.set() }
            try joinAll(waiting, timeout: .seconds(20), raisingErrors: true)
            #expect(log == [0, 1, 2, 3, 4] && event.isSet)
        }
    }

    @Test func whoWaitedWasWokenEvenIfItIsClearedAtOnce() async {
        await onHub {
            let (event, worker) = (ThreadSafeEvent(), try Worker())
            let own = spawn { try event.wait(timeout: .seconds(20)) }
            let isWaiting = ThreadSafeEvent()
            let result = spawn {
                try worker.handle.call {
                    spawn { isWaiting.set() }
                    return try event.wait(timeout: .seconds(20))
                }
            }
            try isWaiting.wait()
            try sleep(.milliseconds(2))
            event.set()
            event.clear()
            let (first, second) = (try own.get(), try result.get())
            #expect(first && second && !event.isSet)
            worker.stop()
        }
    }

    @Test func aPlainThreadSleepsUntilItIsSetOrItsTimeIsOver() async {
        await onHub {
            let (event, isDone) = (ThreadSafeEvent(), ThreadSafeEvent())
            let log = SharedLog<Bool?>()
            startThread {
                var usage = rusage()
                log.append(try? event.wait(timeout: .milliseconds(60)))
                getrusage(1, &usage)
                log.append(usage.ru_nvcsw <= 3 && usage.ru_utime.tv_usec < 30_000)  // it doesn't spin
                log.append(try? event.wait(timeout: .seconds(20)))
                isDone.set()
            }
            try sleep(.milliseconds(100))
            event.set()
            try isDone.wait(timeout: .seconds(20))
            #expect(log.entries == [false, true, true])
        }
    }

    @Test func itCanBeWaitedForTogetherWithOtherThings() async {
        await onHub {
            let (event, other, queue) = (ThreadSafeEvent(), ThreadSafeEvent(), Queue<Int>())
            startThread {
                usleep(3_000)
                event.set()
            }
            let chosen = try choose([.get(from: queue) { _ in 1 }, .wait(for: event) { 2 }, .wait(for: other) { 3 }])
            #expect(chosen == 2)
            startThread { other.set() }
            let ready = try waitAll([event, other], timeout: .seconds(20))
            #expect(ready.count == 2)
            other.clear()
            let none = try waitAll([other], timeout: .milliseconds(2))
            #expect(none.isEmpty && "\(other)".hasSuffix("clear, 0 waiting>"), "nobody stays behind: \(other)")
        }
    }

    /// Set between the look and the wait: for greenlets, for those that choose, and for threads.
    @Test func noWaitBeginsTooLate() async {
        await onHub(limit: .seconds(120)) {
            let rounds = isSanitized ? 300 : 3_000
            let (worker, own) = (try Worker(), AnyGreenlet.current)
            for round in 0..<rounds {
                let event = ThreadSafeEvent()
                if round % 2 == 0 {
                    try worker.handle.runCallback { event.set() }
                } else {
                    try worker.handle.submit { event.set() }
                }
                for _ in 0..<(round % 50) { _ = own.isReady }
                switch round % 3 {
                case 0:
                    let isSet = try event.wait(timeout: .seconds(30))
                    #expect(isSet)
                case 1:
                    let number = try choose([.wait(for: event) { 1 }, .after(.seconds(30)) { 2 }])
                    #expect(number == 1)
                default:
                    let count = try waitAll([event], timeout: .seconds(30)).count
                    #expect(count == 1)
                }
            }
            worker.stop()
        }
    }

    @Test func aKilledGreenletLeavesNothing() async {
        await onHub {
            let event = ThreadSafeEvent()
            let waiting = (0..<3).map { _ in spawn { try event.wait() } }
            try settle()
            try waiting[1].kill()
            #expect("\(event)".hasSuffix("clear, 2 waiting>"))
            event.set()
            try joinAll(waiting, timeout: .seconds(20))
            #expect(waiting[0].isSuccessful && waiting[2].isSuccessful)
        }
    }

    @Test func aHubThatEndsTakesItsWaitersAlong() async {
        await onHub {
            let event = ThreadSafeEvent()
            let isThere = ThreadSafeEvent()
            let (thread, _) = try startedHub {
                spawn { try event.wait() }
                try settle()
                isThere.set()
            }
            try isThere.wait()
            pthread_join(thread, nil)
            #expect("\(event)".hasSuffix("clear, 0 waiting>"), "\(event)")
            event.set()
        }
    }

    @Test func whatWasWrittenBeforeIsSeenAfterwards() async {
        await onHub {
            final class Box: @unchecked Sendable { var value = 0 }  // Safe because of what is tested.
            let (box, event) = (Box(), ThreadSafeEvent())
            startThread {
                box.value = 1
                event.set()
            }
            while !event.isSet { try yieldNow() }
            #expect(box.value == 1)
        }
    }
}
