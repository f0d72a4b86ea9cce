// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting with a lock, and what notifications do.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ConditionTests {
    @Test func waitAndNotifyNeedTheLockAndTheErrorNamesBothGreenlets() async {
        await onHub {
            let condition = Condition()
            #expect(throws: GreenletError(.invalidArgument, "")) { try condition.wait() }
            #expect(throws: GreenletError(.invalidArgument, "")) { try condition.wait { true } }
            #expect(throws: GreenletError(.invalidArgument, "")) { try condition.notifyAll() }
            let owner = spawn { try condition.withLock { try sleep(.milliseconds(2)) } }
            try settle()
            let message = try #require(caught { try condition.notify() } as? GreenletError).message
            #expect(message.contains("\(AnyGreenlet.current)") && message.contains("\(owner) holds the lock"))
            try owner.get()
        }
    }

    @Test func notifyWakesAsManyAsItSaysInOrder() async {
        await onHub {
            let condition = Condition()
            var woken: [Int] = []
            let greenlets = (1...6).map { number in
                spawn {
                    try condition.withLock {
                        try condition.wait()
                        woken.append(number)
                    }
                }
            }
            try settle()
            try condition.withLock { try condition.notify() }
            try settle()
            #expect(woken == [1])
            try condition.withLock { try condition.notify(2) }
            try settle()
            #expect(woken == [1, 2, 3])
            try condition.withLock { try condition.notifyAll() }
            try joinAll(greenlets)
            #expect(woken == [1, 2, 3, 4, 5, 6])
            try condition.withLock { try condition.notify(5) }  // nobody is there, and nobody later is owed it
            let early = try condition.withLock { try condition.wait(timeout: .milliseconds(2)) }
            #expect(!early)
        }
    }

    @Test func theLockIsGivenUpMeanwhileAndTakenAgainAsDeep() async {
        await onHub {
            let condition = Condition()
            let waiting = spawn {
                try condition.withLock {
                    try condition.withLock {
                        let notified = try condition.wait()
                        #expect(notified && condition.lock.depth == 2 && condition.lock.isHeld)
                    }
                }
            }
            try settle()
            #expect(!condition.lock.isLocked)
            try condition.withLock {
                try condition.notify()
                try settle()
                #expect(!waiting.isReady)
            }
            try waiting.get()
            #expect(!condition.lock.isLocked)
        }
    }

    @Test func aWaitThatTimesOutHoldsTheLockAgain() async {
        await onHub {
            let condition = Condition()
            try condition.withLock {
                let notified = try condition.wait(timeout: .milliseconds(2))
                #expect(!notified && condition.lock.isHeld)
            }
        }
    }

    @Test func whatIsWaitedForIsLookedAtWithTheLock() async {
        await onHub {
            let condition = Condition()
            var state = 0
            let waiting = spawn {
                try condition.withLock {
                    try condition.wait {
                        #expect(condition.lock.isHeld)
                        return state == 3
                    }
                }
            }
            for number in 1...3 {
                try settle()
                #expect(!waiting.isReady)
                try condition.withLock {
                    state = number
                    try condition.notify()
                }
            }
            let isTrue = try waiting.get()
            #expect(isTrue)
            let late = try condition.withLock { try condition.wait(timeout: .milliseconds(2)) { state == 4 } }
            #expect(!late)
        }
    }

    @Test func whoIsKilledWhileItWaitsHoldsTheLockAgainWhenItsErrorArrives() async {
        await onHub {
            let condition = Condition()
            var heldInside: [Bool] = []
            let victim = spawn {
                try condition.withLock {
                    defer { heldInside.append(condition.lock.isHeld) }
                    try condition.wait()
                }
            }
            try settle()
            try condition.withLock {
                try victim.kill(with: TestError(1), wait: false)
                try victim.kill(with: TestError(2), wait: false)
                try settle()
                try victim.kill(with: TestError(3), wait: false)
                try settle()
                #expect(!victim.isReady)
            }
            try victim.join()
            #expect(heldInside == [true] && victim.error as? TestError == TestError(1))
            _ = caught { try victim.get() }
            #expect(!condition.lock.isLocked)
        }
    }

    @Test func aNotificationForOneThatIsKilledMeanwhileIsNotLost() async {
        await onHub {
            let condition = Condition()
            var events: [String] = []
            let victim = spawn {
                let notified = try condition.withLock { try condition.wait() }
                events.append("notified \(notified)")
                try yieldNow()
                events.append("never")
            }
            try settle()
            try condition.withLock {
                try condition.notify()
                try settle()  // it waits for the lock now
                try victim.kill(wait: false)
            }
            try victim.join()
            #expect(events == ["notified true"] && !condition.lock.isLocked)
        }
    }

    @Test func aGreenletThatGaveUpIsNotNotified() async {
        await onHub {
            let condition = Condition()
            let victim = spawn { try condition.withLock { try condition.wait() } }
            let other = spawn { try condition.withLock { try condition.wait() } }
            try settle()
            try condition.withLock {
                try victim.kill(wait: false)
                try condition.notify()
            }
            let notified = try other.get()
            #expect(notified && victim.isReady)
        }
    }

    @Test func whoCanNeverHaveTheLockAgainIsToldSo() async {
        await onHub {
            let condition = Condition()
            let forgetful = spawn { try condition.lock.acquire() }
            let error = caught { _ = try condition.withLock { try condition.wait(timeout: .milliseconds(2)) } }
            #expect(error is LoopExit && condition.lock.owner === forgetful)
        }
    }

    @Test func severalConditionsShareALock() async {
        await onHub {
            let lock = ReentrantLock()
            let (notEmpty, notFull) = (Condition(lock: lock), Condition(lock: lock))
            var items: [Int] = []
            let consumer = spawn {
                var sum = 0
                for _ in 1...20 {
                    try lock.withLock {
                        _ = try notEmpty.wait { !items.isEmpty }
                        sum += items.removeFirst()
                        try notFull.notify()
                    }
                }
                return sum
            }
            for number in 1...20 {
                try lock.withLock {
                    _ = try notFull.wait { items.count < 2 }
                    items.append(number)
                    try notEmpty.notify()
                }
            }
            let sum = try consumer.get()
            #expect(sum == 210)
        }
    }

    @Test func noItemAndNoNotificationIsLostInAStorm() async {
        await onHub {
            var random = SeededRandom(for: "ConditionTests")
            let changed = Condition()
            var (stock, made, taken) = (0, 0, 0)
            var consumers: [Greenlet<Void>] = []
            func consume(_ limit: Duration?) throws {
                try changed.withLock {
                    if Bool.random(using: &random) { try yieldNow() }
                    guard try changed.wait(timeout: limit, until: { stock > 0 }) else { return }
                    stock -= 1
                    taken += 1
                    if Bool.random(using: &random) { try yieldNow() }
                }
            }
            for _ in 0..<3_000 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    let limit: Duration? = Bool.random(using: &random) ? nil : .microseconds(50)
                    consumers.append(spawn { _ = try? consume(limit) })
                case 4..<7:
                    try changed.withLock {
                        stock += 1
                        made += 1
                        try changed.notify()
                        if Bool.random(using: &random) { try yieldNow() }
                    }
                case 7: try consumers.randomElement(using: &random)?.kill(wait: false)
                default: try yieldNow()
                }
                if consumers.count > 50 { consumers.removeAll(where: \.isReady) }
            }
            // One each for those that are left, one notification at a time: a lost one would leave somebody waiting.
            let left = consumers.count
            for _ in 0..<left {
                try changed.withLock {
                    stock += 1
                    made += 1
                    try changed.notify()
                }
            }
            let ended = try joinAll(consumers, timeout: .seconds(10))
            #expect(ended.count == left && made == stock + taken && taken > 100)
            #expect("\(changed)".hasSuffix("lock free, 0 waiting>"))
        }
    }
}
