// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Queues whose items come out in another order, and waiting until their work is done.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct QueueOrderTests {
    @Test func theNewestComesOutOfALifoQueueFirst() async {
        await onHub {
            let queue = LifoQueue<Int>(capacity: 12)
            for number in 1...12 { try queue.put(number) }
            let seen = try queue.peek()
            #expect(seen == 12 && queue.isFull && "\(queue)".hasPrefix("<LifoQueue 0x"))
            queue.close()
            var items: [Int] = []
            for item in queue { items.append(item) }
            #expect(items == Array(1...12).reversed())
        }
    }

    @Test func theSmallestComesOutOfAPriorityQueueFirst() async {
        await onHub {
            var random = SeededRandom(for: "QueueOrderTests")
            let queue = PriorityQueue<Int>()
            let numbers = (0..<200).map { _ in Int.random(in: 0..<50, using: &random) }
            for number in numbers { try queue.put(number) }
            let seen = try queue.peek()
            #expect(seen == numbers.min() && "\(queue)".hasPrefix("<PriorityQueue 0x"))
            var items: [Int] = []
            while let item = try queue.tryGet() { items.append(item) }
            #expect(items == numbers.sorted())
        }
    }

    @Test func equalOnesComeOutInTheOrderTheyWerePut() async {
        await onHub {
            let queue = PriorityQueue<(urgency: Int, number: Int)>(by: { $0.urgency > $1.urgency })
            for number in 0..<60 { try queue.put((number % 3, number)) }
            for number in 60..<70 {
                _ = try queue.get()
                try queue.put((2, number))
            }
            var order: [Int] = []
            while let item = try queue.tryGet() { order.append(item.number) }
            var expected = Array(stride(from: 32, to: 60, by: 3)) + Array(60..<70)
            for urgency in [1, 0] { expected += Array(stride(from: urgency, to: 60, by: 3)) }
            #expect(order == expected)
        }
    }

    @Test func aPutterWhoWaitsEntersInItsTurnAndLeavesByTheOrder() async {
        await onHub {
            let (stack, heap) = (LifoQueue<Int>(capacity: 2), PriorityQueue<Int>(capacity: 2))
            let putters = [5, 3, 4].flatMap { number in
                [spawn { try stack.put(number) }, spawn { try heap.put(number) }]
            }
            try settle()
            var (stacked, heaped): ([Int], [Int]) = ([], [])
            while let item = try stack.tryGet() { stacked.append(item) }
            while let item = try heap.tryGet() { heaped.append(item) }
            try joinAll(putters)
            #expect(stacked == [3, 4, 5] && heaped == [3, 4, 5])
        }
    }

    @Test func aGetterWhoWaitsIsHandedWhatIsPutFirst() async {
        await onHub {
            let queue = PriorityQueue<Int>()
            let getter = spawn { try queue.get() }
            try settle()
            try queue.put(2)
            try queue.put(1)
            let item = try getter.get()
            #expect(item == 2 && queue.count == 1)
        }
    }

    @Test func whatIsDroppedEndsOnce() async {
        await onHub {
            var ended: [Int] = []
            final class Item: Comparable {
                let number: Int
                let atEnd: (Int) -> Void
                init(_ number: Int, _ atEnd: @escaping (Int) -> Void) { (self.number, self.atEnd) = (number, atEnd) }
                deinit { atEnd(number) }
                static func < (left: Item, right: Item) -> Bool { left.number < right.number }
                static func == (left: Item, right: Item) -> Bool { left.number == right.number }
            }
            let (stack, heap) = (LifoQueue<Item>(), PriorityQueue<Item>())
            for number in [2, 1, 3] {
                try stack.put(Item(number) { ended.append($0) })
                try heap.put(Item(10 * number) { ended.append($0) })
            }
            _ = try stack.get()
            _ = try heap.get()
            #expect(ended == [3, 10])
            stack.close(discardingItems: true)
            heap.close(discardingItems: true)
            #expect(ended.sorted() == [1, 2, 3, 10, 20, 30])
            try { try LifoQueue<Item>().put(Item(7) { ended.append($0) }) }()
            #expect(ended.last == 7)
        }
    }

    @Test func aQueueMayHaveAnOrderOfItsUsersOwn() async {
        await onHub {
            let queue = OrderedQueue(capacity: 3, order: EvenFirst())
            for number in [1, 2, 3] { try queue.put(number) }
            let late = spawn { try queue.put(4) }
            try settle()
            #expect(queue.isFull && !late.isReady && "\(queue)".hasPrefix("<EvenFirst 0x"))
            var items: [Int] = []
            while let item = try queue.tryGet() { items.append(item) }
            try late.get()
            #expect(items == [2, 4, 1, 3])
        }
    }

    @Test func closingTellsAllThatWait() async {
        await onHub {
            let (stack, heap) = (LifoQueue<Int>(capacity: 1), PriorityQueue<Int>())
            try stack.put(0)
            let told = [
                spawn { caught { try stack.put(1) } is QueueClosed },
                spawn { caught { _ = try heap.get() } is QueueClosed },
                spawn { caught { _ = try heap.peek() } is QueueClosed },
            ]
            try settle()
            stack.close()
            heap.close()
            let answers = try told.map { try $0.get() }
            let last = try stack.next()
            let none = try stack.next()
            #expect(answers == [true, true, true] && last == 0 && none == nil)
        }
    }
}

