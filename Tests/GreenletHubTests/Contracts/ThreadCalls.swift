// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of what threads share, and of calls that cross threads.

import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofThreads = [ofCalls] + ofSharedEvents + ofSharedSemaphores

    private static let ofCalls = BlockingCall("HubHandle.call(timeout:name:file:line:_:)", .alone) {
        let (worker, gate) = (try Worker(), ThreadSafeSemaphore(0))
        return Scene(serve: { for _ in 0..<2 { gate.release() } }, end: worker.stop) { limit in
            try worker.handle.call(timeout: limit) { try gate.acquire() }
            return true
        }
    }

    private static let ofSharedEvents = [
        BlockingCall("ThreadSafeEvent.wait(timeout:)", .all, isForOutside: true) {
            let event = ThreadSafeEvent()
            return Scene(serve: { event.set() }) { try event.wait(timeout: $0) }
        },
        BlockingCall("ThreadSafeEvent.wait(timeout:)", of: "another thread", .alone) {
            let (event, worker) = (ThreadSafeEvent(), try Worker())
            return Scene(serve: { try worker.handle.submit { event.set() } }, end: worker.stop) {
                try event.wait(timeout: $0)
            }
        },
    ]

    private static let ofSharedSemaphores = [
        shared("acquire()", .first) { semaphore, _ in
            try semaphore.acquire()
            return true
        },
        shared("acquire(timeout:)", .first) { try $0.acquire(timeout: $1) },
        shared("withPermit(_:)", .all) { semaphore, _ in try semaphore.withPermit { true } },
    ]

    private static func shared(
        _ name: String,
        _ kind: BlockingCall.Kind,
        _ call: @escaping @Sendable (ThreadSafeSemaphore, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("ThreadSafeSemaphore.\(name)", kind, isForOutside: true) {
            let semaphore = ThreadSafeSemaphore(0)
            return Scene(serve: { semaphore.release() }) { try call(semaphore, $0) }
        }
    }
}
