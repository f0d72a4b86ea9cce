// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Work that other threads give to a hub: in order, none lost, and nobody kept awake or alive by it.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Calls when it ends.
private final class Last: Sendable {
    private let end: @Sendable () -> Void

    init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
}

@Suite(.serialized) struct HubHandleTests {
    @Test func whatIsSubmittedRunsInAGreenletOfThatHubAndMayWait() async {
        await onHub {
            let worker = try Worker()
            let log = SharedLog<String>()
            let isDone = ThreadSafeEvent()
            try worker.handle.submit(name: "guest") {
                log.append(AnyGreenlet.current.name)
                try sleep(.milliseconds(1))
                log.append(worker.handle.isCurrent ? "there" : "elsewhere")
                isDone.set()
            }
            #expect(!worker.handle.isCurrent && Hub.current.handle.isCurrent)
            try isDone.wait(timeout: .seconds(20))
            #expect(log.entries == ["guest", "there"])
            worker.stop()
        }
    }

    @Test func aCallbackRunsInTheLoopAndMayNotWait() async {
        await onHub {
            let worker = try Worker()
            let (log, isDone) = (SharedLog<GreenletError.Code?>(), ThreadSafeEvent())
            try worker.handle.runCallback {
                log.append((caught { try sleep(.zero) } as? GreenletError)?.code)
                spawn { isDone.set() }
            }
            let isInTime = try isDone.wait(timeout: .seconds(20))
            #expect(isInTime && log.entries == [.blockingInHub])
            worker.stop()
        }
    }

    /// From its own thread, from one with a hub and from plain ones, all at once.
    @Test func eachThreadsWorkKeepsItsOrderAndNothingIsLost() async {
        await onHub {
            let each = isSanitized ? 500 : 5_000
            let (log, handle) = (SharedLog<(Int, Int)>(), Hub.current.handle)
            let ran = Tally()
            let allRan = ThreadSafeEvent()
            @Sendable func note(_ thread: Int, _ number: Int) {
                log.append((thread, number))
                if ran.add() == 4 * each { allRan.set() }
            }
            @Sendable func submitAll(_ thread: Int) {
                for number in 0..<each {
                    if number % 3 == 0 { usleep(number % 7 == 0 ? 30 : 0) }
                    if thread % 2 == 0 {
                        try? handle.submit { note(thread, number) }
                    } else {
                        try? handle.runCallback { note(thread, number) }
                    }
                }
            }
            let threads = (1..<4).map { thread in startJoinableThread { submitAll(thread) } }
            submitAll(0)
            let isAll = try allRan.wait(timeout: .seconds(50))
            for thread in threads { pthread_join(thread, nil) }
            let entries = log.entries
            #expect(isAll && entries.count == 4 * each)
            for thread in 0..<4 {
                #expect(entries.filter { $0.0 == thread }.map(\.1) == Array(0..<each), "thread \(thread)")
            }
        }
    }

    @Test func anErrorGoesToTheHandlerOfThatHubWithThePlaceOfTheSubmission() async {
        await onHub {
            let (log, isTold) = (SharedLog<String>(), ThreadSafeEvent())
            let worker = try Worker()
            let line = #line + 7
            try worker.handle.call {
                Hub.current.errorHandler = { greenlet, error in
                    log.append("\(greenlet) \(error)")
                    isTold.set()
                }
            }
            try worker.handle.submit(name: "guest") { throw TestError(3) }
            try isTold.wait(timeout: .seconds(20))
            #expect(log.entries == ["guest (GreenletHubTests/HubHandleTests.swift:\(line)) TestError(number: 3)"])
            worker.stop()
        }
    }

    @Test func aHubThatHasEndedSaysSo() async {
        await onHub {
            let worker = try Worker()
            worker.stop()
            let ended = Tally()
            func submit() throws {
                let last = Last { ended.add() }
                try worker.handle.submit { _ = last }
            }
            let errors = [
                caught(submit), caught { try worker.handle.runCallback {} }, caught { try worker.handle.call {} },
            ]
            #expect(errors.allSatisfy { ($0 as? GreenletError)?.code == .hubDestroyed }, "\(errors)")
            #expect(ended.count == 1, "what it has captured goes")
            let message = "\(errors[0]!)"
            #expect(message.hasPrefix("can't submit work on the hub of thread ") && message.contains("has ended"))
        }
    }

    /// Before the hub ends, while it does, and after.
    @Test func whatWasAcceptedIsBegunWheneverTheHubEnds() async {
        await onHub {
            for round in 0..<(isSanitized ? 20 : 60) {
                let begun = Tally()
                let (thread, handle) = try startedHub { try sleep(.microseconds(Int64(round % 5) * 40)) }
                var accepted = 0
                while true {
                    do {
                        try handle.submit {
                            begun.add()
                            try sleep(.seconds(100))  // which GreenletExit ends
                        }
                        accepted += 1
                    } catch {
                        break
                    }
                    if accepted % 8 == 0 { usleep(30) }
                }
                pthread_join(thread, nil)
                #expect(begun.count == accepted, "round \(round): \(begun.count) of \(accepted)")
            }
        }
    }

