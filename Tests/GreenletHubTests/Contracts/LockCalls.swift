// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of semaphores and locks: whoever makes the scene has what the others wait for.

import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofLocks = ofSemaphores + ofBoundedSemaphores + ofReentrantLocks + ofReading + ofWriting

    private static let ofSemaphores = [
        semaphore("acquire()", .first) { semaphore, _ in
            try semaphore.acquire()
            return true
        },
        semaphore("acquire(timeout:)", .first) { try $0.acquire(timeout: $1) },
        semaphore("wait(timeout:)", .all) { try $0.wait(timeout: $1) > 0 },
        semaphore("withPermit(_:)", .all) { semaphore, _ in try semaphore.withPermit { true } },
    ]

    private static func semaphore(
        _ name: String,
        _ kind: BlockingCall.Kind,
        _ call: @escaping @Sendable (Semaphore, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("Semaphore.\(name)", kind) {
            let semaphore = Semaphore(0)
            return Scene(serve: { semaphore.release() }) { try call(semaphore, $0) }
        }
    }

    private static let ofBoundedSemaphores = [
        bounded("acquire()", .first) { semaphore, _ in
            try semaphore.acquire()
            return true
        },
        bounded("acquire(timeout:)", .first) { try $0.acquire(timeout: $1) },
        bounded("wait(timeout:)", .all) { try $0.wait(timeout: $1) > 0 },
        bounded("withPermit(_:)", .all) { semaphore, _ in try semaphore.withPermit { true } },
    ]

    private static func bounded(
        _ name: String,
        _ kind: BlockingCall.Kind,
        _ call: @escaping @Sendable (BoundedSemaphore, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("BoundedSemaphore.\(name)", kind) {
            let semaphore = BoundedSemaphore()
            try semaphore.acquire()
            return Scene(serve: { try semaphore.release() }) { try call(semaphore, $0) }
        }
    }

    private static let ofReentrantLocks = [
        lock("acquire()", .first) { lock, _ in
            try lock.acquire()
            return true
        },
        lock("acquire(timeout:)", .first) { try $0.acquire(timeout: $1) },
        lock("withLock(_:)", .all) { lock, _ in try lock.withLock { true } },
    ]

    private static func lock(
        _ name: String,
        _ kind: BlockingCall.Kind,
        _ call: @escaping @Sendable (ReentrantLock, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("ReentrantLock.\(name)", kind) {
            let lock = ReentrantLock()
            try lock.acquire()
            return Scene(serve: { try lock.release() }) { try call(lock, $0) }
        }
    }

    private static let ofReading = [
        readWrite("acquireRead()", .all) { lock, _ in
            try lock.acquireRead()
            return true
        },
        readWrite("acquireRead(timeout:)", .all) { try $0.acquireRead(timeout: $1) },
        readWrite("withReadLock(_:)", .all) { lock, _ in try lock.withReadLock { true } },
    ]

    private static let ofWriting = [
        readWrite("acquireWrite()", .first) { lock, _ in
            try lock.acquireWrite()
            return true
        },
        readWrite("acquireWrite(timeout:)", .first) { try $0.acquireWrite(timeout: $1) },
        readWrite("withWriteLock(_:)", .all) { lock, _ in try lock.withWriteLock { true } },
        BlockingCall("ReadWriteLock.acquireWrite(timeout:)", of: "one that is read", .first) {
            let lock = ReadWriteLock()
            try lock.acquireRead()
            return Scene(serve: { try lock.releaseRead() }) { try lock.acquireWrite(timeout: $0) }
        },
    ]

    private static func readWrite(
        _ name: String,
        _ kind: BlockingCall.Kind,
        _ call: @escaping @Sendable (ReadWriteLock, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("ReadWriteLock.\(name)", kind) {
            let lock = ReadWriteLock()
            try lock.acquireWrite()
            return Scene(serve: { try lock.releaseWrite() }) { try call(lock, $0) }
        }
    }
}
