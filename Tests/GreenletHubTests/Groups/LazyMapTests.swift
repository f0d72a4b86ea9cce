// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Maps whose results are taken one by one.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Reads all that is left.
private func rest<Value>(_ results: LazyMap<Value>) throws -> [Value] {
    var values: [Value] = []
    while let value = try results.next() { values.append(value) }
    return values
}

@Suite struct LazyMapTests {
    @Test(arguments: [1, 2, 3, 10, nil] as [Int?])
    func eachItemHasOneResult(size: Int?) async {
        await onHub {
            var random = SeededRandom(for: "LazyMapTests")
            let pool = Pool(size: size)
            func square(_ number: Int) throws -> Int {
                for _ in 0..<Int.random(in: 0...3, using: &random) { try yieldNow() }
                return number * number
            }
            let expected = (0..<300).map { $0 * $0 }
            let ordered = try rest(pool.lazyMap(0..<300, square))
            let asReady = try rest(pool.lazyMap(0..<300, ordered: false, square))
            let none = try rest(pool.lazyMap(0..<0, square)) + rest(pool.lazyMap(0..<0, ordered: false, square))
            #expect(ordered == expected && asReady.sorted() == expected && none.isEmpty && pool.isEmpty)
        }
    }

    @Test func severalSequencesAreZipped() async {
        await onHub {
            let (left, right) = (1...3, [10, 20, 30, 40])
            let sums = Pool(size: 2).lazyMap(zip(left, right), limit: 1) { left, right in left + right }
            let inOrder = try rest(sums)
            #expect(inOrder == [11, 22, 33])
        }
    }

    @Test(arguments: [1, nil] as [Int?])
    func whoIsReadyFirstComesFirstIfTheOrderIsFree(size: Int?) async {
        await onHub {
            let pool = Pool(size: size)
            let gates = (0..<3).map { _ in Event() }
            spawn {
                for gate in gates.reversed() {
                    try settle()
                    gate.set()
                }
            }
            let asReady = pool.lazyMap(0..<3, ordered: false) { number in
                try gates[number].wait()
                return number
            }
            let numbers = try rest(asReady)
            #expect(numbers == (size == 1 ? [0, 1, 2] : [2, 1, 0]))
            let group = Group()
            let ordered = group.lazyMap([0, 3, 1]) { number in
                try sleep(.milliseconds(number))
                return number
            }
            let inOrder = try rest(ordered)
            #expect(inOrder == [0, 3, 1] && group.isEmpty)
        }
    }

    @Test func anErrorIsThrownAtItsPlaceAndTheRestGoesOn() async {
        await onHub {
            let reports = Reports()
            let (pool, group) = (Pool(size: 1), Group())
            func half(_ number: Int) throws -> Int {
                if number == 0 { throw TestError(2) }
                return number / 2
            }
            for results in [
                pool.lazyMap([2, 0, 4], half), pool.lazyMap([2, 0, 4], ordered: false, half),
                group.lazyMap([2, 0, 4], half), group.lazyMap([2, 0, 4], ordered: false, half),
            ] {
                let first = try results.next()
                #expect(first == 1)
                #expect(throws: TestError(2)) { try results.next() }
                let others = try rest(results)
                #expect(others == [2])
            }
            #expect(reports.errors.isEmpty)
        }
    }

    @Test func theItemsMayBeWaitedFor() async {
        await onHub {
            let (pool, queue) = (Pool(size: 2), Queue<Int>())
            try queue.put(123)
            spawn(after: .milliseconds(2)) { queue.close() }
            let fromQueue = try rest(pool.lazyMap(queue) { $0 })
            #expect(fromQueue == [123])
            var number = 0
            let slow = AnyIterator<Int> {
                number += 1
                if number < 4 { return number }
                try? sleep(.milliseconds(2))  // the end comes late
                return nil
            }
            let squares = try rest(pool.lazyMap(slow, ordered: false) { $0 * $0 })
            #expect(squares == [1, 4, 9])
        }
    }

    @Test(arguments: [1, 3], [true, false])
    func itIsNoFurtherAheadOfItsReaderThanItMay(limit: Int, isOrdered: Bool) async {
        await onHub {
            let group = Group()
            var begun = 0
            func note(_ number: Int) -> Int {
                begun += 1
                return number
            }
            let results = group.lazyMap(0..<50, limit: limit, ordered: isOrdered, note)
            var read: [Int] = []
            try settle()
            #expect(begun == limit)
            while let number = try results.next() {
                read.append(number)
                try settle()
                #expect(begun == min(read.count + limit, 50))
            }
            #expect(read == Array(0..<50))
        }
    }

    @Test func oneThatIsDroppedStops() async {
        await onHub {
            let group = Group()
            var begun = 0
            func readOne() throws {
                let results = group.lazyMap(0..<100, limit: 2) { _ in
                    begun += 1
                    try sleep(.milliseconds(1))
                }
                _ = try results.next()
            }
            try readOne()
            let soFar = begun
            try group.join()
            try settle()
            #expect(soFar <= 3 && begun <= 3)
            _ = group.lazyMap(0..<100, ordered: false) { _ in begun += 100 }
            try settle()
            #expect(begun <= 3)
        }
    }

