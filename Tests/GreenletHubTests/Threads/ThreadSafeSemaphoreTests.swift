// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Permits that threads share: in order, and none lost whatever happens to whom it was given.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite(.serialized) struct ThreadSafeSemaphoreTests {
    /// Greenlets of two hubs and plain threads, who come one after the other.
    @Test func permitsGoToThoseWhoWaitLongestWhereverTheyAre() async {
        await onHub {
            let (semaphore, worker, log) = (ThreadSafeSemaphore(0), try Worker(), SharedLog<Int>())
            var threads: [pthread_t] = []
            let (order, isThere) = (Array(0..<9), ThreadSafeSemaphore(0))
            @Sendable func take(_ number: Int) {
                if (try? semaphore.acquire(timeout: .seconds(30))) == true { log.append(number) }
                isThere.release()
            }
            for number in order {
                switch number % 3 {
                case 0: spawn { take(number) }
                case 1: try worker.handle.submit { take(number) }
                default: threads.append(startJoinableThread { take(number) })
                }
                while !"\(semaphore)".contains("\(number + 1) waiting") { try sleep(.microseconds(100)) }
            }
            for _ in order {
                semaphore.release()
                try isThere.acquire()
            }
            #expect(log.entries == order)
            for thread in threads { pthread_join(thread, nil) }
            worker.stop()
        }
    }

    @Test func aPermitOfOneWhoWasKilledInTheSameMomentGoesToTheNext() async {
        await onHub {
            let semaphore = ThreadSafeSemaphore(0)
            for isReleasedElsewhere in [false, true] {
                let victim = spawn { try semaphore.acquire() }
                let next = spawn { try semaphore.acquire() }
                try settle()
                // It is given the permit, and is killed before news of that can come.
                if isReleasedElsewhere { runOnThreadAndWait { semaphore.release() } }
                try victim.kill(wait: false)
                if !isReleasedElsewhere { semaphore.release() }
                try next.join(timeout: .seconds(20))
                #expect(victim.isReady && next.isSuccessful && semaphore.value == 0)
            }
        }
    }

    @Test func aPermitThatCameWhenTheTimeWasJustOverIsTaken() async {
        await onHub {
            let semaphore = ThreadSafeSemaphore(0)
            let taker = spawn { try semaphore.acquire(timeout: .seconds(30)) }
            try settle()
            runOnThreadAndWait { semaphore.release() }
            taker.wake(.timedOut)  // as the timer would, before the news is looked at
            let isTaken = try taker.get(timeout: .seconds(20))
            #expect(isTaken && semaphore.value == 0)
        }
    }

    @Test func ofAHubThatEndsNoPermitIsLost() async {
        await onHub {
            for round in 0..<(isSanitized ? 50 : 400) {
                let semaphore = ThreadSafeSemaphore(0)
                let isThere = ThreadSafeEvent()
                let (thread, _) = try startedHub {
                    for _ in 0..<3 { spawn { try semaphore.acquire() } }
                    try settle()
                    isThere.set()
                    usleep(useconds_t(round % 5 * 10))
                }
                try isThere.wait()
                let own = spawn { try semaphore.acquire(timeout: .seconds(30)) }
                try settle()
                for _ in 0..<4 { semaphore.release() }
                pthread_join(thread, nil)
                let isOwn = try own.get()
                // Those of the other hub have taken none or all: what they took is taken.
                #expect(isOwn && (0...3).contains(semaphore.value), "\(semaphore)")
                #expect("\(semaphore)".hasSuffix("0 waiting>"))
            }
        }
    }

    @Test func itCanBeWatchedWithoutTakingAnything() async {
        await onHub {
            let semaphore = ThreadSafeSemaphore(0)
            startThread {
                usleep(2_000)
                semaphore.release()
            }
            let ready = try waitAll([semaphore], timeout: .seconds(20))
            #expect(ready.count == 1 && semaphore.value == 1)
            let isTaken = semaphore.tryAcquire()
            let isTakenAgain = semaphore.tryAcquire()
            #expect(isTaken && !isTakenAgain)
            // One that waits for it comes before those who only watch.
            let taker = spawn { try semaphore.acquire() }
            let watcher = spawn { try waitAll([semaphore], timeout: .milliseconds(20)).count }
            try settle()
            semaphore.release()
            let count = try watcher.get()
            #expect(taker.isSuccessful && count == 0)
        }
    }

    @Test func withPermitGivesItBackAlsoWithAnError() async {
        await onHub {
            let semaphore = ThreadSafeSemaphore(1)
            let error = caught { try semaphore.withPermit { throw TestError(1) } }
            #expect(error as? TestError == TestError(1) && semaphore.value == 1)
        }
    }
}
