// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Sections that kills and timeouts don't interrupt, and when those arrive instead.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ShieldTests {
    @Test func aKillArrivesAtTheFirstSwitchPointAfterTheSection() async {
        await onHub {
            var events: [String] = []
            let victim = spawn {
                let value = try shield {
                    #expect(AnyGreenlet.current.isShielded)
                    try sleep(.milliseconds(3))
                    try yieldNow()
                    events.append("shielded")
                    return "kept"
                }
                #expect(!AnyGreenlet.current.isShielded)
                events.append(value)
                try yieldNow()
                events.append("never")
            }
            try settle()
            #expect(victim.isShielded)
            #expect(try !victim.kill(wait: false))
            #expect(try !victim.kill(timeout: .milliseconds(1)))
            #expect(try victim.kill())
            #expect(events == ["shielded", "kept"] && victim.isSuccessful && victim.value == nil)
        }
    }

    @Test func whoEndsBeforeASwitchPointHasItsResult() async {
        await onHub {
            let victim = spawn {
                try shield {
                    try sleep(.milliseconds(2))
                    return 5
                }
            }
            try settle()
            #expect(try victim.kill(with: TestError()))
            #expect(victim.value == 5 && victim.error == nil)
        }
    }

    @Test func anErrorOfTheSectionGoesFirst() async {
        await onHub {
            let victim = spawn {
                let own = caught {
                    try shield {
                        try sleep(.milliseconds(2))
                        throw TestError(1)
                    }
                }
                return [own, caught { try yieldNow() }, caught { try yieldNow() }]
            }
            try settle()
            try victim.kill(with: TestError(2))
            let errors = try victim.get().map { $0 as? TestError }
            #expect(errors == [TestError(1), TestError(2), nil])
        }
    }

    @Test func severalKillsArriveInOrder() async {
        await onHub {
            let victim = spawn {
                try shield { try sleep(.milliseconds(2)) }
                return (0..<4).map { _ in caught { try sleep(.milliseconds(1)) } as? TestError }
            }
            try settle()
            for number in 1...3 { try victim.kill(with: TestError(number), wait: false) }
            let errors = try victim.get()
            #expect(errors == [TestError(1), TestError(2), TestError(3), nil])
        }
    }

    @Test func aKillThatCameBeforeTheSectionWaitsToo() async {
        await onHub {
            let (event, reports) = (Event(), Reports())
            var isDone = false
            let victim = spawn {
                try event.wait()
                try shield {
                    try sleep(.milliseconds(1))
                    isDone = true
                }
                try yieldNow()
            }
            try settle()
            event.set()  // runnable now: the kill comes after that
            try victim.kill(with: TestError(1))
            #expect(isDone && victim.error as? TestError == TestError(1) && reports.errors == [TestError(1)])
        }
    }

    @Test func anOuterTimeoutWaits() async {
        await onHub {
            let timeout = Timeout(.milliseconds(1))
            timeout.start()
            try shield {
                try sleep(.milliseconds(4))
                #expect(!timeout.isPending)
                try yieldNow()
            }
            #expect(caught { try yieldNow() } as? Timeout === timeout)
            try yieldNow()
        }
    }

    @Test func aScopeOfTimeThatEndsWithOrInsideTheSectionWasInTime() async {
        await onHub {
            let value = try withTimeout(.milliseconds(1), default: "late") {
                try shield {
                    try sleep(.milliseconds(4))
                    return "done"
                }
            }
            #expect(value == "done")
            let timeout = Timeout(.milliseconds(1))
            timeout.start()
            try shield {
                try sleep(.milliseconds(3))
                timeout.cancel()
            }
            try settle()
        }
    }

    @Test func aTimeoutThatIsStartedInsideWorks() async {
        await onHub {
            try shield {
                let late = try withTimeout(.milliseconds(2), default: true) {
                    try sleep(.seconds(10))
                    return false
                }
                #expect(late)
                let timeout = Timeout(.milliseconds(2))
                timeout.start()
                #expect(caught { try sleep(.seconds(10)) } as? Timeout === timeout)
            }
        }
    }

    @Test func aTimeoutBetweenTwoShieldsWaitsForTheInner() async {
        await onHub {
            let outermost = Timeout(.milliseconds(1))
            outermost.start()
            try shield {
                let between = Timeout(.milliseconds(1))
                between.start()
                try shield { try sleep(.milliseconds(4)) }
                #expect(AnyGreenlet.current.isShielded)
                #expect(caught { try yieldNow() } as? Timeout === between)
                try settle()
            }
            #expect(caught { try yieldNow() } as? Timeout === outermost)
        }
    }

    @Test func aTimeoutOfASectionThatIsOverDoesNotPassTheNextShield() async {
        await onHub {
            let timeout = Timeout(.milliseconds(1))
            try shield {
                try yieldNow()
                timeout.start()
            }
            let shielded = caught { try shield { try sleep(.milliseconds(4)) } }
            let after = caught { try yieldNow() }
            #expect(shielded == nil && after as? Timeout === timeout)
        }
    }

    @Test func anErrorThatEndsTheWaitItselfIsNoInterruption() async {
        await onHub {
            let (queue, reports) = (Queue<Int>(), Reports())
            var waiter: Waiter?
            let victim = spawn {
                try shield {
                    let closed = caught { _ = try queue.get() }
                    #expect(closed is QueueClosed)
                    let own = try Waiter()
                    waiter = own
                    #expect(caught { _ = try own.park(for: "a test") } as? TestError == TestError(1))
                }
                try yieldNow()
            }
            try settle()
            try victim.kill(with: TestError(9), wait: false)
            queue.close()
            try settle()
            #expect(waiter?.wake(throwing: TestError(1)) == true)
            try victim.join()
            #expect(reports.errors == [TestError(9)])
        }
    }

    @Test func aDeadlockInASectionIsStillFound() async {
        await onHub {
            #expect(throws: LoopExit.self) { try shield { _ = try Event().wait() } }
            try yieldNow()
        }
    }

    @Test func aWaitThatSpansTheBeginningOfASectionKeepsTheErrorThatEndedIt() async {
        await onHub {
            let victim = spawn {
                let current = AnyGreenlet.current
                let waiter = try Waiter()
                try RawGreenlet {
                    try current.kill(with: TestError(1), wait: false)
                    try current.kill(with: TestError(2), wait: false)
                }.switch()
                let first = try shield {
                    let first = caught { _ = try waiter.park(for: "a test") }
                    try settle()
                    return first
                }
                return [first, caught { try yieldNow() }].map { $0 as? TestError }
            }
            let errors = try victim.get()
            #expect(errors == [TestError(1), TestError(2)])
        }
    }

    @Test func aWaitThatSpansTheEndOfASectionIsInterrupted() async {
        await onHub {
            let victim = spawn {
                let current = AnyGreenlet.current
                let waiter = try shield {
                    let waiter = try Waiter()
                    try RawGreenlet { try current.kill(with: TestError(1), wait: false) }.switch()
                    return waiter
                }
                return caught { _ = try waiter.park(for: "a test") } as? TestError
            }
            let error = try victim.get()
            #expect(error == TestError(1))
        }
    }

    @Test func killingOneselfInASectionThrowsThere() async {
        await onHub {
            let victim = spawn {
                let error = caught { try shield { _ = try AnyGreenlet.current.kill(with: TestError(1)) } }
                try yieldNow()
                return error as? TestError
            }
            let error = try victim.get()
            #expect(error == TestError(1))
        }
    }

    @Test func whoKillsManyWaitsForTheirSections() async {
        await onHub {
            var done = 0
            func worker() throws {
                defer { done += 1 }
                do { try sleep(.seconds(10)) } catch {
                    try shield { try sleep(.milliseconds(2)) }
                    throw error
                }
            }
            let group = Group()
            for _ in 0..<3 { group.spawn { try worker() } }
            let others = (0..<3).map { _ in spawn { try worker() } }
            try settle()
            try group.kill()
            #expect(done == 3)
            try killAll(others)
            #expect(done == 6)
            let stubborn = spawn { try shield { try sleep(.milliseconds(20)) } }
            try settle()
            #expect(throws: Timeout.self) { try killAll([stubborn], timeout: .milliseconds(1)) }
            try stubborn.join()
        }
    }

    @Test func aRawGreenletHasShieldsToo() async {
        await onHub {
            var raw: AnyGreenlet?
            var errors: [(any Error)?] = []
            let outer = spawn {
                try RawGreenlet {
                    raw = AnyGreenlet.current
                    errors.append(caught { try shield { try sleep(.milliseconds(2)) } })
                    errors.append(caught { try sleep(.seconds(10)) })
                }.switch()
            }
            try settle()
            let victim = try #require(raw)
            #expect(try victim.kill(with: TestError(1)))
            #expect(errors.map { $0 as? TestError } == [nil, TestError(1)])
            try outer.join()
        }
    }

    @Test func theEndOfAThreadLetsASectionFinish() async {
        await onThread {
            let finished = Event.Flag()
            runOnThreadAndWait {
                spawn {
                    try shield {
                        try sleep(.milliseconds(5))
                        finished.set()
                    }
                }
                _ = try? sleep(.milliseconds(1))
            }
            #expect(finished.isSet)
        }
    }
}

extension Event {
    /// A flag that a thread leaves behind.
    fileprivate final class Flag: @unchecked Sendable {
        // Safe because the thread that sets it has ended before it is read.
        private(set) var isSet = false

        func set() { isSet = true }
    }
}
