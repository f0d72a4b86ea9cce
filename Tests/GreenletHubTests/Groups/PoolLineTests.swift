// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that stand in line for a place in a pool, while who sent them there goes on.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

@Suite struct PoolLineTests {
    @Test func whoeverSendsThemNeverWaits() async {
        await onHub {
            let pool = Pool(size: 2)
            var runs: [Int] = []
            let greenlets = (1...5).map { number in
                pool.applyAsync { () -> Int in
                    runs.append(number)
                    try yieldNow()
                    return number
                }
            }
            #expect(runs.isEmpty && pool.count == 2 && pool.isFull && greenlets.allSatisfy(\.isActive))
            #expect(pool.description.hasSuffix("2 of 2 members, 3 waiting>"), "\(pool)")
            let empty = try pool.join()  // for all: it never was empty
            #expect(empty && runs == [1, 2, 3, 4, 5] && pool.freeCount == 2)
            #expect(greenlets.map(\.value) == [1, 2, 3, 4, 5])
        }
    }

    @Test func placesAreGivenInTheOrderInWhichTheyWereAskedFor() async {
        await onHub {
            let pool = Pool(size: 1)
            var order: [String] = []
            let gate = Event()
            pool.applyAsync { try gate.wait() }
            pool.applyAsync { order.append("first") }
            let spawner = spawn { try pool.spawn { order.append("second") } }
            try settle()
            pool.applyAsync { order.append("third") }
            gate.set()
            try joinAll([spawner])
            try pool.join()
            #expect(order == ["first", "second", "third"] && pool.freeCount == 1)
        }
    }

    @Test func inLineTheyHaveNoStack() async {
        await onHub {
            let pool = Pool(size: 3)
            let live = Hub.current.thread.stackCounts.live
            var most = 0
            for _ in 0..<500 {
                pool.applyAsync {
                    most = max(most, Hub.current.thread.stackCounts.live - live)
                    try yieldNow()
                }
            }
            try pool.join()
            #expect(most == 3)
        }
    }

    @Test func oneThatIsKilledInLineNeverRuns() async {
        await onHub {
            let pool = Pool(size: 1)
            var runs: [Int] = []
            let greenlets = (0..<4).map { number in
                pool.applyAsync {
                    runs.append(number)
                    try yieldNow()
                }
            }
            var linked: AnyGreenlet?
            greenlets[1].link { linked = $0 }
            let ended = try greenlets[1].kill()
            try greenlets[2].kill(wait: false)
            #expect(ended && greenlets[2].isReady && pool.count == 1)
            try pool.join()
            try settle()
            #expect(runs == [0, 3] && linked === greenlets[1] && pool.freeCount == 1)
        }
    }

    @Test(arguments: [true, false])
    func aKillOfThePoolEndsTheLineToo(isWaitedFor: Bool) async {
        await onHub {
            let pool = Pool(size: 2)
            var runs = 0
            let greenlets = (0..<6).map { _ in
                pool.applyAsync {
                    runs += 1
                    try sleep(.seconds(10))
                }
            }
            try settle()
            let empty = try pool.kill(wait: isWaitedFor)
            #expect(empty == isWaitedFor)
            try settle()
            #expect(runs == 2 && pool.isEmpty && pool.freeCount == 2 && greenlets.allSatisfy(\.isReady))
        }
    }

    @Test func oneThatIsAddedFromTheLineTakesOnePlace() async {
        await onHub {
            let pool = Pool(size: 2)
            let (gate, end) = (Event(), Event())
            for _ in 0..<2 { try pool.spawn { try gate.wait() } }
            let inLine = pool.applyAsync { try end.wait() }
            let other = spawn { try pool.start(inLine) }
            inLine.start()  // it will be, in its turn
            try settle()
            #expect(!pool.contains(inLine))
            gate.set()
            try joinAll([other])
            #expect(pool.members == [inLine] && pool.freeCount == 1)
            end.set()
            try pool.join()
            #expect(pool.freeCount == 2)
        }
    }

    @Test func aPoolThatNobodyHoldsServesItsLine() async {
        await onHub {
            var runs = 0
            func send() {
                let pool = Pool(size: 1)
                for _ in 0..<3 {
                    pool.applyAsync {
                        runs += 1
                        try yieldNow()
                    }
                }
            }
            send()
            for _ in 0..<3 { try settle() }
            #expect(runs == 3)
            weak var observed: Pool?
            func ask() throws {
                let pool = Pool(size: 1)
                observed = pool
                pool.applyAsync { try yieldNow() }
                pool.applyAsync {}
                try pool.join()
            }
            try ask()
            #expect(observed == nil)
        }
    }

