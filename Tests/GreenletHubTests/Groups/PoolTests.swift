// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A group with a limit.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct PoolTests {
    @Test func spawningWaitsWhileItIsFull() async {
        await onHub {
            let pool = Pool(size: 1)
            #expect(pool.freeCount == 1 && !pool.isFull && pool.isEmpty && pool.size == 1)
            let first = try pool.spawn { try sleep(.milliseconds(5)) }
            #expect(pool.freeCount == 0 && pool.isFull && pool.count == 1 && pool.contains(first))
            try pool.spawn { try sleep(.milliseconds(5)) }
            #expect(first.isReady && pool.count == 1)
            let empty = try pool.join()
            #expect(empty && pool.freeCount == 1)
        }
    }

    @Test(arguments: [1, 2, 7])
    func neverMoreThanItsSizeRunAtOnce(size: Int) async {
        await onHub {
            let pool = Pool(size: size)
            var (running, most) = (0, 0)
            for _ in 0..<30 {
                try pool.spawn {
                    running += 1
                    most = max(most, running)
                    try yieldNow()
                    running -= 1
                }
            }
            try pool.join()
            #expect(most == size && running == 0 && pool.freeCount == size)
        }
    }

    @Test func whoeverWaitsForAPlaceGetsItInOrder() async {
        await onHub {
            let pool = Pool(size: 1)
            var order: [Int] = []
            let event = Event()
            let first = try pool.spawn { try event.wait() }
            let spawners = (1...3).map { number in spawn { try pool.spawn { order.append(number) }.join() } }
            try settle()
            event.set()
            try first.join()
            #expect(pool.trySpawn {} == nil)  // the place is free, but not for everybody
            try joinAll(spawners)
            #expect(order == [1, 2, 3] && pool.freeCount == 1)
        }
    }

    @Test func trySpawnDoesNotWait() async {
        await onHub {
            let pool = Pool(size: 1)
            let first = try #require(pool.trySpawn { try sleep(.seconds(10)) })
            #expect(pool.trySpawn {} == nil)
            try pool.killOne(first)
            #expect(pool.isEmpty && pool.freeCount == 1)
        }
    }

    @Test func aSpawnThatIsKilledWhileItWaitsTakesNoPlace() async {
        await onHub {
            let pool = Pool(size: 1)
            let first = try pool.spawn { try sleep(.milliseconds(4)) }
            let victim = spawn { try pool.spawn {} }
            try settle()
            try victim.kill()
            try first.join()
            #expect(pool.freeCount == 1 && pool.isEmpty)
        }
    }

    @Test func aMemberThatNeverStartsGivesItsPlaceBack() async {
        await onHub {
            let pool = Pool(size: 1)
            var runs = 0
            let member = try pool.spawn { runs += 1 }
            try member.kill()
            #expect(pool.freeCount == 1 && pool.isEmpty)
            try settle()
            #expect(runs == 0 && pool.freeCount == 1)
        }
    }

    @Test func aMemberThatFailsGivesItsPlaceBack() async {
        await onHub {
            let reports = Reports()
            let pool = Pool(size: 1)
            try pool.spawn { throw TestError(1) }
            try pool.spawn {}
            try pool.join()
            #expect(pool.freeCount == 1 && reports.errors == [TestError(1)])
        }
    }

    @Test func addedGreenletsTakeAPlaceOnce() async {
        await onHub {
            let pool = Pool(size: 2)
            let (first, second, third) = (spawn { try sleep(.milliseconds(4)) }, Greenlet {}, spawn {})
            try third.join()
            try pool.add(first)
            try pool.add(first)
            try pool.add(third)
            #expect(pool.freeCount == 1)
            try pool.add(second)
            let inTime = try pool.add(Greenlet {}, timeout: .milliseconds(1))
            #expect(!inTime && pool.isFull)
            pool.discard(second)
            pool.discard(second)
            #expect(pool.freeCount == 1)
            try pool.join()
            #expect(pool.freeCount == 2)
        }
    }

    @Test func oneThatEndsWhileItWaitsToBeAddedTakesNoPlace() async {
        await onHub {
            let pool = Pool(size: 1)
            let brief = spawn { try sleep(.milliseconds(1)) }
            try pool.spawn { try brief.join() }
            let added = try pool.add(brief)
            #expect(added && pool.freeCount == 1 && pool.isEmpty)
        }
    }

    @Test func oneThatNeverEndsIsNotAddedAndTakesNoPlace() async {
        await onHub {
            let pool = Pool(size: 1)
            let added = try pool.add(.current)
            #expect(!added && pool.freeCount == 1 && pool.isEmpty && !pool.contains(.current))
            let value = try pool.spawn { 42 }.get()
            #expect(value == 42)
        }
    }

    @Test func aStartWaitsForAPlace() async {
        await onHub {
            let pool = Pool(size: 1)
            var runs: [Int] = []
            let greenlets = (0..<3).map { number in
                Greenlet {
                    try sleep(.milliseconds(2))
                    runs.append(number)
                }
            }
            for greenlet in greenlets {
                let inTime = try pool.start(greenlet)
                #expect(inTime && pool.members == [greenlet])
            }
            #expect(runs == [0, 1])
            let again = try pool.start(greenlets[2])
            let ended = try pool.start(greenlets[0], timeout: .zero)
            #expect(again && ended && pool.count == 1)
            let main = try pool.start(.current)
            #expect(!main)
            try pool.join()
            #expect(runs == [0, 1, 2] && pool.freeCount == 1)
        }
    }

    @Test func whoeverFindsNoPlaceIsNotStarted() async {
        await onHub {
            let pool = Pool(size: 1)
            var runs = 0
            let (first, second) = (Greenlet { try sleep(.seconds(10)) }, Greenlet { runs += 1 })
            #expect(pool.tryStart(first) && !pool.tryStart(second) && !pool.tryAdd(second))
            let inTime = try pool.start(second, timeout: .milliseconds(1))
            let starter = spawn { try pool.start(second) }
            try settle()
            try starter.kill()
            #expect(!inTime && !second.isActive && pool.members == [first])
            try pool.kill()
            #expect(pool.tryAdd(second) && !second.isActive && pool.tryStart(second))
            try pool.join()
            #expect(runs == 1 && pool.freeCount == 1)
        }
    }

    @Test func oneThatIsStartedOrEndsWhileItsStartWaitsTakesOnePlaceOrNone() async {
        await onHub {
            let pool = Pool(size: 1)
            let (gate, end) = (Event(), Event())
            try pool.spawn { try gate.wait() }
            let (begun, ended) = (Greenlet { try end.wait() }, Greenlet {})
            let starters = [spawn { try pool.start(ended) }, spawn { try pool.start(begun) }]
            try settle()
            begun.start()
            try ended.kill()
            gate.set()
            try joinAll(starters)
            #expect(starters.allSatisfy { $0.value == true } && pool.members == [begun])
            end.set()
            try pool.join()
            #expect(pool.freeCount == 1 && ended.isReady)
        }
    }

    @Test func inAPoolOfZeroNothingRuns() async {
        await onHub {
            let pool = Pool(size: 0)
            let available = try pool.waitAvailable(timeout: .milliseconds(1))
            #expect(available == 0 && pool.isFull && pool.trySpawn {} == nil)
            #expect(throws: LoopExit.self) { try pool.spawn {} }
        }
    }

    @Test func withoutASizeThereIsNoLimit() async {
        await onHub {
            let pool = Pool()
            for _ in 0..<50 { try pool.spawn { try yieldNow() } }
            let available = try pool.waitAvailable()
            #expect(available == .max && pool.count == 50 && !pool.isFull && pool.freeCount == .max)
            try pool.join()
        }
    }

    @Test func waitAvailableTellsOfAPlaceAndTakesNone() async {
        await onHub {
            let pool = Pool(size: 1)
            try pool.spawn { try sleep(.milliseconds(2)) }
            let available = try pool.waitAvailable()
            #expect(available == 1 && pool.freeCount == 1)
        }
    }

    @Test(arguments: [1, 3, nil] as [Int?])
    func mapKeepsTheOrder(size: Int?) async {
        await onHub {
            let pool = Pool(size: size)
            let results = try pool.map(0..<20) { number in
                if number % 3 == 0 { try yieldNow() }
                return number * number
            }
            #expect(results == (0..<20).map { $0 * $0 } && pool.isEmpty)
            #expect(throws: TestError(1)) {
                try pool.map([1, 2]) { number -> Int in throw TestError(number) }
            }
            try pool.join()
        }
    }

    @Test func applyInAMemberOfAFullPoolRunsInline() async {
        await onHub {
            let pool = Pool(size: 1)
            let value = try pool.apply { try pool.apply { 5 } + 1 }
            #expect(value == 6 && pool.freeCount == 1)
            #expect(throws: TestError(2)) { try pool.apply { throw TestError(2) } }
            #expect(pool.freeCount == 1)
        }
    }

    @Test func killEmptiesIt() async {
        await onHub {
            let pool = Pool(size: 3)
            for _ in 0..<3 { try pool.spawn { try sleep(.seconds(10)) } }
            try settle()
            let empty = try pool.kill()
            #expect(empty && pool.isEmpty && pool.freeCount == 3)
        }
    }

    @Test func aNegativeSizeTraps() async {
        await #expect(processExitsWith: .failure) { _ = Pool(size: -1) }
    }

    @Test func killEndsAMapThatIsStillSpawning() async {
        await onHub {
            let pool = Pool(size: 2)
            var begun = 0
            let mapping = spawn {
                try pool.map(1...6) { _ in
                    begun += 1
                    try sleep(.seconds(10))
                }
            }
            try settle()
            #expect(begun == 2 && !mapping.isReady)
            let empty = try pool.kill(timeout: .seconds(5))
            let hasEnded = try mapping.join(timeout: .seconds(5))
            #expect(empty && hasEnded && begun == 2 && pool.freeCount == 2)
            #expect((caught { _ = try mapping.get() } as? GreenletError)?.code == .exited)
        }
    }

    @Test(arguments: [1, 2], [true, false])
    func killAlsoEndsThoseWhoseSpawnersWaitForAPlace(size: Int, haveBegun: Bool) async {
        await onHub {
            let pool = Pool(size: size)
            var begun = 0
            let spawners = (0..<5).map { _ in
                spawn {
                    try pool.spawn {
                        begun += 1
                        try sleep(.seconds(10))
                    }
                }
            }
            try yieldNow()
            if haveBegun { try settle() }
            let empty = try pool.kill(timeout: .seconds(5))
            #expect(empty && pool.isEmpty && pool.freeCount == size && spawners.allSatisfy(\.isReady))
            try settle()
            #expect(pool.isEmpty && begun == (haveBegun ? size : 0))
        }
    }

    @Test func killWaitsNoLongerThanItMayForThoseWhoSpawnOnAndOn() async {
        await onHub {
            let pool = Pool(size: 1)
            let spawner = spawn { while true { try pool.spawn { try sleep(.seconds(10)) } } }
            try settle()
            try pool.kill(timeout: .milliseconds(5))
            try spawner.kill()
            let empty = try pool.kill(timeout: .seconds(5))
            #expect(empty && pool.freeCount == 1)
        }
    }

    @Test func whoeverJoinsAnEmptyPoolGoesOnAtOnce() async {
        await onHub {
            var othersRan = false
            spawn { othersRan = true }
            let empty = try Pool(size: 0).join()
            #expect(empty && !othersRan)
            try settle()
        }
    }
}
