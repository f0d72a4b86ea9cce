// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The source of a lazy map: what was read of it is worked at, whatever becomes of the map.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// A queue of the numbers from 0.
private func jobs(_ count: Int) throws -> Queue<Int> {
    let queue = Queue<Int>()
    for number in 0..<count { try queue.put(number) }
    return queue
}

@Suite struct LazyMapSourceTests {
    @Test(arguments: [1, 2, 5, nil] as [Int?], [1, 2, nil] as [Int?])
    func noneIsLostByOneThatIsDropped(size: Int?, limit: Int?) async {
        await onHub {
            for taken in 0...4 {
                let (queue, pool) = (try jobs(8), Pool(size: size))
                var done: [Int] = []
                func takeSome() throws {
                    let map = pool.lazyMap(queue, limit: limit) { number in
                        try sleep(.milliseconds(1))
                        done.append(number)
                    }
                    try yieldNow()
                    for _ in 0..<taken { _ = try map.next() }
                }
                try takeSome()
                try settle()
                while try pool.waitAvailable() < size ?? 1 { try sleep(.milliseconds(1)) }
                try pool.join()
                try settle()
                let left = try queue.isEmpty ? [] : (0..<queue.count).map { _ in try queue.get() }
                #expect(done + left == Array(0..<8) && pool.isEmpty, "\(done), \(left)")
            }
        }
    }

    @Test func oneThatIsDroppedAsAResultIsTakenReadsNoMore() async {
        await onHub {
            let queue = try jobs(5)
            func takeOne() throws {
                let map = Group().lazyMap(queue, limit: 1) { $0 }
                try #expect(map.next() == 0)
            }
            try takeOne()
            try settle()
            #expect(queue.count == 4)
        }
    }

    @Test func aSourceThatWaitsHoldsNoPlace() async {
        await onHub {
            let (pool, queue) = (Pool(size: 1), Queue<Int>())
            var worked: [Int] = []
            var map: LazyMap<Void>? = pool.lazyMap(queue) { worked.append($0) }
            try settle()
            #expect(map != nil && pool.freeCount == 1)
            let other = try pool.spawn { try queue.put(1) }  // which fills the source
            try other.join()
            _ = try map?.next()
            #expect(worked == [1])
            let gate = Event()
            try pool.spawn { try gate.wait() }
            for number in [2, 3] { try queue.put(number) }
            try settle()
            map = nil
            try settle()
            #expect(worked == [1] && queue.count == 1)
            gate.set()
            try pool.join()
            #expect(worked == [1, 2] && pool.freeCount == 1)
        }
    }

    @Test func theSourceMayBeAMapInTheSamePool() async {
        await onHub {
            let pool = Pool(size: 1)
            let squares = pool.lazyMap(1...5, limit: 1) { $0 * $0 }
            let sums = pool.lazyMap(squares, limit: 1) { try $0.get() + 1 }
            var read: [Int] = []
            while let sum = try sums.next() { read.append(sum) }
            #expect(read == [2, 5, 10, 17, 26] && pool.freeCount == 1)
        }
    }

    @Test func theEndOfTheSourceNeedsNoPlace() async {
        await onHub {
            let (pool, gate) = (Pool(size: 1), Event())
            let map = pool.lazyMap([1]) { number in
                pool.applyAsync { try gate.wait() }
                return number
            }
            try #expect(map.next() == 1)
            try #expect(map.next(timeout: .seconds(5)) == nil && pool.isFull)
            gate.set()
            try pool.join()
        }
    }

    @Test func twoMapsOfAPoolStandInOneLine() async {
        await onHub {
            let pool = Pool(size: 1)
            var order: [String] = []
            func map(_ name: String) -> LazyMap<Void> {
                pool.lazyMap(1...3) { _ in
                    order.append(name)
                    try yieldNow()
                }
            }
            let (left, right) = (map("left"), map("right"))
            while try left.next() != nil {}
            while try right.next() != nil {}
            #expect(order == ["left", "left", "right", "left", "right", "right"])
        }
    }

    @Test func aPoolOfZeroReadsNothing() async {
        await onHub {
            let queue = try jobs(2)
            let map = Pool(size: 0).lazyMap(queue) { $0 }
            try settle()
            let error = caught { _ = try map.next() }
            #expect(error is LoopExit && queue.count == 2)
        }
    }

    @Test func oneThatIsKilledWithItsPoolHasAnOutcomeForEachItemRead() async {
        await onHub {
            let (pool, queue) = (Pool(size: 1), try jobs(4))
            queue.close()
            let map = pool.lazyMap(queue) { _ in try sleep(.seconds(10)) }
            try settle()
            let empty = try pool.kill(timeout: .seconds(5))
            let outcomes = Array(map)
            #expect(empty && outcomes.count == 4 && queue.isEmpty && pool.freeCount == 1)
        }
    }
}
