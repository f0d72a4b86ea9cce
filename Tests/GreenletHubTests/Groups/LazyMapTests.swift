// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Maps whose results are taken one by one.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct LazyMapTests {
    /// Later items are ready earlier.
    private static func slowFirst(_ number: Int) throws -> Int {
        try sleep(.milliseconds(5 * (5 - number)))
        return number * 10
    }

    @Test func resultsComeInTheOrderOfTheItems() async {
        await onHub {
            let map = Pool(size: 3).lazyMap(1...5, Self.slowFirst)
            var results: [Int] = []
            while let result = try map.next() { results.append(result) }
            #expect(results == [10, 20, 30, 40, 50])
            try #expect(map.next() == nil)
        }
    }

    @Test func unorderedResultsComeAsTheyAreReady() async {
        await onHub {
            let map = Group().lazyMapUnordered(1...4, Self.slowFirst)
            var results: [Int] = []
            while let result = try map.next() { results.append(result) }
            #expect(results == [40, 30, 20, 10])
        }
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

    @Test(arguments: [true, false])
    func noMoreThanTheLimitAreBegunAndNotTaken(isOrdered: Bool) async {
        await onHub {
            var begun = 0
            let group = Group()
            let body: (Int) -> Int = { number in
                begun += 1
                return number
            }
            let map =
                isOrdered ? group.lazyMap(0..<100, limit: 4, body) : group.lazyMapUnordered(0..<100, limit: 4, body)
            try settle()
            #expect(begun == 4)
            try #expect(map.next() == 0)
            try settle()
            #expect(begun == 5)
            for outcome in map { _ = try outcome.get() }
            #expect(begun == 100)
        }
    }

    @Test func aPoolsSizeHoldsToo() async {
        await onHub {
            let pool = Pool(size: 2)
            var (running, most) = (0, 0)
            let map = pool.lazyMapUnordered(0..<20) { _ in
                running += 1
                most = max(most, running)
                try yieldNow()
                running -= 1
            }
            for _ in map {}
            #expect(most == 2 && pool.freeCount == 2)
        }
    }

    @Test(arguments: [true, false])
    func anItemsErrorIsThrownAtThatItemAndTheNextGoesOn(isOrdered: Bool) async {
        await onHub {
            let reports = Reports()
            let body: (Int) throws -> Int = { number in
                if number == 2 { throw TestError(2) }
                return number
            }
            let map = isOrdered ? Group().lazyMap(1...3, body) : Group().lazyMapUnordered(1...3, body)
            try #expect(map.next() == 1)
            let error = caught { _ = try map.next() }
            #expect(error as? TestError == TestError(2))
            try #expect(map.next() == 3)
            try #expect(map.next() == nil)
            #expect(reports.list.isEmpty)
        }
    }

    @Test func theSourceMayWait() async {
        await onHub {
            let numbers = Queue<Int>()
            let map = Group().lazyMap(numbers) { $0 + 1 }
            let producer = spawn {
                for number in 1...3 {
                    try sleep(.milliseconds(1))
                    try numbers.put(number)
                }
                numbers.close()
            }
            var results: [Int] = []
            while let result = try map.next() { results.append(result) }
            #expect(results == [2, 3, 4] && producer.isReady)
        }
    }

    @Test func anEmptySourceEndsAtOnce() async {
        await onHub { try #expect(Pool(size: 1).lazyMap([Int]()) { $0 }.next() == nil) }
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

    @Test func membersThatAreKilledAreThrownAsExits() async {
        await onHub {
            let group = Group()
            let map = group.lazyMap(1...2) { _ in try sleep(.seconds(60)) }
            try settle()
            try group.kill()
            let errors = [caught { _ = try map.next() }, caught { _ = try map.next() }]
            #expect(errors.allSatisfy { $0 is GreenletExit })
            try #expect(map.next() == nil)
        }
    }
}
