// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Loops that can't throw: what interrupts them is neither lost nor taken for their end.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

/// Counts the elements; the loop never ends by itself.
private typealias Loop = () throws -> Int

/// A loop over each kind of sequence that waits, with one element that is there already but for the last two.
private func loops(_ folder: String) throws -> [Loop] {
    let queue = Queue<Int>()
    let source = Queue<Int>()
    let channel = Channel<Int>()
    let watcher = try FileWatcher(folder)
    let (set, unset) = (Event(), Event())
    set.set()
    func count(_ elements: some Sequence) -> Int { elements.reduce(0) { number, _ in number + 1 } }
    return [
        {
            try queue.put(1)
            return count(queue)
        },
        {
            try source.put(1)
            let results = Group().lazyMap(source) { $0 }
            return count(results)
        },
        { count(iterateAsReady([set, unset])) },
        { count(watcher) },
        { count(channel) },
    ]
}

/// Goes through a queue that nobody fills, until the time is over.
private func takeHalf(_ timeout: Timeout) {
    timeout.start()
    defer { timeout.cancel() }
    for _ in Queue<Int>() {}
}

/// Tells when it goes.
private final class Witness {
    nonisolated(unsafe) static var count = 0  // Safe because one test alone uses it.

    init() { Self.count += 1 }
    deinit { Self.count -= 1 }
}

@Suite struct InterruptionTests {
    @Test func anErrorLikeThatOfAClosedQueueIsNoEndOfALoop() async {
        await onHub {
            let queue = Queue<Int>()
            let victim = spawn { for _ in queue {} }
            let asker = spawn { while try queue.next() != nil {} }
            try settle()
            try killAll([victim, asker], with: QueueClosed())
            #expect(victim.error is QueueClosed && asker.error is QueueClosed)
            let timed = spawn {
                Timeout(.milliseconds(1), throwing: QueueClosed()).start()
                for _ in queue {}
            }
            try timed.join()
            #expect(timed.error is QueueClosed)
        }
    }

    @Test func aTimeLimitAroundALoopIsNoSuccess() async {
        await onHub {
            try withFolder { folder in
                for loop in try loops(folder) {
                    let first = try withTimeout(.milliseconds(2), default: -1, loop)
                    #expect(first == -1)
                    let second = caught { _ = try withTimeout(.milliseconds(2), loop) }
                    #expect(second is Timeout)
                    let third = caught { _ = try withDeadline(.milliseconds(2), loop) }
                    #expect(third is Timeout)
                    try settle()  // nothing is left to be thrown
                }
                #expect(Hub.current.timerCount == 0)
            }
        }
    }

    @Test func aGreenletThatWasKilledInALoopHasNoValue() async {
        await onHub {
            try withFolder { folder in
                let reports = Reports()
                for loop in try loops(folder) {
                    let exited = spawn(loop)
                    let failed = spawn(loop)
                    try sleep(.milliseconds(1))
                    try exited.kill()
                    try failed.kill(with: TestError(7))
                    guard case .exited = exited.outcome else {
                        Issue.record("\(String(describing: exited.outcome))")
                        return
                    }
                    #expect(failed.error as? TestError == TestError(7) && failed.value == nil)
                }
                #expect(reports.errors.count == 5)
            }
        }
    }

    @Test func theValueThatItWouldHaveHadIsEnded() async {
        await onHub {
            let queue = Queue<Int>()
            let small = spawn {
                for _ in queue {}
                return Witness()
            }
            let large = spawn {
                for _ in queue {}
                return [0: (Witness(), 1, 2, 3)].first
            }
            try settle()
            try killAll([small, large])
            #expect(Witness.count == 0 && small.value == nil && large.value == nil)
        }
    }

    @Test func whatIsThrownInTheBodyComesFirst() async {
        await onHub {
            let queue = Queue<Int>()
            let error = caught {
                try withTimeout(.milliseconds(1)) {
                    for _ in queue {}
                    throw TestError(1)
                }
            }
            #expect(error as? TestError == TestError(1))
            try settle()
            let victim = spawn {
                for _ in queue {}
                throw TestError(2)
            }
            let reports = Reports()
            try settle()
            try victim.kill()
            #expect(victim.error as? TestError == TestError(2) && reports.errors == [TestError(2)])
        }
    }

