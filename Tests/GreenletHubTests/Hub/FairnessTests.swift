// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Nobody who is ready is kept waiting by those who never stop.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct FairnessTests {
    /// Greenlets that yield for ever, while `body` runs.
    private static func amidYielders(_ count: Int, _ body: () throws -> Void) throws {
        var isOver = false
        let yielders = (0..<count).map { _ in spawn { while !isOver { try yieldNow() } } }
        defer { isOver = true }
        try body()
        isOver = true
        try joinAll(yielders)
    }

    @Test(arguments: [1, 2, 100])
    func yieldersDoNotStarveTimers(count: Int) async {
        await onHub {
            try FairnessTests.amidYielders(count) {
                let duration = try elapsed { try sleep(.milliseconds(5)) }
                #expect(duration < .seconds(1))
                #expect(throws: Timeout.self) { try withTimeout(.milliseconds(2)) { while true { try yieldNow() } } }
            }
        }
    }

    @Test(arguments: [1, 2, 100])
    func yieldersDoNotStarveDescriptors(count: Int) async {
        await onHub {
            var ends: [CInt] = [0, 0]
            try #require(pipe(&ends) == 0)
            let poller = try Hub.current.poller(for: ends[0])
            try FairnessTests.amidYielders(count) {
                let reader = spawn { try poller.wait(.read, for: WaitReason("a test")) }
                try settle()
                write(ends[1], "x", 1)
                let isReady = try withTimeout(.seconds(5)) { try reader.get() }
                #expect(isReady)
            }
            Hub.current.forget(ends[0])
            for end in ends { close(end) }
        }
    }

    @Test func yieldersDoNotStarveCallbacks() async {
        await onHub {
            try FairnessTests.amidYielders(2) {
                let event = Event()
                Hub.current.runSoon { event.set() }
                let isSet = try event.wait(timeout: .seconds(5))
                #expect(isSet)
            }
        }
    }

    @Test func twoThatHandOverToEachOtherDoNotStarveTheRest() async {
        await onHub {
            let (there, back) = (Queue<Int>(), Queue<Int>())
            let players = [
                spawn { while let ball = try there.next() { try back.put(ball) } },
                spawn { while let ball = try back.next() { try there.put(ball) } },
            ]
            try there.put(0)
            let duration = try elapsed { try sleep(.milliseconds(5)) }
            #expect(duration < .seconds(1))
            try killAll(players)
        }
    }

    @Test func theTurnBudgetSaysHowLongTimersWaitForThoseWhoYield() async {
        await onHub {
            #expect(Hub.current.turnBudget == .milliseconds(1))
            Hub.current.turnBudget = .milliseconds(200)
            #expect(Hub.current.turnBudget == .milliseconds(200))
            try FairnessTests.amidYielders(2) {
                let patient = try elapsed { try sleep(.milliseconds(1)) }
                #expect(patient >= .milliseconds(150))  // the present turn may have begun before
                Hub.current.turnBudget = .microseconds(10)
                let prompt = try elapsed { for _ in 0..<3 { try sleep(.milliseconds(1)) } }
                #expect(prompt < .milliseconds(150) + patient)
            }
        }
    }

    @Test func aTurnBudgetOfNothingTraps() async {
        await #expect(processExitsWith: .failure) { Hub.current.turnBudget = .zero }
    }

    @Test func whoseCallsAlwaysSucceedYields() async {
        await onHub {
            var (calls, isOver) = (0, false)
            let hub = Hub.current
            let busy = spawn {
                while !isOver {
                    // As sockets do it.
                    calls += 1
                    if hub.immediateSuccesses.pointee >= Hub.immediateLimit { try hub.yieldAfterImmediateSuccesses() }
                    hub.immediateSuccesses.pointee += 1
                }
            }
            let duration = try elapsed { try sleep(.milliseconds(3)) }
            isOver = true
            try busy.join()
            #expect(calls >= Hub.immediateLimit && duration < .seconds(5))
        }
    }

    @Test func whoIsRunnableTakesTurns() async {
        await onHub {
            var turns: [Int] = []
            let greenlets = (0..<3).map { number in
                spawn {
                    for _ in 0..<100 {
                        turns.append(number)
                        try yieldNow()
                    }
                }
            }
            try joinAll(greenlets)
            #expect(turns == (0..<300).map { $0 % 3 })
        }
    }

    @Test func callbacksThatCallThemselvesAgainDoNotStarveGreenlets() async {
        await onHub {
            var isOver = false
            func again() { if !isOver { Hub.current.runSoon(again) } }
            again()
            let duration = try elapsed { try sleep(.milliseconds(3)) }
            isOver = true
            #expect(duration < .seconds(1))
            try sleep(.milliseconds(1))
        }
    }
}
