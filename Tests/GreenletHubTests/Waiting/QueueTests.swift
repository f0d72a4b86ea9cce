// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Items from greenlet to greenlet, none lost, none doubled.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct QueueTests {
    @Test func itemsComeOutInTheOrderTheyWentIn() async {
        await onHub {
            let queue = Queue<Int>()
            #expect(queue.isEmpty && !queue.isFull && queue.capacity == nil)
            for number in 1...3 { try queue.put(number) }
            #expect(queue.count == 3 && !queue.isEmpty)
            var items: [Int] = []
            for _ in 1...3 { items.append(try queue.get()) }
            #expect(items == [1, 2, 3] && queue.isEmpty)
        }
    }

    @Test func withoutWaitingThereIsAnItemOrNone() async throws {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            var results: [String] = []
            results.append("\(try queue.tryGet() as Any)")
            results.append("\(try queue.tryPeek() as Any)")
            results.append("\(try queue.tryPut(1)) \(try queue.tryPut(2))")
            results.append("\(try queue.tryPeek() as Any) \(queue.isFull)")
            results.append("\(try queue.tryGet() as Any) \(queue.isFull)")
            #expect(results == ["nil", "nil", "true false", "Optional(1) true", "Optional(1) false"])
        }
    }

    @Test func putAndGetGiveUpWhenTheirTimeIsOver() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            let empty = try #require(caught { _ = try queue.get(timeout: .milliseconds(2)) } as? Timeout)
            #expect("\(empty)".contains("get on <Queue 0x"))
            #expect(throws: Timeout.self) { try queue.peek(timeout: .milliseconds(2)) }
            try queue.put(1)
            let full = try #require(caught { try queue.put(2, timeout: .milliseconds(2)) } as? Timeout)
            #expect("\(full)".contains("put on <Queue 0x"))
            #expect(queue.count == 1)
            let item = try queue.get()
            #expect(item == 1 && queue.isEmpty)
        }
    }

    @Test func whoWaitsIsServedInOrder() async {
        await onHub {
            let queue = Queue<Int>()
            var received: [String] = []
            for name in ["a", "b", "c"] { spawn { received.append("\(name)\(try queue.get())") } }
            try settle()
            for number in 1...3 { try queue.put(number) }
            try settle()
            #expect(received == ["a1", "b2", "c3"])
        }
    }

    @Test func aPutterWaitsForRoomAndItsItemGoesInAtOnce() async {
        await onHub {
            let queue = Queue<Int>(capacity: 2)
            var events: [String] = []
            let putter = spawn {
                for number in 1...3 {
                    try queue.put(number)
                    events.append("put \(number)")
                }
            }
            try settle()
            #expect(events == ["put 1", "put 2"] && queue.isFull)
            let first = try queue.get()
            #expect(first == 1 && queue.count == 2)  // 3 is in, though its putter has not run yet
            #expect(events.count == 2)
            try putter.join()
            #expect(events == ["put 1", "put 2", "put 3"])
            let rest = [try queue.get(), try queue.get()]
            #expect(rest == [2, 3])
        }
    }

    @Test func anItemThatBelongsToAWokenGetterCanNotBeTakenFromIt() async {
        await onHub {
            let queue = Queue<Int>()
            let getter = spawn { try queue.get() }
            try settle()
            try queue.put(1)
            let (stolen, seen) = (try queue.tryGet(), try queue.tryPeek())
            #expect(stolen == nil && seen == nil && queue.isEmpty)
            try queue.put(2)
            let mine = try queue.get()
            #expect(mine == 2)
            let itsOwn = try getter.get()
            #expect(itsOwn == 1)
        }
    }

    @Test func theRoomOfAWokenPutterCanNotBeTakenFromIt() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            try queue.put(1)
            let putter = spawn { try queue.put(2) }
            try settle()
            let first = try queue.get()
            let hasRoom = try queue.tryPut(3)
            #expect(first == 1 && !hasRoom)
            let second = try queue.get()
            #expect(second == 2)
            try putter.join()
        }
    }

    @Test func aGetterThatWasGivenAnItemKeepsItWhenItIsKilled() async {
        await onHub {
            let queue = Queue<Int>()
            var received: [Int] = []
            let victim = spawn {
                received.append(try queue.get())
                received.append(try queue.get())
            }
            try settle()
            try queue.put(1)
            try victim.kill()
            #expect(received == [1] && queue.isEmpty)
        }
    }

    @Test func aGetterThatGivesUpTakesNothing() async {
        await onHub {
            let queue = Queue<Int>()
            let victim = spawn { try queue.get() }
            let other = spawn { try queue.get() }
            try settle()
            try victim.kill(wait: false)
            try queue.put(1)  // the first has not run yet, but it does not wait any more
            let item = try other.get()
            #expect(item == 1 && victim.isReady)
        }
    }

    @Test func aPutterThatGivesUpLeavesNothing() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            try queue.put(0)
            let putters = (1...3).map { number in spawn { try queue.put(number) } }
            try settle()
            try putters[1].kill(wait: false)
            var items: [Int] = []
            while let item = try queue.tryGet() { items.append(item) }
            #expect(items == [0, 1, 3])
            try joinAll(putters)
            #expect(queue.isEmpty && "\(queue)".hasSuffix("0 of 1 items, 0 getting, 0 putting>"))
        }
    }

    @Test func peekLeavesTheItemForTheNext() async {
        await onHub {
            let queue = Queue<Int>()
            let peekers = (0..<2).map { _ in spawn { try queue.peek() } }
            try settle()
            try queue.put(4)
            for peeker in peekers {
                let seen = try peeker.get()
                #expect(seen == 4)
            }
            let item = try queue.get()
            #expect(item == 4)
        }
    }

    @Test func aPeekerThatIsLateWaitsOn() async {
        await onHub {
            let queue = Queue<Int>()
            let peeker = spawn { try queue.peek() }
            try settle()
            try queue.put(1)
            _ = try queue.tryGet()
            try settle()
            #expect(!peeker.isReady)
            try queue.put(2)
            let seen = try peeker.get()
            #expect(seen == 2)
        }
    }

    @Test func theHubItselfMayPutAndGetWithoutWaiting() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            let getter = spawn { try queue.get() }
            try settle()
            var results: [String] = []
            Hub.current.runSoon {
                results.append("\((try? queue.tryPut(1)) as Any)")
                results.append("\((try? queue.tryPut(2)) as Any)")
                results.append("\((try? queue.tryPut(3)) as Any)")
            }
            let item = try getter.get()
            #expect(item == 1 && queue.count == 1)
            #expect(results == ["Optional(true)", "Optional(true)", "Optional(false)"])
        }
    }

    @Test func theHubItselfMayTakeAndSoLetAPutterIn() async {
        await onHub {
            let queue = Queue<Int>(capacity: 1)
            let putter = spawn { for number in 1...2 { try queue.put(number) } }
            try settle()
            #expect(queue.isFull && !putter.isReady)
            var results: [Int?] = []
            Hub.current.runSoon { for _ in 1...3 { results.append((try? queue.tryGet()) ?? nil) } }
            try putter.get()
            #expect(results == [1, 2, nil] && queue.isEmpty)
        }
    }

    @Test func whatIsPutWhenAllHaveGivenUpStays() async {
        await onHub {
            let queue = Queue<Int>()
            let impatient = (0..<2).map { _ in
                spawn {
                    let timeout = Timeout(.zero, throwing: TestError(1))
                    timeout.start()
                    return caught { _ = try queue.get() } as? TestError
                }
            }
            let errors = try impatient.map { try $0.get() }
            try queue.put(4)
            try settle()
            let item = try queue.tryGet()
            #expect(errors == [TestError(1), TestError(1)] && item == 4)
        }
    }

    @Test func anItemOutlivesItsPutter() async {
        await onHub {
            let queue = Queue<Int>()
            let putter = spawn {
                try queue.put(5)
                try sleep(.seconds(10))
            }
            try settle()
            try putter.kill()
            let item = try queue.get()
            #expect(item == 5)
        }
    }

    /// How much processor time the deaths of so many putters take, for each.
    private static func timeToKillPutters(_ count: Int) throws -> Double {
        let queue = Queue<Int>(capacity: 1)
        try queue.put(0)
        let putters = (1...count).map { number in spawn { try queue.put(number) } }
        try settle()
        let start = processorTime()
        for putter in putters { try putter.kill(wait: false) }
        try settle()
        let time = processorTime() - start
        #expect("\(queue)".hasSuffix(" 0 getting, 0 putting>"))
        return time / Double(count)
    }

    @Test func whatAPutterWhoGivesUpCostsDoesNotDependOnHowManyWait() async {
        await onHub {
            _ = try Self.timeToKillPutters(500)
            let (few, many) = (try Self.timeToKillPutters(500), try Self.timeToKillPutters(16_000))
            #expect(many < 8 * few, "\(many / few) times as long")
        }
    }

    @Test(arguments: 1...40)
    func whoeverGivesUpTheOthersKeepTheirOrder(count: Int) async {
        await onHub {
            var random = SeededRandom(for: "QueueTests.\(count)")
            for queue in [Queue<Int>(capacity: 1), Queue<Int>(capacity: 3)] {
                while try queue.tryPut(-1) {}
                var waiting: [Int] = []
                var putters: [Greenlet<Void>] = []
                for number in 0..<3 * count {
                    putters.append(spawn { try queue.put(number) })
                    try yieldNow()
                    waiting.append(number)
                    if Int.random(in: 0..<3, using: &random) > 0 {
                        let victim = waiting.remove(at: Int.random(in: 0..<waiting.count, using: &random))
                        try putters[victim].kill(wait: Bool.random(using: &random))
                    }
                    if !waiting.isEmpty, Int.random(in: 0..<8, using: &random) == 0 {
                        _ = try queue.get()
                        waiting.removeFirst()
                    }
                    try yieldNow()
                    #expect("\(queue)".hasSuffix(" 0 getting, \(waiting.count) putting>"))
                }
                try settle()
                var rest: [Int] = []
                while let item = try queue.tryGet() { rest.append(item) }
                let added = rest.filter { $0 >= 0 }
                #expect(Array(added.suffix(waiting.count)) == waiting)
                try joinAll(putters)
            }
        }
    }

    @Test func theItemOfAPutterWhoGivesUpGoesWithHim() async {
        final class Item {}
        await onHub {
            let queue = Queue<Item>(capacity: 1)
            try queue.put(Item())
            weak var observed: Item?
            let first = spawn { try queue.put(Item()) }
            let victim = spawn {
                let item = Item()
                observed = item
                try queue.put(item)
            }
            let last = spawn { try queue.put(Item()) }
            try settle()
            #expect(observed != nil)
            try victim.kill()
            #expect(observed == nil)
            for _ in 1...3 { _ = try queue.get() }
            try joinAll([first, last])
        }
    }
}