    @Test func oneThatWasThrownAtASwitchPointIsOver() async {
        await onHub {
            let queue = Queue<Int>()
            let value = try withTimeout(.milliseconds(1)) {
                for _ in queue {}
                #expect(caught { try sleep(.seconds(10)) } is Timeout)
                return 1
            }
            #expect(value == 1)
            let deadline = try withDeadline(.milliseconds(1)) {
                for _ in queue {}
                #expect(caught { try sleep(.seconds(10)) } is Timeout)
                return 2
            }
            #expect(deadline == 2)
            let survivor = spawn {
                for _ in queue {}
                #expect(caught { try yieldNow() } is GreenletExit)
                return 3
            }
            try settle()
            try survivor.kill()
            #expect(survivor.value == 3)
        }
    }

    @Test func innerScopesLetTheErrorsOfOuterOnesThrough() async {
        await onHub {
            let queue = Queue<Int>()
            let outer = try withTimeout(.milliseconds(2), default: "outer") {
                let inner = try withTimeout(.seconds(10), default: "inner") {
                    for _ in queue {}
                    return "none"
                }
                return "after \(inner)"
            }
            #expect(outer == "outer")
            let killed = spawn {
                let inner = try withTimeout(.seconds(10), default: "inner") {
                    for _ in queue {}
                    return "none"
                }
                return "after \(inner)"
            }
            try settle()
            try killed.kill()
            #expect(killed.isReady && killed.value == nil && killed.isSuccessful)
            let deadlines = caught {
                try withDeadline(.milliseconds(2)) {
                    let inner = caught { try withDeadline(.seconds(10)) { for _ in queue {} } }
                    #expect(inner is Timeout)
                    #expect(caught { try sleep(.seconds(10)) } is Timeout)
                    for _ in queue {}
                }
            }
            #expect(deadlines is Timeout)
            try settle()
        }
    }

    @Test func aTimeoutThatThrowsAnErrorOfItsOwnIsItsSenderStill() async {
        await onHub {
            let queue = Queue<Int>()
            let timeout = Timeout(.milliseconds(1), throwing: TestError(1))
            timeout.start()
            for _ in queue {}
            #expect(throws: TestError(1)) { try yieldNow() }
            timeout.cancel()
            timeout.start()
            for _ in queue {}
            #expect(throws: TestError(1)) { try checkInterruption() }
            try checkInterruption()
            timeout.cancel()
            try settle()
        }
    }

    /// By hand there is no scope's end that could throw; but what was interrupted is no success there either.
    @Test func aTimeoutThatIsCancelledByHandDoesNotTakeBackWhatItHasEnded() async {
        await onHub {
            let timeout = Timeout(.milliseconds(1))
            takeHalf(timeout)
            #expect(caught { try sleep(.milliseconds(1)) } as? Timeout === timeout)
            takeHalf(timeout)
            #expect(caught { try checkInterruption() } as? Timeout === timeout)
            try settle()
            let worker = spawn {
                takeHalf(Timeout(.milliseconds(1)))
                return "all of it"
            }
            #expect(caught { _ = try worker.get() } is Timeout)
        }
    }

    @Test func startedAgainItIsThrownForEachOfItsTimes() async {
        await onHub {
            let timeout = Timeout(.milliseconds(1))
            takeHalf(timeout)
            timeout.start()
            #expect(caught { try yieldNow() } as? Timeout === timeout)
            #expect(timeout.isPending)
            #expect(caught { try sleep(.seconds(30)) } as? Timeout === timeout)
            try settle()
        }
    }

    @Test func ofAScopeThatFailsNothingIsLeft() async {
        await onHub {
            let queue = Queue<Int>()
            for _ in 1...2 {
                let timed = caught {
                    try withTimeout(.milliseconds(1)) {
                        for _ in queue {}
                        throw TestError(1)
                    }
                }
                let limited = caught {
                    try withDeadline(.milliseconds(1)) {
                        for _ in queue {}
                        throw TestError(2)
                    }
                }
                #expect(timed as? TestError == TestError(1) && limited as? TestError == TestError(2))
                try settle()
            }
            #expect(Hub.current.timerCount == 0)
        }
    }

