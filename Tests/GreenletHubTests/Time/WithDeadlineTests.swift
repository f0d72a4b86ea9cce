// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A moment after which nothing in a scope waits any more.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct WithDeadlineTests {
    @Test func eachWaitAfterItThrowsUntilTheScopeEnds() async {
        await onHub {
            let duration = try elapsed {
                try withDeadline(.milliseconds(3)) {
                    let errors = (0..<5).map { _ in caught { try sleep(.seconds(10)) } as? Timeout }
                    #expect(errors[0] != nil && errors.allSatisfy { $0 === errors[0] })
                    #expect(caught { try yieldNow() } is Timeout)
                }
            }
            #expect(duration >= .milliseconds(3) && duration < .seconds(5))
            try sleep(.milliseconds(5))
        }
    }

    @Test func whatIsInTimeIsLeftAlone() async {
        await onHub {
            let value = try withDeadline(.milliseconds(20)) {
                try sleep(.milliseconds(1))
                return 6
            }
            #expect(value == 6)
            try sleep(.milliseconds(30))
        }
    }

    @Test func whatNeedNotWaitSucceedsAfterIt() async {
        await onHub {
            let queue = Queue<Int>()
            try queue.put(4)
            let item = try withDeadline(.zero) {
                #expect(caught { try sleep(.seconds(10)) } is Timeout)
                return try queue.get()
            }
            #expect(item == 4)
        }
    }

    @Test func theEarliestOfNestedOnesCounts() async {
        await onHub {
            try withDeadline(.seconds(10)) {
                #expect(throws: Timeout.self) { try withDeadline(.milliseconds(2)) { try sleep(.seconds(20)) } }
                try sleep(.milliseconds(4))  // the inner is over
            }
            try withDeadline(.milliseconds(2)) {
                _ = caught {
                    try withDeadline(.seconds(10)) {
                        for _ in 0..<3 { #expect(caught { try sleep(.seconds(20)) } is Timeout) }
                    }
                }
                let last = caught { try sleep(.seconds(20)) }
                #expect(last is Timeout)
            }
            try settle()
        }
    }

    @Test func aLoopThatTriesAgainLeavesTheOthersTheirTurns() async {
        await onHub {
            var done = false
            spawn {
                try sleep(.milliseconds(10))
                done = true
            }
            try withDeadline(.milliseconds(2)) {
                let end = ContinuousClock.now + .seconds(10)
                while !done && ContinuousClock.now < end { try? sleep(.milliseconds(1)) }
            }
            #expect(done)
        }
    }

    @Test func anErrorOfAnothersDeadlineKillsLikeAnyOther() async {
        await onHub {
            let queue = Queue<Int>()
            var went = false
            let worker = spawn {
                for _ in queue {}
                try sleep(.seconds(10))
                went = true
            }
            try settle()
            let error = caught { try withDeadline(.milliseconds(1)) { try sleep(.seconds(10)) } }
            #expect(error is Timeout)
            if let error { #expect(try worker.kill(with: error, timeout: .seconds(5))) }
            #expect(!went && worker.isReady && !worker.isSuccessful)
        }
    }

    @Test func aKillHasItsTurnAfterIt() async {
        await onHub {
            var timeouts = 0
            let stubborn = spawn {
                try withDeadline(.milliseconds(1)) {
                    while true {
                        do { try sleep(.seconds(10)) } catch is Timeout {
                            timeouts += 1
                            try shield { try sleep(.milliseconds(1)) }
                        }
                    }
                }
            }
            while timeouts < 2 { try sleep(.milliseconds(1)) }
            #expect(try stubborn.kill(timeout: .seconds(5)))
            #expect(timeouts > 1 && stubborn.isSuccessful)
        }
    }

    @Test func aShieldKeepsItOutAndWhatIsSetInsideCounts() async {
        await onHub {
            try withDeadline(.milliseconds(1)) {
                #expect(caught { try sleep(.seconds(10)) } is Timeout)
                try shield {
                    try sleep(.milliseconds(2))
                    #expect(throws: Timeout.self) { try withDeadline(.milliseconds(1)) { try sleep(.seconds(10)) } }
                    try sleep(.milliseconds(2))
                }
                #expect(caught { try sleep(.seconds(10)) } is Timeout)
            }
        }
    }

    @Test func aConditionStillHoldsItsLockAfterIt() async {
        await onHub {
            let condition = Condition()
            let holder = spawn {
                try yieldNow()
                try condition.withLock { try sleep(.milliseconds(5)) }
            }
            try withDeadline(.milliseconds(2)) {
                try condition.withLock {
                    for _ in 0..<3 { #expect(caught { try condition.wait() } is Timeout) }
                    try condition.notify()  // throws unless it is held
                }
            }
            try holder.get()
        }
    }

    @Test func aLoopOverAQueueEndsAndSoDoWaitsAfterIt() async {
        await onHub {
            let queue = Queue<Int>()
            try withDeadline(.milliseconds(2)) {
                for _ in 0..<3 { for _ in queue {} }
                #expect(caught { try sleep(.seconds(10)) } is Timeout)
            }
            try settle()
        }
    }

    @Test func childrenHaveItOnlyIfAsked() async {
        await onHub {
            var (with, without): (Greenlet<Bool>?, Greenlet<Bool>?)
            func outlasts() throws -> Bool { caught { try sleep(.milliseconds(8)) } == nil }
            try withDeadline(.seconds(10)) {
                try withDeadline(.milliseconds(3)) {
                    try withDeadline(.seconds(5)) {
                        with = spawn(inheritingDeadline(outlasts))
                        without = spawn(outlasts)
                    }
                }
            }
            #expect(try with?.get() == false)
            #expect(try without?.get() == true)
            let alone = inheritingDeadline(outlasts)
            let shielded = try withDeadline(.zero) { try shield { inheritingDeadline(outlasts) } }
            for body in [alone, shielded] { #expect(try spawn(body).get()) }
        }
    }

    @Test func aChildThatIsStartedTooLateGivesUpAtItsFirstWait() async {
        await onHub {
            let late = try withDeadline(.milliseconds(1)) { Greenlet(inheritingDeadline { try sleep(.seconds(10)) }) }
            try sleep(.milliseconds(3))
            late.start()
            #expect(throws: Timeout.self) { try late.get() }
        }
    }
}
