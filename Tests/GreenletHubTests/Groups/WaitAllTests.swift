// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for several things of any kind.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct WaitAllTests {
    @Test func theyAreReturnedInTheOrderTheyBecameReady() async {
        await onHub {
            let (event, result, permits, queue) = (Event(), AsyncResult<Int>(), Semaphore(0), Queue<Int>())
            let (group, slow) = (Group(), spawn { try sleep(.milliseconds(2)) })
            group.spawn { try sleep(.milliseconds(4)) }
            let bounded = BoundedSemaphore(1)
            try bounded.acquire()
            let channel = Channel<Int>()
            spawn {
                try queue.put(1)
                permits.release()
                event.set()
                result.set(5)
                try bounded.release()
                try channel.put(1)
            }
            let all: [any Waitable] = [event, group, bounded, slow, permits, channel, queue, result]
            let ready = try waitAll(all)
            let expected: [any Waitable] = [queue, permits, event, result, bounded, channel, slow, group]
            let names = ready.map { ObjectIdentifier($0) }
            #expect(names == expected.map { ObjectIdentifier($0) })
            // Nothing was taken.
            let item = try queue.tryGet()
            let sent = try channel.get()
            #expect(item == 1 && sent == 1 && permits.tryAcquire() && bounded.tryAcquire())
        }
    }

    @Test func whatIsReadyAlreadyNeedsNoWaitingAndComesFirst() async {
        await onHub {
            let (set, clear) = (Event(), Event())
            set.set()
            var othersRan = false
            spawn {
                othersRan = true
                clear.set()
            }
            let first = try waitAll([clear, set], count: 1)
            #expect(first.first === set && first.count == 1 && !othersRan)
            let closed = Queue<Int>()
            closed.close()
            let done = spawn {}
            try done.join()
            let three: [any Waitable] = [Semaphore(1), closed, done]
            let ready = try waitAll(three)
            #expect(ready.count == 3)
            let both = try waitAll([clear, set])
            #expect(both.map { $0 === set } == [false, true] && othersRan)
        }
    }

    @Test func twiceCountsOnceAndNoneIsReadyAtOnce() async {
        await onHub {
            let greenlet = spawn { try sleep(.milliseconds(1)) }
            let ready = try waitAll([greenlet, greenlet])
            let none = try waitAll([Event]())
            let zero = try waitAll([greenlet], count: 0)
            #expect(ready == [greenlet] && none.isEmpty && zero.isEmpty)
        }
    }

    @Test func runningOutOfTimeIsNoErrorAndLeavesNothingBehind() async {
        await onHub {
            let (never, soon) = (Event(), Event())
            spawn { soon.set() }
            let ready = try waitAll([never, soon], timeout: .milliseconds(3))
            #expect(ready.count == 1 && ready.first === soon)
            #expect("\(never)".hasSuffix(" clear, 0 waiting>"))
        }
    }

    @Test func enoughAreNotMoreThanAskedFor() async {
        await onHub {
            let events = (0..<4).map { _ in Event() }
            spawn { for event in events.reversed() { event.set() } }
            let ready = try waitAll(events, count: 2)
            #expect(ready.count == 2 && ready.first === events[3] && ready.last === events[2])
        }
    }

    @Test func aKilledWaiterLeavesAllLists() async {
        await onHub {
            let (event, permits, queue) = (Event(), Semaphore(0), Channel<Int>())
            let objects: [any Waitable] = [event, permits, queue]
            let victim = spawn { try waitAll(objects) }
            try settle()
            #expect("\(event)".hasSuffix(" 1 waiting>"))
            try victim.kill()
            #expect("\(event)".hasSuffix(" 0 waiting>"))
            permits.release()
            #expect(permits.value == 1)
        }
    }

    @Test func aFailingGreenletIsReadyAndReported() async {
        await onHub {
            let reports = Reports()
            let ready = try waitAll([spawn { throw TestError(1) }])
            #expect(ready.count == 1 && reports.errors == [TestError(1)])
        }
    }

    @Test func aRawGreenletThatWaitedIsReadyWhenItEnds() async {
        await onHub {
            var visitor: AnyGreenlet?
            spawn {
                let raw = RawGreenlet {
                    visitor = AnyGreenlet.current
                    try? sleep(.milliseconds(1))
                }
                try raw.switch()
            }
            try settle()
            let ready = try waitAll([try #require(visitor)], timeout: .milliseconds(200))
            #expect(ready.count == 1)
        }
    }

    @Test func aDeadlockNamesWhatIsWaitedFor() async {
        await onHub {
            let events = (0..<5).map { _ in Event() }
            let error = caught { try waitAll(events) }
            let message = (error as? LoopExit)?.blocked.first ?? ""
            #expect(message.contains("waitAll on <Event") && message.hasSuffix(", 2 more"))
        }
    }

    @Test func aTypeOfOnesOwnHandsItsReadinessOn() async {
        await onHub {
            let download = Download()
            spawn { download.finish() }
            let ready = try waitAll([download])
            #expect(ready.count == 1 && download.readiness.isReady)
        }
    }
}

private final class Download: Waitable {
    private let isComplete = Event()
    var readiness: Readiness { isComplete.readiness }
    func finish() { isComplete.set() }
}

@Suite struct IterateAsReadyTests {
    @Test func theLoopGoesThroughThemAsTheyBecomeReady() async {
        await onHub {
            let greenlets = [6, 1, 3].map { time in spawn { try sleep(.milliseconds(time)) } }
            var order: [AnyGreenlet] = []
            for greenlet in iterateAsReady(greenlets) { order.append(greenlet) }
            #expect(order == [greenlets[1], greenlets[2], greenlets[0]])
        }
    }

    @Test func whatBecomesReadyWhileTheBodyWaitsIsNotMissed() async {
        await onHub {
            let (first, second) = (Event(), Event())
            first.set()
            var seen: [Bool] = []
            for event in iterateAsReady([second, first]) {
                seen.append(event === first)
                second.set()
                second.clear()
                try yieldNow()
            }
            #expect(seen == [true, false])
        }
    }

    @Test func aLoopThatIsLeftLeavesNothingBehind() async {
        await onHub {
            let (first, second) = (Semaphore(0), Semaphore(0))
            spawn { first.release() }
            for permits in iterateAsReady([first, second]) {
                #expect(permits === first)
                break
            }
            let sequence = iterateAsReady([second])
            let waiter = spawn { try sequence.next() }
            try settle()
            try waiter.kill()
            let none = try sequence.next()
            #expect(none == nil)
            second.release()
            #expect(second.value == 1)
        }
    }

    @Test func aSequenceThatIsDroppedHalfwayLeavesAllLists() async {
        await onHub {
            let (set, clear) = (Event(), Event())
            set.set()
            do {
                let sequence = iterateAsReady([set, clear])
                let first = try sequence.next()
                #expect(first === set && "\(clear)".hasSuffix(" 1 waiting>"))
            }
            #expect("\(clear)".hasSuffix(" 0 waiting>"))
        }
    }

    @Test func theTimeIsForTheWholeLoopAndStartsWithIt() async {
        await onHub {
            let (set, never) = (Event(), Event())
            let sequence = iterateAsReady([never, set], timeout: .milliseconds(5))
            set.set()
            try sleep(.milliseconds(10))
            var seen = 0
            let time = try elapsed {
                for _ in sequence {
                    seen += 1
                    try sleep(.milliseconds(3))
                }
            }
            let more = try sequence.next()
            #expect(seen == 1 && more == nil && time >= .milliseconds(5) && time < .seconds(5))
        }
    }

    @Test func anOuterTimeoutEndsTheLoopAndIsThrownAfterIt() async {
        await onHub {
            let timeout = Timeout(.milliseconds(2))
            timeout.start()
            var isAfter = false
            let error = caught {
                for _ in iterateAsReady([Event()], timeout: .seconds(30)) {}
                isAfter = true
                try sleep(.seconds(30))
            }
            #expect(isAfter && error as? Timeout === timeout)
            // At the end of its scope at the latest, and then no more.
            #expect(throws: Timeout.self) {
                try withTimeout(.milliseconds(1)) { for _ in iterateAsReady([Event()]) {} }
            }
            try sleep(.milliseconds(1))
        }
    }

    @Test func aKillEndsTheLoopAndIsNotLost() async {
        await onHub {
            var isAfter = false
            let victim = spawn {
                for _ in iterateAsReady([Event()]) {}
                isAfter = true
                try yieldNow()
            }
            try settle()
            try victim.kill(with: TestError(3))
            #expect(isAfter && victim.error as? TestError == TestError(3))
            _ = caught { try victim.get() }
        }
    }

    @Test func countEndsTheLoop() async {
        await onHub {
            let events = (0..<3).map { _ in Event() }
            for event in events { event.set() }
            var seen = 0
            for _ in iterateAsReady(events + events, count: 2) { seen += 1 }
            for _ in iterateAsReady(events + events) { seen += 1 }
            #expect(seen == 5)
        }
    }

    @Test func thoseThatHaveEndedFailedOrEndWhileTheBodySleepsComeOnceEach() async {
        await onHub {
            let reports = Reports()
            let done = spawn { -1 }
            try done.join()
            let workers = (0..<3).map { number in
                spawn {
                    if number == 2 { throw TestError(2) }
                    return number
                }
            }
            var seen: [AnyGreenlet] = []
            for greenlet in iterateAsReady(workers + [done]) {
                seen.append(greenlet)
                try sleep(.milliseconds(1))
            }
            #expect(seen == [done] + workers && reports.errors == [TestError(2)])
        }
    }
}
