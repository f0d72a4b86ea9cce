// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of greenlets, of the hub, and of those who wait for several things.

import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofGreenlets = [
        BlockingCall("AnyGreenlet.join(timeout:)", .all) {
            let greenlet = unstarted()
            return Scene(serve: { try greenlet.kill() }) { try greenlet.join(timeout: $0) }
        },
        BlockingCall("Greenlet.get(timeout:)", .all) {
            let greenlet = unstarted()
            return Scene(serve: { try greenlet.kill(with: TestError(1)) }) {
                do {
                    try greenlet.get(timeout: $0)
                    return false
                } catch let end as TestError {
                    return end == TestError(1)
                }
            }
        },
        BlockingCall("AnyGreenlet.kill(with:wait:timeout:)", .all) {
            let stubborn = Stubborn()
            return Scene(serve: stubborn.end, end: stubborn.end) { try stubborn.greenlet.kill(timeout: $0) }
        },
        BlockingCall("killAll(_:with:wait:timeout:)", .all) {
            let stubborn = Stubborn()
            return Scene(serve: stubborn.end, end: stubborn.end) {
                try killAll([stubborn.greenlet], timeout: $0)
                return true
            }
        },
        BlockingCall("joinAll(_:timeout:raisingErrors:count:)", .all) {
            let greenlet = unstarted()
            return Scene(serve: { try greenlet.kill() }) { try joinAll([greenlet], timeout: $0).count == 1 }
        },
        BlockingCall("Hub.join(timeout:)", .nobody) {
            let sleeper = spawn { try sleep(.seconds(60)) }
            return Scene(end: { try sleeper.kill() }) { try Hub.current.join(timeout: $0) }
        },
        BlockingCall("sleep(_:keepsHubAlive:)", .nobody) {
            let other = spawn { try sleep(.seconds(60)) }  // or nobody would wait
            return Scene(end: { try other.kill() }) { _ in
                try sleep(.seconds(60), keepsHubAlive: false)
                return true
            }
        },
        BlockingCall("sleep(_:)", .nobody) {
            Scene { _ in
                try sleep(.seconds(60))
                return true
            }
        },
    ]

    static let ofSeveral = ofWaitingForSeveral + ofChoosing

    private static let ofWaitingForSeveral = [
        BlockingCall("waitAll(_:timeout:count:)", of: "events", .all) {
            let events = [Event(), Event()]
            return Scene(serve: { for event in events { event.set() } }) {
                try waitAll(events, timeout: $0).count == 2
            }
        },
        BlockingCall("waitAll(_:timeout:count:)", of: "anything", .all) {
            let event = Event()
            let objects: [any Waitable] = [
                event, Semaphore(0), Queue<Int>(), AsyncResult<Int>(), unstarted(), Group([unstarted()]),
            ]
            return Scene(serve: { event.set() }) { try waitAll(objects, timeout: $0, count: 1).count == 1 }
        },
        BlockingCall("ReadyObjects.next()", .all, isLimited: true) {
            let event = Event()
            return Scene(serve: { event.set() }) { try iterateAsReady([event], timeout: $0).next() != nil }
        },
        BlockingCall("ReadyObjects.Iterator.next()", .all, isLimited: true) {
            let event = Event()
            return Scene(serve: { event.set() }) {
                for _ in iterateAsReady([event], timeout: $0) { return true }
                try checkPostponed()
                return false
            }
        },
    ]

    private static let ofChoosing: [BlockingCall] = [
        choosing("an item") {
            let queue = Queue<Int>()
            return (.get(from: queue) { _ in true }, { try queue.put(1) })
        },
        choosing("an item of a channel") {
            let channel = Channel<Int>()
            return (.next(from: channel) { _ in true }, { _ = try channel.tryPut(1) })
        },
        choosing("room") {
            let queue = Queue<Int>(capacity: 1)
            try queue.put(0)
            return (.put(1, into: queue) { true }, { _ = try queue.tryGet() })
        },
        choosing("a getter") {
            let channel = Channel<Int>()
            return (.put(1, into: channel) { true }, { _ = try channel.tryGet() })
        },
        choosing("a permit") {
            let semaphore = Semaphore(0)
            return (.acquire(semaphore) { true }, { semaphore.release() })
        },
        choosing("a bounded permit") {
            let semaphore = BoundedSemaphore()
            try semaphore.acquire()
            return (.acquire(semaphore) { true }, { try semaphore.release() })
        },
        choosing("a result", .all) {
            let result = AsyncResult<Int>()
            return (.get(from: result) { _ in true }, { result.set(1) })
        },
        choosing("a greenlet's end", .all) {
            let greenlet = unstarted()
            return (.wait(for: greenlet) { true }, { try greenlet.kill() })
        },
        choosing("an event", .all) {
            let event = Event()
            return (.wait(for: event) { true }, event.set)
        },
    ]

    /// A choice of one thing that is served, among many that never are.
    private static func choosing(
        _ what: String,
        _ kind: BlockingCall.Kind = .first,
        _ make: @escaping @Sendable () throws -> (choice: Choice<Bool>, serve: () throws -> Void)
    ) -> BlockingCall {
        BlockingCall("choose(_:)", of: what, kind, isLimited: true) {
            let (choice, serve) = try make()
            let (full, greenlet) = (Queue<Int>(capacity: 1), unstarted())
            try full.put(0)
            let never: [Choice<Bool>] = [
                .get(from: Channel<Int>()) { _ in false }, .put(1, into: full) { false },
                .next(from: LifoQueue<Int>()) { _ in false }, .acquire(Semaphore(0)) { false },
                .acquire(BoundedSemaphore(0)) { false }, .get(from: AsyncResult<Int>()) { _ in false },
                .get(from: greenlet) { false }, .wait(for: Event()) { false },
            ]
            return Scene(serve: serve) { limit in
                try choose([choice] + never + (limit.map { [.after($0) { false }] } ?? []))
            }
        }
    }
}

/// Throws what a `for` loop put off.
func checkPostponed() throws { try AnyGreenlet.current.checkPending() }
