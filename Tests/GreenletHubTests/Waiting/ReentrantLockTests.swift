// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A lock that one greenlet holds, as often as it likes.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ReentrantLockTests {
    @Test func itsOwnerMayTakeItAgain() async {
        await onHub {
            let lock = ReentrantLock()
            #expect(!lock.isLocked && !lock.isHeld)
            try lock.acquire()
            let again = try lock.acquire(timeout: .zero)
            #expect(again && lock.tryAcquire() && lock.depth == 3)
            #expect(lock.isLocked && lock.isHeld && lock.owner === AnyGreenlet.current)
            for _ in 1...3 { try lock.release() }
            #expect(!lock.isLocked && lock.depth == 0 && lock.owner == nil)
        }
    }

    @Test func othersWaitUntilItIsReleasedAsOftenAsItWasTaken() async {
        await onHub {
            let lock = ReentrantLock()
            var order: [Int] = []
            try lock.acquire()
            try lock.acquire()
            let others = (1...3).map { number in spawn { try lock.withLock { order.append(number) } } }
            try settle()
            try lock.release()
            try settle()
            #expect(order.isEmpty && "\(lock)".hasSuffix("3 waiting>"))
            try lock.release()
            try joinAll(others)
            #expect(order == [1, 2, 3] && !lock.isLocked)
        }
    }

    @Test func aReleasedLockCanNotBeTakenFromTheOneItBelongsTo() async {
        await onHub {
            let lock = ReentrantLock()
            try lock.acquire()
            let next = spawn { try lock.withLock { try yieldNow() } }
            try settle()
            try lock.release()
            #expect(lock.owner === next && !lock.tryAcquire())
            let late = try lock.acquire(timeout: .seconds(5))
            #expect(late && next.isSuccessful)
            try lock.release()
        }
    }

    @Test func onlyItsOwnerMayReleaseItAndTheErrorNamesBoth() async {
        await onHub {
            let lock = ReentrantLock()
            let nobody = "\(caught { try lock.release() } as Any)"
            #expect(nobody.contains("nobody holds the lock"))
            let owner = spawn {
                try lock.acquire()
                try sleep(.milliseconds(5))
                try lock.release()
            }
            try settle()
            let message = try #require(caught { try lock.release() } as? GreenletError).message
            #expect(message.contains("\(AnyGreenlet.current)") && message.contains("\(owner) holds the lock"))
            #expect(lock.depth == 1 && lock.isLocked && !lock.isHeld)
            try owner.get()
            #expect(!lock.isLocked)
        }
    }

    @Test func whoIsKilledOrRunsOutOfTimeHasNotTakenIt() async {
        await onHub {
            let lock = ReentrantLock()
            try lock.acquire()
            let victim = spawn { try lock.acquire() }
            let late = spawn { try lock.acquire(timeout: .milliseconds(2)) }
            let third = spawn { try lock.withLock {} }
            try settle()
            try victim.kill()
            let gotIt = try late.get()
            #expect(!gotIt)
            try lock.release()
            try third.get()
            #expect(!lock.isLocked)
        }
    }

    @Test func whoIsKilledAfterItBecameHisReleasesIt() async {
        await onHub {
            let lock = ReentrantLock()
            var events: [String] = []
            try lock.acquire()
            let victim = spawn {
                try lock.withLock {
                    events.append("has it")
                    try yieldNow()
                    events.append("never")
                }
            }
            try settle()
            try lock.release()
            try victim.kill()
            #expect(events == ["has it"] && !lock.isLocked)
        }
    }

    @Test func withLockReleasesItWhateverHappens() async {
        await onHub {
            let lock = ReentrantLock()
            let depth = try lock.withLock { try lock.withLock { lock.depth } }
            #expect(depth == 2 && !lock.isLocked)
            #expect(throws: TestError(1)) { try lock.withLock { throw TestError(1) } }
            #expect(!lock.isLocked)
            #expect(throws: GreenletError(.invalidArgument, "")) { try lock.withLock { try lock.release() } }
            #expect(!lock.isLocked)
        }
    }
}