    @Test func membersThatAreKilledAreExits() async {
        await onHub {
            let pool = Pool(size: 2)
            let results = pool.lazyMap(1...3) { _ in try sleep(.seconds(10)) }
            try settle()
            let empty = try pool.kill(timeout: .seconds(5))
            #expect(empty)
            for _ in 1...3 { #expect((caught { _ = try results.next() } as? GreenletError)?.code == .exited) }
            #expect(try results.next() == nil)
        }
    }

    @Test func severalReadersShareTheResultsAndOneThatIsKilledTakesNone() async {
        await onHub {
            let group = Group()
            let results = group.lazyMap(0..<60, ordered: false) { number in
                try sleep(.milliseconds(1))
                return number
            }
            var read: [Int] = []
            let readers = (0..<3).map { _ in
                spawn {
                    while let number = try results.next() {
                        read.append(number)
                        try yieldNow()
                    }
                }
            }
            try yieldNow()
            try readers[0].kill()
            try joinAll(readers, raisingErrors: true)
            #expect(read.sorted() == Array(0..<60))
        }
    }

    @Test func theErrorOfWhoeverGoesThroughTheItemsComesAfterTheResults() async {
        await onHub {
            let reports = Reports()
            var isFirst = true
            let items = AnyIterator<Int> {
                if !isFirst { Timeout(.zero, throwing: TestError(9)).start() }  // hits him, when there is no place
                isFirst = false
                return 1
            }
            let results = Pool(size: 1).lazyMap(items) { number in
                try sleep(.milliseconds(2))
                return number
            }
            for _ in 1...2 { try #expect(results.next() == 1) }  // the second had been read
            #expect(throws: TestError(9)) { try results.next() }
            let none = try results.next()
            #expect(none == nil && reports.errors.isEmpty)
        }
    }

    @Test func aDeadlockNamesTheReader() async {
        await onHub {
            let results = Pool(size: 0).lazyMap(1...3, ordered: false) { $0 }
            let exit = try #require(caught { _ = try results.next() } as? LoopExit)
            #expect(exit.blocked.first?.contains(" on <Queue 0x") == true)
            #expect(exit.blocked.contains { $0.hasPrefix("reader of a lazy map ") && $0.contains("on <Semaphore") })
            #expect("\(results)".hasSuffix(" 0 running, 0 to be taken>"))
        }
    }

    @Test func aLimitOfZeroTraps() async {
        await #expect(processExitsWith: .failure) { _ = Group().lazyMap([1], limit: 0) { $0 } }
    }

    @Test func theFirstResultIsThereBeforeTheLastItemIsRead() async {
        await onHub {
            var read = 0
            let endless = sequence(first: 1) { number in
                read = number
                return number + 1
            }
            let map = Pool(size: 2).lazyMap(endless, limit: 3) { number in
                try yieldNow()
                return number
            }
            for expected in 1...20 { try #expect(map.next() == expected) }
            #expect(read < 30)
        }
    }

    @Test func aPoolsSizeHoldsToo() async {
        await onHub {
            let pool = Pool(size: 2)
            var (running, most) = (0, 0)
            let map = pool.lazyMap(0..<20, ordered: false) { _ in
                running += 1
                most = max(most, running)
                try yieldNow()
                running -= 1
            }
            for _ in map {}
            #expect(most == 2 && pool.freeCount == 2)
        }
    }

    @Test func aTimeoutTakesNothing() async {
        await onHub {
            let map = Group().lazyMap([1]) { number in
                try sleep(.milliseconds(20))
                return number
            }
            let error = caught { _ = try map.next(timeout: .milliseconds(2)) }
            #expect(error is Timeout)
            try #expect(map.next() == 1)
        }
    }

    @Test func itCanBeWaitedFor() async {
        await onHub {
            let map = Group().lazyMap([1]) { number in
                try sleep(.milliseconds(2))
                return number
            }
            let ready = try waitAll([map], timeout: .seconds(5))
            #expect(ready.count == 1 && map.readiness.isReady)
            #expect(map.description.contains("0 running, 1 to be taken"))
            try #expect(map.next() == 1)
        }
    }

    @Test func whoGivesUpLeavesNobodyBehind() async {
        await onHub {
            var begun = 0
            var map: LazyMap<Int>? = Pool(size: 1).lazyMap(sequence(first: 0) { $0 + 1 }, limit: 2) { number in
                begun += 1
                return number
            }
            for _ in try #require(map) { break }
            map = nil
            try settle()
            let last = begun
            try settle()
            #expect(begun == last && last <= 4)
        }
    }

    @Test func aLoopGetsTheOutcomes() async {
        await onHub {
            let map = Group().lazyMap(1...3) { number in
                if number == 2 { throw TestError(2) }
                return number
            }
            var values: [Int] = []
            var errors = 0
            for outcome in map {
                switch outcome {
                case .value(let value): values.append(value)
                case .failure(let error): errors += error as? TestError == TestError(2) ? 1 : 100
                case .exited: errors += 100
                }
            }
            #expect(values == [1, 3] && errors == 1)
        }
    }
}
