// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of queues and channels.

import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofQueues: [BlockingCall] =
        [
            of("Queue", { Queue<Int>() }, { Queue<Int>(capacity: 1) }),
            of("LifoQueue", { LifoQueue<Int>() }, { LifoQueue<Int>(capacity: 1) }),
            of("PriorityQueue", { PriorityQueue<Int>() }, { PriorityQueue<Int>(capacity: 1) }),
            of("Channel", { Channel<Int>() }, nil),
        ].flatMap { $0 } + [joining]

    /// Those of one kind of queue; one without a capacity hands items over.
    private static func of<Order: QueueOrder & SendableMetatype>(
        _ kind: String,
        _ empty: @escaping @Sendable () -> OrderedQueue<Order>,
        _ bounded: (@Sendable () -> OrderedQueue<Order>)?
    ) -> [BlockingCall] where Order.Element == Int {
        func getting(
            _ declaration: String,
            _ get: @escaping @Sendable (OrderedQueue<Order>, Duration?) throws -> Void
        ) -> BlockingCall {
            BlockingCall(declaration, of: kind, .first) {
                let queue = empty()
                return Scene(serve: { _ = try queue.tryPut(1) }) {
                    try get(queue, $0)
                    return true
                }
            }
        }
        return [
            getting("OrderedQueue.get(timeout:)") { _ = try $0.get(timeout: $1) },
            getting("OrderedQueue.next(timeout:)") { _ = try $0.next(timeout: $1) },
            getting("OrderedQueue.Iterator.next()") { queue, _ in
                for _ in queue { return }
                try yieldNow()  // where it puts its errors
            },
            BlockingCall("OrderedQueue.peek(timeout:)", of: kind, .all) {
                let queue = empty()
                var putter: Greenlet<Void>?
                return Scene(
                    serve: {
                        putter = spawn { try queue.put(1) }
                        try yieldNow()
                    },
                    end: { try putter?.kill() }
                ) {
                    _ = try queue.peek(timeout: $0)
                    return true
                }
            },
            BlockingCall("OrderedQueue.put(_:timeout:)", of: kind, .first) {
                let queue = (bounded ?? empty)()
                if bounded != nil { try queue.put(0) }
                return Scene(serve: { _ = try queue.tryGet() }) {
                    try queue.put(1, timeout: $0)
                    return true
                }
            },
        ]
    }

    private static let joining = BlockingCall("OrderedQueue.join(timeout:)", .all) {
        let queue = Queue<Int>()
        try queue.put(1)
        return Scene(serve: { try queue.taskDone() }) { try queue.join(timeout: $0) }
    }
}