    @Test func aLoopThatCameToItsEndWasNotInterrupted() async {
        await onHub {
            let queue = Queue<Int>()
            spawn {
                try queue.put(1)
                try yieldNow()
                queue.close()
            }
            let sum = try withTimeout(.seconds(10)) { queue.reduce(0, +) }
            #expect(sum == 1)
            try checkInterruption()
            try settle()
            let late = try withTimeout(.milliseconds(1)) {
                // It is over while nobody waits: nothing was interrupted.
                let end = ContinuousClock.now + .milliseconds(2)
                while ContinuousClock.now < end {}
                return 1
            }
            #expect(late == 1)
        }
    }

    @Test func loopsThatEndAtOnceLetTheOthersRun() async {
        await onHub {
            let queue = Queue<Int>()
            var isOver = false
            let stubborn = spawn {
                var rounds = 0
                while !isOver, rounds < 100_000 {
                    for _ in queue {}
                    rounds += 1
                }
                return rounds
            }
            try settle()
            try stubborn.kill(wait: false)
            try settle()
            #expect(!stubborn.isReady)
            isOver = true
            try stubborn.join()
            #expect(stubborn.value == nil && stubborn.isSuccessful)
        }
    }

    @Test func aShieldThatOpensBehindTheLoopKeepsItOut() async {
        await onHub {
            let queue = Queue<Int>()
            var events: [String] = []
            let victim = spawn {
                for _ in queue {}
                try shield {
                    try checkInterruption()
                    try withTimeout(.seconds(10)) { try yieldNow() }
                    events.append("said good bye")
                }
                try checkInterruption()
                events.append("never")
            }
            try settle()
            try victim.kill()
            #expect(events == ["said good bye"] && victim.isSuccessful)
        }
    }

    @Test func aLoopThatNothingCanEndSaysSoBehindIt() async {
        await onHub {
            for _ in Queue<Int>() {}
            #expect(throws: LoopExit.self) { try checkInterruption() }
            try settle()
        }
    }

    @Test func whatNothingHasThrownIsReportedAtTheEnd() async {
        await onHub {
            let reports = Reports()
            let queue = Queue<Int>()
            let victim = spawn {
                for _ in queue {}
                throw TestError(2)
            }
            try settle()
            try victim.kill(with: TestError(1))
            #expect(reports.errors == [TestError(2), TestError(1)])
            #expect(reports.list.allSatisfy { $0.greenlet === victim })
        }
    }

    @Test func soItIsWhereARawGreenletEnds() async {
        await onHub {
            let reports = Reports()
            let queue = Queue<Int>()
            for error in [TestError(1), GreenletExit()] as [any Error] {
                var raw: AnyGreenlet?
                let outer = spawn {
                    try RawGreenlet {
                        raw = AnyGreenlet.current
                        for _ in queue {}
                    }.switch()
                    return "alive"
                }
                try settle()
                let victim = try #require(raw)
                let hasEnded = try victim.kill(with: error)
                let value = try outer.get()
                #expect(hasEnded && value == "alive")
                #expect(reports.errors == [TestError(1)])
                #expect(reports.list.first?.greenlet.name.hasPrefix("RawGreenlet") == true)
            }
        }
    }

    @Test func soItIsWhereAThreadEnds() throws {
        let reports = Mutex<[String]>([])
        try onThreadThatEnds {
            Hub.current.errorHandler = { greenlet, error in
                reports.withLock { $0.append("\(greenlet.name): \(error)") }
            }
            for _ in Queue<Int>() {}
            for _ in Queue<String>() {}  // ended by the same
        }
        let texts = reports.withLock { $0 }
        #expect(texts.count == 1)
        #expect(texts.first?.hasPrefix("MainGreenlet-1: this operation would block forever") == true)
    }

    @Test func aHubIsNotDestroyedBeforeItIsThrown() throws {
        try onThreadThatEnds {
            let worker = spawn { try sleep(.seconds(10)) }
            Timeout(.milliseconds(1)).start()
            for _ in Queue<Int>() {}
            #expect(throws: Timeout.self) { try Hub.current.destroy() }
            #expect(!worker.isReady)
            try Hub.current.destroy()
            #expect(worker.isReady)
        }
    }

    @Test func aMapOverWhatIsInterruptedIsNone() async {
        await onHub {
            let queue = Queue<Int>()
            try queue.put(1)
            let mapping = spawn { try Group().map(queue) { $0 } }
            try settle()
            try mapping.kill()
            #expect(mapping.value == nil && mapping.isSuccessful)
        }
    }
}