private struct EvenFirst: QueueOrder {
    static var queueName: String { "EvenFirst" }
    private var items: [Int] = []
    private var next: Int { items.firstIndex { $0.isMultiple(of: 2) } ?? 0 }

    var count: Int { items.count }
    var isEmpty: Bool { items.isEmpty }
    var first: Int? { items.isEmpty ? nil : items[next] }

    mutating func append(_ item: consuming Int) { items.append(item) }

    mutating func removeFirst() -> Int { items.remove(at: next) }

    mutating func removeAll() -> [Int] {
        defer { items = [] }
        return items
    }
}

@Suite struct QueueJoinTests {
    @Test func joinReturnsAtOnceWhenNothingWasPut() async {
        await onHub {
            let joined = try Queue<Int>().join(timeout: .zero)
            #expect(joined)
        }
    }

    @Test(arguments: [1, 3])
    func joinWaitsUntilAllIsDone(capacity: Int) async {
        await onHub {
            let queue = Queue<Int>(capacity: capacity)
            var sum = 0
            let workers = (0..<2).map { _ in
                spawn {
                    while let number = try queue.next() {
                        try yieldNow()
                        sum += number
                        try queue.taskDone()
                    }
                }
            }
            for round in 1...2 {
                for number in 1...10 { try queue.put(number) }
                #expect(queue.unfinishedTasks > 0)
                try queue.join()
                #expect(sum == 55 * round && queue.unfinishedTasks == 0)
            }
            queue.close()
            try joinAll(workers, raisingErrors: true)
        }
    }

    @Test func allThatJoinGoOn() async {
        await onHub {
            let queue = PriorityQueue<Int>()
            try queue.put(1)
            let joining = (0..<3).map { _ in spawn { try queue.join() } }
            try settle()
            _ = try queue.get()
            try settle()
            #expect(!joining[0].isReady)
            try queue.taskDone()
            try queue.put(2)  // more work does not hold back those that were woken
            try joinAll(joining, timeout: .seconds(5))
            #expect(joining.allSatisfy(\.isSuccessful) && queue.unfinishedTasks == 1)
        }
    }

    @Test func taskDoneTooOftenIsAnError() async {
        await onHub {
            let queue = LifoQueue<Int>()
            #expect(throws: GreenletError(.invalidArgument, "")) { try queue.taskDone() }
            try queue.put(1)
            try queue.taskDone()
            let message = try #require(caught { try queue.taskDone() } as? GreenletError).message
            #expect(message.contains("<LifoQueue 0x") && queue.unfinishedTasks == 0)
        }
    }

    @Test func whatIsDroppedCountsAsDone() async {
        await onHub {
            let queue = Queue<Int>(capacity: 2)
            for number in 1...2 { try queue.put(number) }
            let putter = spawn { caught { try queue.put(3) } is QueueClosed }
            let joining = spawn { try queue.join() }
            try settle()
            #expect(queue.unfinishedTasks == 2)
            queue.close(discardingItems: true)
            let (told, joined) = (try putter.get(), try joining.get())
            #expect(told && joined && queue.unfinishedTasks == 0)
            #expect(throws: GreenletError(.invalidArgument, "")) { try queue.taskDone() }
        }
    }

    @Test func joinGivesUpWhenItsTimeIsOverOrItIsKilled() async {
        await onHub {
            let queue = Queue<Int>()
            try queue.put(1)
            let joined = try queue.join(timeout: .milliseconds(2))
            let victim = spawn { try queue.join() }
            try settle()
            try victim.kill()
            #expect(!joined && queue.unfinishedTasks == 1)
        }
    }
}
