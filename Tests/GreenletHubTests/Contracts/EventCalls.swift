// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of events, results, conditions and barriers, and of the waiter below them.

import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofEvents =
        [
            BlockingCall("Event.wait(timeout:)", .all) {
                let event = Event()
                return Scene(serve: { event.set() }) { try event.wait(timeout: $0) }
            },
            BlockingCall("AsyncResult.get(timeout:)", .all) {
                let result = AsyncResult<Int>()
                return Scene(serve: { result.set(1) }) { try result.get(timeout: $0) == 1 }
            },
            BlockingCall("AsyncResult.wait(timeout:)", .all) {
                let result = AsyncResult<Int>()
                return Scene(serve: { result.set(1) }) { try result.wait(timeout: $0) != nil }
            },
            BlockingCall("Barrier.wait(timeout:)", .together) {
                let barrier = Barrier(parties: 3)
                return Scene(serve: { try barrier.wait() }) {
                    try barrier.wait(timeout: $0)
                    return true
                }
            },
            BlockingCall("Waiter.park(for:timeout:)", .first) {
                var waiters: [Waiter] = []
                return Scene(serve: { _ = waiters.first { $0.wake() } }) {
                    let waiter = try Waiter()
                    waiters.append(waiter)
                    return try waiter.park(for: "a test", timeout: $0)
                }
            },
        ] + ofConditions

    private static let ofConditions = [
        BlockingCall("Condition.withLock(_:)", .all) {
            let condition = Condition()
            try condition.lock.acquire()
            return Scene(serve: { try condition.lock.release() }) { _ in try condition.withLock { true } }
        },
        BlockingCall("Condition.wait(timeout:)", .first) {
            let condition = Condition()
            return Scene(serve: { try condition.withLock { try condition.notify() } }) { limit in
                try condition.withLock { try condition.wait(timeout: limit) }
            }
        },
        BlockingCall("Condition.wait(timeout:until:)", .first) {
            let condition = Condition()
            var stock = 0
            return Scene(
                serve: {
                    try condition.withLock {
                        stock += 1
                        try condition.notifyAll()
                    }
                }
            ) { limit in
                try condition.withLock {
                    guard try condition.wait(timeout: limit, until: { stock > 0 }) else { return false }
                    stock -= 1
                    return true
                }
            }
        },
    ]
}