    @Test func whatStandsInLineForEverIsNamed() async {
        await onHub {
            let pool = Pool(size: 1)
            let member = pool.applyAsync(name: "cook") { () throws -> Int in
                let helper = pool.applyAsync(name: "helper") { 1 }
                return try helper.get() + 1
            }
            let error = caught { _ = try member.get() } as? LoopExit
            let text = "\(String(describing: error))"
            #expect(text.contains("cook") && text.contains("waits for join on helper"), "\(text)")
            #expect(text.contains("waits for a place on <Pool") && text.contains("1 members, 1 waiting"), "\(text)")
            let reports = Reports()
            try pool.kill()
            #expect(reports.list.isEmpty && member.isSuccessful)
            let nothing = Pool(size: 0)
            let never = nothing.applyAsync {}
            let empty = try nothing.join()
            #expect(empty && !never.isReady)
            try nothing.kill()
            #expect(never.isReady)
        }
    }

    @Test func aMemberMaySendOthersAndGoOn() async {
        await onHub {
            let pool = Pool(size: 1)
            var sums: [Int] = []
            pool.applyAsync {
                pool.applyAsync { 41 }.link { sums.append(($0.value ?? 0) + 1) }
                let inline = try pool.apply { 7 }
                sums.append(inline)
            }
            try pool.join()
            try settle()
            #expect(sums == [7, 42])
        }
    }

    @Test func theyEndWithTheirThreadAndNeverRun() async throws {
        let runs = Mutex(0)
        try onThreadThatEnds {
            let pool = Pool(size: 1)
            for _ in 0..<1_000 {
                pool.applyAsync {
                    runs.withLock { $0 += 1 }
                    try sleep(.seconds(100))
                }
            }
            try settle()
        }
        #expect(runs.withLock { $0 } == 1)
    }

    @Test func spawnCallbacksAndTimersKnowThem() async {
        await onHub {
            var told: [AnyGreenlet] = []
            let id = Hub.current.addSpawnCallback { told.append($0) }
            let pool = Pool(size: 1)
            let greenlets = (0..<2).map { _ in pool.applyAsync {} }
            Hub.current.removeSpawnCallback(id)
            #expect(told == greenlets)
            try pool.join()
            #expect(Hub.current.timerCount == 0)
        }
    }

    @Test func oneThatIsKilledAsItIsSpawnedLeavesTheLine() async {
        await onHub {
            let (pool, gate) = (Pool(size: 1), Event())
            try pool.spawn { try gate.wait() }
            let id = Hub.current.addSpawnCallback { _ = try? $0.kill(wait: false) }
            var runs = 0
            for _ in 0..<3 { pool.applyAsync { runs += 1 } }
            Hub.current.removeSpawnCallback(id)
            #expect(pool.description.hasSuffix("1 of 1 members>"), "\(pool)")
            pool.applyAsync { runs += 10 }
            gate.set()
            try pool.join()
            #expect(runs == 10 && pool.freeCount == 1)
        }
    }

    @Test(arguments: [1, 3, nil] as [Int?])
    func aMapNeedNotBeWaitedFor(size: Int?) async {
        await onHub {
            let pool = Pool(size: size)
            var most = 0
            let squares = pool.mapAsync(0..<20) { number in
                most = max(most, pool.count)
                try yieldNow()
                return number * number
            }
            #expect(pool.isEmpty && !pool.contains(squares))
            let values = try squares.get()
            #expect(values == (0..<20).map { $0 * $0 } && most == size ?? 20)
            let failing = pool.mapAsync([1, 2]) { number in if number == 1 { throw TestError(number) } }
            #expect(throws: TestError(1)) { try failing.get() }
            try pool.join()
        }
    }

    @Test func aMapThatIsKilledBeginsNoMore() async {
        await onHub {
            let pool = Pool(size: 1)
            var begun: [Int] = []
            let gate = Event()
            let mapping = pool.mapAsync(1...3) { number in
                begun.append(number)
                try gate.wait()
            }
            try settle()
            try mapping.kill()
            gate.set()
            try pool.join()
            try settle()
            #expect(begun == [1] && pool.freeCount == 1)
        }
    }

    @Test func aSpawnCallbackMayKillWhoComesAndWhoIsThere() async {
        await onHub {
            let hub = Hub.current
            let pool = Pool(size: 1)
            let member = pool.applyAsync { try sleep(.seconds(20)) }
            let killing = hub.addSpawnCallback { _ = try? $0.kill(wait: false) }
            let killed = pool.applyAsync { try sleep(.seconds(20)) }
            hub.removeSpawnCallback(killing)
            #expect(killed.isReady)
            // Has not begun, so that its place is free at once: when the next one already stands in line.
            let freeing = hub.addSpawnCallback { _ in _ = try? member.kill(wait: false) }
            let next = pool.applyAsync { 42 }
            hub.removeSpawnCallback(freeing)
            let value = try next.get(timeout: .seconds(5))
            #expect(value == 42 && pool.isEmpty && pool.freeCount == 1)
        }
    }
}
