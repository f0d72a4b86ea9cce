// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Permits, in the order they were asked for.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct SemaphoreTests {
    @Test func permitsAreTakenAndGivenBack() async {
        await onHub {
            let semaphore = Semaphore(2)
            try semaphore.acquire()
            #expect(semaphore.value == 1 && !semaphore.isLocked)
            #expect(semaphore.tryAcquire() && semaphore.isLocked)
            #expect(!semaphore.tryAcquire())
            semaphore.release()
            #expect(semaphore.value == 1)
            semaphore.release()
            semaphore.release()
            #expect(semaphore.value == 3)
        }
    }

    @Test func acquireGivesUpWhenItsTimeIsOver() async {
        await onHub {
            let semaphore = Semaphore(0)
            let first = try semaphore.acquire(timeout: .milliseconds(2))
            #expect(!first && semaphore.value == 0)
            semaphore.release()
            let second = try semaphore.acquire(timeout: .milliseconds(2))
            #expect(second && semaphore.value == 0)
        }
    }

    @Test func permitsAreGivenInTheOrderTheyWereAskedFor() async {
        await onHub {
            let semaphore = Semaphore(0)
            var order: [Int] = []
            for number in 1...4 {
                spawn {
                    try semaphore.acquire()
                    order.append(number)
                }
            }
            try settle()
            semaphore.release()
            semaphore.release()
            try settle()
            #expect(order == [1, 2])
            semaphore.release()
            semaphore.release()
            try settle()
            #expect(order == [1, 2, 3, 4] && semaphore.value == 0)
        }
    }

    @Test func aReleasedPermitCanNotBeTakenFromTheOneItBelongsTo() async {
        await onHub {
            let semaphore = Semaphore(0)
            let waiting = spawn { try semaphore.acquire() }
            try settle()
            semaphore.release()
            // It has not run yet, but the permit is its own.
            #expect(!semaphore.tryAcquire())
            let late = try semaphore.acquire(timeout: .milliseconds(2))
            #expect(!late && waiting.isSuccessful)
        }
    }

    @Test func aPermitForOneThatIsKilledMeanwhileIsNotLost() async {
        await onHub {
            let semaphore = Semaphore(0)
            var events: [String] = []
            let victim = spawn {
                try semaphore.withPermit {
                    events.append("has it")
                    try yieldNow()
                    events.append("never")
                }
            }
            try settle()
            semaphore.release()
            try victim.kill()
            #expect(events == ["has it"] && semaphore.value == 1)

            let early = spawn { try semaphore.withPermit { try semaphore.acquire() } }
            try settle()
            try early.kill()
            #expect(semaphore.value == 1)
        }
    }

    @Test func twoThatTakeTurnsDoNotStarveAThird() async {
        await onHub {
            let semaphore = Semaphore()
            var isOver = false
            func hog() {
                spawn {
                    while !isOver { try semaphore.withPermit { try yieldNow() } }
                }
            }
            hog()
            hog()
            let third = spawn { try semaphore.withPermit { isOver = true } }
            let ended = try third.join(timeout: .seconds(5))
            isOver = true
            #expect(ended)
            try settle()
            #expect(semaphore.value == 1)
        }
    }

    @Test func waitTellsOfAFreePermitAndTakesNone() async {
        await onHub {
            let semaphore = Semaphore(0)
            let early = try semaphore.wait(timeout: .milliseconds(2))
            #expect(early == 0)
            let waiting = (0..<2).map { _ in spawn { try semaphore.wait() } }
            try settle()
            semaphore.release()
            try joinAll(waiting)
            #expect(semaphore.value == 1 && waiting.map(\.value) == [1, 1])
            semaphore.release()
            let now = try semaphore.wait()
            #expect(now == 2)
        }
    }

    @Test func whoReleasesIsToldHowManyAreFree() async {
        await onHub {
            let semaphore = Semaphore(0)
            let waiter = spawn { try semaphore.acquire() }
            try settle()
            let counts = (0..<3).map { _ in semaphore.release() }
            #expect(counts == [0, 1, 2], "the first went to him who waited")
            try waiter.join()
            let bounded = BoundedSemaphore(2)
            for _ in 0..<2 { try bounded.acquire() }
            let free = try (0..<2).map { _ in try bounded.release() }
            #expect(free == [1, 2])
        }
    }

    @Test func withPermitGivesItBackWhateverHappens() async {
        await onHub {
            let semaphore = Semaphore()
            let value = try semaphore.withPermit { semaphore.value }
            #expect(value == 0)
            #expect(throws: TestError(1)) { try semaphore.withPermit { throw TestError(1) } }
            #expect(semaphore.value == 1)
        }
    }

    @Test func aBoundedSemaphoreRefusesWhatWasNotTaken() async {
        await onHub {
            let semaphore = BoundedSemaphore(1)
            #expect(throws: GreenletError(.invalidArgument, "")) { try semaphore.release() }
            try semaphore.acquire()
            #expect(semaphore.isLocked && !semaphore.tryAcquire())
            try semaphore.release()
            #expect(semaphore.value == 1 && semaphore.limit == 1)
            let value = try semaphore.withPermit { semaphore.value }
            #expect(value == 0)
            #expect(throws: GreenletError(.invalidArgument, "")) {
                try semaphore.withPermit { try semaphore.release() }
            }
            #expect(semaphore.value == 1)
            #expect(throws: TestError(2)) { try semaphore.withPermit { throw TestError(2) } }
            let free = try semaphore.wait(timeout: .milliseconds(1))
            #expect(free == 1)
        }
    }

    @Test func aBoundedSemaphoreHandsOverToWhoWaits() async {
        await onHub {
            let semaphore = BoundedSemaphore(1)
            try semaphore.acquire()
            let waiting = spawn { try semaphore.acquire(timeout: .seconds(1)) }
            try settle()
            try semaphore.release()
            let got = try waiting.get()
            #expect(got && semaphore.value == 0)
        }
    }

    @Test func aNegativeValueTraps() async {
        await #expect(processExitsWith: .failure) { _ = Semaphore(-1) }
    }

    @Test func aDeinitMayTakeAFreePermit() async {
        final class Owner {
            let semaphore: Semaphore
            init(_ semaphore: Semaphore) { self.semaphore = semaphore }
            deinit { try? semaphore.acquire() }
        }
        await onHub {
            let semaphore = Semaphore(2)
            _ = Owner(semaphore)
            #expect(semaphore.value == 1)
        }
    }

    @Test func whatIsTakenMayGo() async {
        await onHub {
            weak var (semaphore, bounded, lock): (Semaphore?, BoundedSemaphore?, ReentrantLock?)
            func takeAndDrop() throws {
                let (first, second, third) = (Semaphore(), BoundedSemaphore(), ReentrantLock())
                (semaphore, bounded, lock) = (first, second, third)
                try first.acquire()
                try second.acquire()
                try third.acquire()
            }
            try takeAndDrop()
            #expect(semaphore == nil && bounded == nil && lock == nil)
        }
    }

    @Test func whatTheBodyThrowsIsToldThoughItTookThePermitAlong() async {
        await onHub {
            let semaphore = BoundedSemaphore(1)
            func fail(_ isFailing: Bool) throws {
                try semaphore.withPermit {
                    try semaphore.release()
                    if isFailing { throw TestError(1) }
                }
            }
            let (own, misuse) = (caught { try fail(true) }, caught { try fail(false) })
            #expect(own as? TestError == TestError(1))
            #expect((misuse as? GreenletError)?.code == .invalidArgument)
        }
    }

    @Test func whoHasThePermitWaitsForASecondOneWhichAnybodyMayRelease() async {
        await onHub {
            let semaphore = Semaphore()
            var phase = 0
            let holder = spawn {
                for _ in 1...2 {
                    try semaphore.acquire()
                    phase += 1
                }
            }
            try settle()
            #expect(phase == 1 && !holder.isReady)
            semaphore.release()
            try holder.get()
            #expect(phase == 2 && semaphore.isLocked)
        }
    }
}
