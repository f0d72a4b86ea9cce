// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Queues that are told to hold more, or less, and who waits there meanwhile.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct QueueCapacityTests {
    /// Greenlets that put each its number, in order, and note when they have.
    private static func putters(_ numbers: ClosedRange<Int>, into queue: Queue<Int>) throws -> [Greenlet<Void>] {
        let putters = numbers.map { number in spawn { try queue.put(number) } }
        try settle()
        return putters
    }

    @Test func thoseForWhomThereIsRoomNowAreLetInInOrder() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            let putters = try Self.putters(1...5, into: queue)
            #expect(queue.count == 1 && queue.isFull && queue.balance == 4)
            queue.capacity = 3
            #expect(queue.capacity == 3 && queue.count == 3 && queue.isFull && queue.balance == 2)
            try settle()
            #expect(putters.map(\.isReady) == [true, true, true, false, false])
            queue.capacity = nil
            #expect(queue.capacity == nil && queue.count == 5 && !queue.isFull && queue.balance == 0)
            try joinAll(putters)
            queue.close()
            #expect(Array(queue) == [1, 2, 3, 4, 5])
        }
    }

    @Test func withLessRoomNothingIsDroppedAndPutsWaitUntilThereAreFewer() async {
        await onHub {
            let queue = Queue([1, 2, 3])
            #expect(!queue.isFull)
            queue.capacity = 2
            let putters = try Self.putters(4...4, into: queue)
            #expect(queue.count == 3 && queue.isFull && !putters[0].isReady)
            let first = try queue.get()
            #expect(first == 1 && queue.count == 2 && queue.isFull && queue.balance == 1)
            let second = try queue.get()
            #expect(second == 2 && queue.count == 2 && queue.balance == 0)
            try joinAll(putters)
            queue.close()
            #expect(Array(queue) == [3, 4])
        }
    }

    @Test func whoGaveUpTakesNoRoom() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            let putters = try Self.putters(1...4, into: queue)
            try putters[1].kill(wait: false)
            #expect(queue.balance == 2, "it has not run since, but waits no more")
            queue.capacity = 2
            try joinAll(putters[0...2])
            #expect(!putters[3].isReady && queue.count == 2)
            queue.close(discardingItems: true)
            #expect(throws: QueueClosed()) { try putters[3].get() }
        }
    }

    @Test func whoeverChoosesToPutIsServedToo() async {
        await onHub {
            let queue = Queue([1], capacity: 1)
            let chooser = spawn { try choose([.put(2, into: queue) { "put" }, .after(.seconds(20)) { "late" }]) }
            try settle()
            #expect(queue.balance == 1)
            queue.capacity? += 1
            let chosen = try chooser.get()
            #expect(chosen == "put" && queue.count == 2)
        }
    }

    @Test func theBalanceOfAChannelTellsWhoWaits() async {
        await onHub {
            let channel = Channel<Int>()
            #expect(channel.balance == 0 && channel.isEmpty && channel.isFull && channel.capacity == 0)
            let getters = (0..<2).map { _ in spawn { try channel.get() } }
            try settle()
            #expect(channel.balance == -2)
            for number in 1...3 { spawn { try channel.put(number) } }
            try settle()
            #expect(channel.balance == 1 && getters.map(\.value) == [1, 2])
            let last = try channel.get()
            #expect(last == 3 && channel.balance == 0)
        }
    }

    @Test func aCapacityOfNoneTraps() async {
        await #expect(processExitsWith: .failure) { Queue<Int>().capacity = 0 }
        await #expect(processExitsWith: .failure) { Channel<Int>().capacity = 1 }
    }
}

@Suite struct QueueCopyTests {
    @Test func itBeginsWithItemsInItsOrder() async {
        await onHub {
            func drained<Order>(_ queue: OrderedQueue<Order>) -> [Order.Element] {
                queue.close()
                return Array(queue)
            }
            #expect(drained(Queue([3, 1, 2])) == [3, 1, 2])
            #expect(drained(LifoQueue([3, 1, 2])) == [2, 1, 3])
            #expect(drained(PriorityQueue([3, 1, 2])) == [1, 2, 3])
            #expect(drained(PriorityQueue([3, 1, 2], by: >)) == [3, 2, 1])
            #expect(drained(Queue(stride(from: 0, to: 20, by: 1).lazy.map { $0 * 2 })).count == 20)
            #expect(drained(Queue<Int>([])).isEmpty)
        }
    }

    @Test func itMayBeginWithMoreThanItHolds() async {
        await onHub {
            let queue = Queue([1, 2, 3], capacity: 2)
            #expect(queue.count == 3 && queue.isFull && queue.capacity == 2 && queue.unfinishedTasks == 3)
            let isPut = try queue.tryPut(4)
            let first = try queue.get()
            let isPutNow = try queue.tryPut(4)
            #expect(!isPut && first == 1 && !isPutNow)
            for _ in 1...3 { try queue.taskDone() }
            let isDone = try queue.join(timeout: .zero)
            #expect(isDone)
        }
    }

    @Test func aCopyGoesItsOwnWay() async {
        await onHub {
            let queue = Queue([1, 2, 3, 4], capacity: 3)
            _ = try queue.get()
            let putter = spawn { try queue.put(5) }
            try settle()
            let copy = queue.copy()
            #expect(copy.count == 3 && copy.capacity == 3 && copy.balance == 0 && copy.unfinishedTasks == 3)
            _ = try queue.get()
            try putter.join()
            copy.close()
            #expect(Array(copy) == [2, 3, 4] && queue.count == 3 && !queue.isClosed)
            queue.close()
            let open = queue.copy()
            #expect(Array(queue) == [3, 4, 5] && !open.isClosed && open.count == 3)
            open.capacity = nil
            try open.put(6)
            open.close()
            #expect(Array(open) == [3, 4, 5, 6])
        }
    }

    @Test func copiesOfOtherOrdersDrainLikeTheOriginal() async {
        await onHub {
            let (last, smallest, channel) = (LifoQueue([1, 2, 3]), PriorityQueue([2, 3, 1]), Channel<Int>())
            let copies = (last.copy(), smallest.copy(), channel.copy())
            let putter = spawn { try copies.2.put(1) }
            try settle()
            #expect(channel.balance == 0 && copies.2.balance == 1)
            let handed = try copies.2.get()
            try putter.join()
            for queue in [last, copies.0] { queue.close() }
            for queue in [smallest, copies.1] { queue.close() }
            #expect(handed == 1 && Array(copies.0) == [3, 2, 1] && Array(copies.1) == [1, 2, 3])
            #expect(Array(last) == [3, 2, 1] && Array(smallest) == [1, 2, 3])
        }
    }

    @Test func itsItemsAreHeldAsLongAsOneOfBothHasThem() async {
        final class Item {}
        await onHub {
            weak var item: Item?
            let queue = Queue<Item>()
            do {
                let fresh = Item()
                item = fresh
                try queue.put(fresh)
            }
            let copy = queue.copy()
            _ = try queue.get()
            #expect(item != nil)
            copy.close(discardingItems: true)
            #expect(item == nil)
        }
    }
}
