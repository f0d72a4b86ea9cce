// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The end of a queue: who is told, what is still handed out, and loops.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct QueueCloseTests {
    @Test func gettersDrainAClosedQueue() async {
        await onHub {
            let queue = Queue<Int>()
            for number in 1...2 { try queue.put(number) }
            queue.close()
            queue.close()
            #expect(queue.isClosed && queue.count == 2)
            #expect(throws: QueueClosed()) { try queue.put(3) }
            #expect(throws: QueueClosed()) { try queue.tryPut(3) }
            let items = [try queue.get(), try queue.get()]
            #expect(items == [1, 2])
            #expect(throws: QueueClosed()) { try queue.get() }
            #expect(throws: QueueClosed()) { try queue.tryGet() }
            #expect(throws: QueueClosed()) { try queue.peek() }
            let after = try queue.next()
            #expect(after == nil)
        }
    }

    @Test func discardingDropsWhatIsThere() async {
        await onHub {
            let queue = Queue<Int>()
            try queue.put(1)
            queue.close(discardingItems: true)
            #expect(queue.isEmpty)
            #expect(throws: QueueClosed()) { try queue.get() }
        }
    }

    @Test func whatWasDoneTooEarlyDoesNotMakeTheRestNegative() async {
        await onHub {
            let queue = Queue<Int>()
            for number in 1...3 { try queue.put(number) }
            for _ in 1...2 { try queue.taskDone() }
            queue.close(discardingItems: true)
            let isJoined = try queue.join(timeout: .milliseconds(1))
            #expect(queue.unfinishedTasks == 0 && isJoined)
            #expect(throws: GreenletError(.invalidArgument, "")) { try queue.taskDone() }
        }
    }

    @Test func allThatWaitAreToldInOrder() async {
        await onHub {
            var told: [String] = []
            func tell(_ name: String, _ body: @escaping () throws -> Void) {
                spawn { if caught(body) is QueueClosed { told.append(name) } }
            }
            let (empty, full) = (Queue<Int>(), Queue<Int>(capacity: 1))
            try full.put(0)
            tell("get 1") { _ = try empty.get() }
            tell("get 2") { _ = try empty.get() }
            tell("peek") { _ = try empty.peek() }
            tell("put 1") { try full.put(1) }
            tell("put 2") { try full.put(2) }
            try settle()
            empty.close()
            full.close()
            try settle()
            #expect(told == ["get 1", "get 2", "peek", "put 1", "put 2"])
            let rest = [try full.get()]
            #expect(rest == [0] && full.isEmpty)
        }
    }

    @Test func anItemThatWasHandedOverSurvivesTheEnd() async {
        await onHub {
            let queue = Queue<Int>()
            let getter = spawn { try queue.get() }
            try settle()
            try queue.put(1)
            queue.close(discardingItems: true)
            let item = try getter.get()
            #expect(item == 1)
        }
    }

    @Test func iterationEndsWhenTheQueueIsClosedAndEmpty() async {
        await onHub {
            let queue = Queue<Int>(capacity: 2)
            spawn {
                for number in 1...5 { try queue.put(number) }
                queue.close()
            }
            var items: [Int] = []
            for item in queue { items.append(item) }
            #expect(items == [1, 2, 3, 4, 5])
        }
    }

    @Test func severalConsumersShareTheItems() async {
        await onHub {
            let queue = Queue<Int>(capacity: 3)
            var items: [Int] = []
            let consumers = (0..<3).map { _ in
                spawn {
                    while let item = try queue.next() {
                        items.append(item)
                        try yieldNow()
                    }
                }
            }
            for number in 0..<50 { try queue.put(number) }
            queue.close()
            try joinAll(consumers)
            #expect(items.sorted() == Array(0..<50))
        }
    }

    @Test func aKillEndsTheLoopAndIsThrownAtTheNextSwitchPoint() async {
        await onHub {
            let queue = Queue<Int>()
            var events: [String] = []
            let victim = spawn {
                for item in queue { events.append("\(item)") }
                events.append("after the loop")
                try yieldNow()
                events.append("never")
            }
            try queue.put(1)
            try settle()
            try victim.kill()
            #expect(events == ["1", "after the loop"])
        }
    }

    @Test func aTimeoutAroundALoopDoesNotOutliveItsScope() async {
        await onHub {
            let queue = Queue<Int>()
            #expect(throws: Timeout.self) { try withTimeout(.milliseconds(2)) { for _ in queue {} } }
            try sleep(.milliseconds(5))
            #expect(throws: Timeout.self) {
                try withTimeout(.milliseconds(2)) {
                    for _ in queue {}
                    try yieldNow()
                }
            }
        }
    }

    @Test func anItemMayUseTheQueueWhenItEnds() async {
        await onHub {
            let queue = Queue<Farewell>()
            try queue.put(Farewell { _ = queue.count })
            queue.close(discardingItems: true)
            let full = Queue<Farewell>(capacity: 1)
            try full.put(Farewell {})
            let putter = spawn { try full.put(Farewell { _ = full.isFull }) }
            try settle()
            try putter.kill()
            let last = spawn { try full.put(Farewell { _ = full.isFull }) }
            try settle()
            full.close(discardingItems: true)
            #expect(last.error == nil)
            try? last.get()
        }
    }

    @Test func aCapacityOfZeroTraps() async {
        await #expect(processExitsWith: .failure) { _ = Queue<Int>(capacity: 0) }
    }
}

/// Does something when it goes.
private final class Farewell {
    private let body: () -> Void

    init(_ body: @escaping () -> Void) { self.body = body }

    deinit { body() }
}