    /// In its last moments, too, the loop runs it, and nobody who may wait.
    @Test func aCallbackMayNotWaitWhileTheHubEnds() async {
        await onHub {
            let (handle, news) = (Hub.current.handle, ThreadSafeEvent())
            let log = SharedLog<GreenletError.Code?>()
            @Sendable func wait() {
                log.append((caught { try news.wait(timeout: .seconds(1)) } as? GreenletError)?.code)
                log.append((caught { try yieldNow() } as? GreenletError)?.code)
            }
            let last = spawn {
                defer { runOnThreadAndWait { try? handle.runCallback(wait) } }
                try sleep(.seconds(100))
            }
            try yieldNow()
            try handle.runCallback(wait)
            let error = caught { try Hub.current.destroy() }
            #expect(error == nil && last.isReady)
            #expect(log.entries == [.blockingInHub, .blockingInHub], "and the last came too late")
        }
    }

    @Test func aHubThatWasDestroyedTakesNothingMoreAndItsSuccessorHasAHandleOfItsOwn() async {
        await onHub {
            let former = Hub.current.handle
            let log = SharedLog<Int>()
            try former.submit { log.append(1) }
            try Hub.current.destroy()
            #expect(log.entries == [1])
            let error = caught { try former.submit { log.append(2) } }
            #expect((error as? GreenletError)?.code == .hubDestroyed)
            let present = Hub.current.handle
            #expect(present != former && present.isCurrent && !former.isCurrent)
            try present.submit { log.append(3) }
            try sleep(.milliseconds(1))
            #expect(log.entries == [1, 3])
        }
    }

    @Test func aHandleKeepsNoHubAlive() async {
        await onHub {
            let hasEnded = ThreadSafeEvent()
            var handles: [HubHandle] = []
            let (thread, handle) = try startedHub {
                let last = Last { hasEnded.set() }
                Hub.current.errorHandler = { _, _ in _ = last }
            }
            handles.append(handle)
            pthread_join(thread, nil)
            #expect(hasEnded.isSet, "what the hub held")
            #expect(handles[0].description.hasPrefix("<HubHandle of thread "))
        }
    }

    @Test func holdingAHandleIsNoReasonToWait() async {
        await onHub {
            let handle = Hub.current.handle
            let error = caught { try Event().wait() }
            #expect(error is LoopExit)
            // What is on its way is one.
            let isDone = ThreadSafeEvent()
            try handle.submit { isDone.set() }
            let waiting = caught { try Hub.current.join() }
            #expect(waiting == nil && isDone.isSet)
        }
    }

    /// Waiting for what another thread will tell is no deadlock, nor does it keep anybody awake.
    @Test func aHubWithHandlesThatWaitsForNewsSleeps() async {
        await onHub {
            let (handle, event) = (Hub.current.handle, ThreadSafeEvent())
            let others = [handle, handle]
            let waiting = spawn { try event.wait() }
            try sleep(.milliseconds(20))
            let before = timesAsleep()
            try sleep(.milliseconds(400))
            let count = timesAsleep() - before
            #expect(count <= 2, "\(count) times asleep instead of once")
            #expect(others.count == 2 && !waiting.isReady)
            startThread { event.set() }
            try waiting.join(timeout: .seconds(20))
            #expect(waiting.isSuccessful)
        }
    }

    /// What was left is done in order, some of it in each turn.
    @Test func aTurnTakesSomeOfWhatWasLeftAndTheRestKeepsItsPlace() async {
        await onHub {
            let (handle, log, count) = (Hub.current.handle, SharedLog<Int>(), 5_000)
            let isDone = ThreadSafeEvent()
            runOnThreadAndWait { for number in 0..<count { try? handle.runCallback { log.append(number) } } }
            while log.entries.isEmpty { try yieldNow() }
            #expect(log.entries.count < 1_000, "in one turn")
            try handle.submit { isDone.set() }
            // A hub that sleeps here sleeps on: nobody rings.
            let isInTime = try isDone.wait(timeout: .seconds(20))
            #expect(isInTime && log.entries == Array(0..<count))
        }
    }

    @Test(arguments: [false, true])
    func whoeverLeavesMoreThanTheHubCanDoDelaysNoTimer(isSubmitted: Bool) async {
        await onHub {
            let (handle, stop) = (Hub.current.handle, Tally())
            let (accepted, ran) = (Tally(), Tally())
            let thread = startJoinableThread {
                while stop.count == 0 {
                    if isSubmitted {
                        try? handle.submit { ran.add() }
                    } else {
                        // Costs more than to leave it.
                        try? handle.runCallback {
                            for _ in 0..<20 { ran.add(0) }
                            ran.add()
                        }
                    }
                    accepted.add()
                }
            }
            let end = Deadline(after: .milliseconds(200))
            var latest = 0 as UInt64
            while Deadline.now < end {
                let began = Deadline.now.nanoseconds
                try sleep(.milliseconds(1))
                latest = max(latest, Deadline.now.nanoseconds - began)
            }
            stop.add()
            pthread_join(thread, nil)
            #expect(latest < 100_000_000, "\(latest / 1_000_000) ms instead of one")
            while ran.count < accepted.count { try sleep(.milliseconds(1)) }
        }
    }

    /// A busy hub finds what others left at the end of its turn, and nobody need wake it.
    @Test func aBusyHubIsNotStarvedOfWhatOthersLeave() async {
        await onHub {
            let (handle, done) = (Hub.current.handle, Tally())
            let spinner = spawn { while done.count == 0 { try yieldNow() } }
            startThread { try? handle.submit { done.add() } }
            try spinner.join(timeout: .seconds(20))
            #expect(spinner.isSuccessful)
        }
    }
}
