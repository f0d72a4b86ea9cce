// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Callbacks in the hub from whatever becomes ready.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// A thing of its user's own that can be waited for.
private final class Download: Waitable {
    let isComplete = Event()
    var readiness: Readiness { isComplete.readiness }
}

/// Does something as it ends.
private final class Last {
    private let act: () -> Void
    init(_ act: @escaping () -> Void) { self.act = act }
    deinit { act() }
}

@Suite struct RawLinkTests {
    @Test func itIsCalledOnceInTheHubAndMustNotBlock() async {
        await onHub {
            let event = Event()
            var calls: [String] = []
            var refusal: (any Error)?
            try event.rawLink { set in
                calls.append("first \(set === event) \(set.isSet)")
                refusal = caught { try sleep(.milliseconds(1)) }
            }
            try event.rawLink { _ in calls.append("second") }
            try settle()
            #expect(calls.isEmpty)
            event.set()
            #expect(calls.isEmpty)
            event.set()
            try settle()
            #expect(calls == ["first true true", "second"])
            #expect((refusal as? GreenletError)?.code == .blockingInHub)
            event.clear()
            event.set()
            try settle()
            #expect(calls.count == 2)
        }
    }

    @Test func anEventThatIsClearedAtOnceCallsItAllTheSame() async {
        await onHub {
            let event = Event()
            var calls: [Bool] = []
            try event.rawLink { calls.append($0.isSet) }
            event.set()
            event.clear()
            try settle()
            #expect(calls == [false])
        }
    }

    @Test func ofWhatIsReadyItIsCalledSoon() async {
        await onHub {
            let (event, queue, semaphore) = (Event(), Queue<Int>(), Semaphore())
            event.set()
            queue.close()
            var calls = 0
            try event.rawLink { _ in calls += 1 }
            try queue.rawLink { _ in calls += 1 }
            try semaphore.rawLink { _ in calls += 1 }
            #expect(calls == 0)
            try yieldNow()
            #expect(calls == 3)
        }
    }

    @Test func itCanBeTakenBackUntilItIsCalled() async {
        await onHub {
            let event = Event()
            var calls: [Int] = []
            let links = try (0..<5).map { number in try event.rawLink { _ in calls.append(number) } }
            event.unlink(links[1])
            event.unlink(links[1])
            event.set()
            event.unlink(links[3])  // told, but not called yet
            try settle()
            event.unlink(links[0])
            #expect(calls == [0, 2, 4] && Set(links).count == 5)
            let last = try event.rawLink { _ in calls.append(5) }
            event.unlink(last)
            event.clear()
            // One takes back the next.
            var next: LinkID?
            try event.rawLink { event in if let next { event.unlink(next) } }
            next = try event.rawLink { _ in calls.append(6) }
            event.set()
            try settle()
            #expect(calls == [0, 2, 4])
        }
    }

    @Test func allKindsCallIt() async {
        await onHub {
            let (event, result, permits, queue) = (Event(), AsyncResult<Int>(), Semaphore(0), Queue<Int>())
            let (bounded, channel, group, pool) = (BoundedSemaphore(1), Channel<Int>(), Group(), Pool(size: 1))
            let download = Download()
            try bounded.acquire()
            let gate = Event()
            let member = group.spawn { try gate.wait() }
            try pool.spawn { try gate.wait() }
            let map = Group().lazyMap([1]) { (number: Int) -> Int in
                try gate.wait()
                return number
            }
            let all: [any Waitable] = [
                event, result, permits, queue, bounded, channel, group, pool, download, member, map,
            ]
            var called: Set<ObjectIdentifier> = []
            func link(_ object: some Waitable) throws -> LinkID {
                try object.rawLink { called.insert(ObjectIdentifier($0)) }
            }
            func unlink(_ object: some Waitable, _ id: LinkID) { object.unlink(id) }
            for object in all { unlink(object, try link(object)) }
            event.set()
            event.clear()
            try settle()
            #expect(called.isEmpty)
            for object in all { _ = try link(object) }
            event.set()
            result.set(1)
            permits.release()
            try queue.put(1)
            try bounded.release()
            let putter = spawn { try channel.put(1) }
            download.isComplete.set()
            gate.set()
            try settle()
            #expect(called == Set(all.map { ObjectIdentifier($0) }))
            _ = try channel.get()
            try putter.join()
        }
    }

    @Test func anErrorThatALinkOfAGreenletSeesIsNotReported() async {
        await onHub {
            let reports = Reports()
            let failing: AnyGreenlet = spawn { throw TestError(1) }
            var error: TestError?
            try failing.rawLink { error = $0.error as? TestError }
            try settle()
            #expect(error == TestError(1) && reports.errors.isEmpty)
        }
    }

    @Test func whereOneTakesThePermitTheNextStaysUntilThereIsAnother() async {
        await onHub {
            let permits = Semaphore(0)
            var takers: [Int] = []
            func link(_ number: Int) throws {
                try permits.rawLink { if $0.tryAcquire() { takers.append(number) } else { takers.append(-number) } }
            }
            for number in 1...3 { try link(number) }
            permits.release()
            try settle()
            #expect(takers == [1])
            for _ in 0..<2 { permits.release() }
            try settle()
            #expect(takers == [1, 2, 3] && permits.value == 0)
            // What goes to whoever waits for it is nobody else's.
            try link(4)
            let waiter = spawn { try permits.acquire() }
            try settle()
            permits.release()
            try waiter.join()
            try settle()
            #expect(takers == [1, 2, 3])
        }
    }

    @Test func itDoesNotKeepTheObjectAndEndsWithIt() async {
        await onHub {
            weak var event: Event?
            weak var captured: Download?
            do {
                let (own, download) = (Event(), Download())
                (event, captured) = (own, download)
                try own.rawLink { _ in _ = download }
            }
            #expect(event == nil && captured == nil)
            var calls = 0
            do {
                let own = Event()
                event = own
                try own.rawLink { _ in calls += 1 }
                own.set()
            }
            #expect(event != nil, "it has been set, and will be called with")
            try settle()
            #expect(event == nil && calls == 1)
        }
    }

    @Test func newsFromOutsideAreWaitedFor() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            let (reading, writing) = (ends[0], ends[1])
            defer { for end in ends { close(end) } }
            let (called, pid) = (Event(), try startShell("exit 3"))
            var calls: [String] = []
            // Nobody else holds the watchers.
            try ChildWatcher(pid).rawLink { child in
                calls.append("\((try? child.wait(timeout: .zero)) as Any)")
                write(writing, "x", 1)
            }
            try DescriptorWatcher(reading, .reading).rawLink { watcher in
                calls.append("descriptor \(watcher.descriptor == reading)")
                called.set()
            }
            try called.wait()  // no deadlock
            #expect(calls.count == 2 && calls[0].contains("3") && calls[1] == "descriptor true")
            var byte: UInt8 = 0
            read(reading, &byte, 1)
            // One that is taken back is waited for no more.
            let watcher = DescriptorWatcher(reading, .reading)
            watcher.unlink(try watcher.rawLink { _ in calls.append("late") })
            let empty = Event()
            #expect(throws: LoopExit.self) { try empty.wait() }
            cancelWaits(on: reading)
            #expect(calls.count == 2)
        }
    }

    @Test func aFileThatChangesCallsIt() async {
        await onHub {
            try withFolder { folder in
                let changes = try FileWatcher(folder)
                let status = try FileStatusWatcher("\(folder)/file", interval: .milliseconds(1))
                let called = Event()
                var names: [String?] = []
                try changes.rawLink { watcher in
                    names.append((try? watcher.next(timeout: .zero))?.name)
                    called.set()
                }
                append("a", to: "\(folder)/file")
                try called.wait()
                #expect(names == ["file"])
                called.clear()
                try status.rawLink { _ in called.set() }
                try called.wait()
                // One that is cancelled will never have a change, and says so.
                while try changes.next(timeout: .milliseconds(20)) != nil {}
                try changes.rawLink { _ in names.append("late") }
                changes.cancel()
                try settle()
                #expect(names == ["file", "late"], "nothing is to be waited for any more")
            }
        }
    }

    @Test func theyOutliveAHubUnlessTheirNewsComeFromOutside() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            defer { for end in ends { close(end) } }
            let (event, pid) = (Event(), try startShell("sleep 20"))
            weak var captured: Download?
            var calls = 0
            do {
                let download = Download()
                captured = download
                let child = try ChildWatcher(pid)
                try DescriptorWatcher(ends[0], .reading).rawLink { _ in _ = (download, child) }
                try child.rawLink { _ in _ = download }
                try FileWatcher("/").rawLink { _ in _ = download }
                try event.rawLink { _ in calls += 1 }
                try Hub.current.destroy()
            }
            #expect(captured == nil)
            event.set()
            try settle()
            #expect(calls == 1)
            kill(pid, SIGKILL)
            _ = try waitForChild(pid)
        }
    }

    @Test func whatItHoldsMayTakeItBackAgainAsItEnds() async {
        await onHub {
            let event = Event()
            var id: LinkID?
            var ends = 0
            func link() throws -> LinkID {
                let last = Last {
                    ends += 1
                    if let id { event.unlink(id) }
                }
                return try event.rawLink { _ in _ = last }
            }
            let first = try link()
            id = first
            event.unlink(first)
            #expect(ends == 1)
            id = try link()
            event.set()
            try settle()
            #expect(ends == 2)
        }
    }

    @Test func takingItBackOnAnotherThreadTrapsAndNamesBoth() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await onHub(allowingLeftovers: true) {
                let event = ThreadSafeEvent()
                let id = try event.rawLink { _ in }
                runOnThreadAndWait { event.unlink(id) }
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains(#/unlink on a raw link, which belongs to .+, from .+: take it back on/#), "\(text)")
    }

    @Test func thatOfAWatcherThatKeepsNoHubAliveIsNotWaitedFor() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            let (reading, writing) = (ends[0], ends[1])
            defer { for end in ends { close(end) } }
            let watcher = DescriptorWatcher(reading, .reading, keepsHubAlive: false)
            var calls = 0
            let id = try watcher.rawLink { _ in calls += 1 }
            let isDone = try Hub.current.join(timeout: .seconds(2))
            try #require(isDone)
            let exit = caught { try Event().wait() }
            #expect(exit is LoopExit)
            watcher.unlink(id)
            try watcher.rawLink { _ in calls += 1 }
            // One that is counted stays so.
            let counted = DescriptorWatcher(writing, .reading)
            let other = try counted.rawLink { _ in }
            let isIdle = try Hub.current.join(timeout: .milliseconds(5))
            #expect(!isIdle)
            counted.unlink(other)
            write(writing, "x", 1)
            try sleep(.milliseconds(20))
            #expect(calls == 1)
            let isOver = try Hub.current.join(timeout: .seconds(2))
            #expect(isOver)
        }
    }

    @Test func onASemaphoreOfSeveralThreadsItStaysWhereThePermitWasTakenAndIsMadeAnewInTheCall() async {
        await onHub {
            let permits = ThreadSafeSemaphore(0)
            var takers: [Int] = []
            func link(_ number: Int) throws {
                try permits.rawLink { permits in
                    takers.append(permits.tryAcquire() ? number : -number)
                    if number == 3 { return }
                    let refusal = caught { try link(number + 1) }
                    #expect(refusal == nil)
                }
            }
            try link(1)
            permits.release()
            let isTaken = permits.tryAcquire()
            try settle()
            #expect(isTaken && takers.isEmpty)
            for _ in 0..<2 {
                permits.release()
                try settle()
            }
            #expect(takers == [1, 2] && permits.value == 0)
            runOnThreadAndWait { permits.release() }
            for _ in 0..<2000 where takers.count < 3 { try sleep(.milliseconds(1)) }
            #expect(takers == [1, 2, 3])
        }
    }

    @Test func onAChildItStaysThoughTheWaitsAreCancelled() async {
        await onHub {
            let pid = try startShell("sleep 20")
            let child = try ChildWatcher(pid)
            var statuses: [ChildStatus?] = []
            try child.rawLink { statuses.append($0.status) }
            child.cancelWaits(with: TestError(1))
            try settle()
            #expect(statuses.isEmpty)
            kill(pid, SIGKILL)
            let status = try child.wait()
            try sleep(.milliseconds(1))
            #expect(status != nil && statuses == [status])
        }
    }

    @Test func thoseThatStayAreCalledInOrderHoweverManyAreTakenBack() async {
        await onHub {
            let event = Event()
            var calls: [Int] = []
            var links: [LinkID] = []
            func add(_ number: Int) throws { links.append(try event.rawLink { _ in calls.append(number) }) }
            for number in 0..<100 { try add(number) }
            // From both ends, and from the middle.
            for number in 0..<30 {
                event.unlink(links[99 - number])
                event.unlink(links[number])
                event.unlink(links[number])
            }
            for number in stride(from: 30, to: 70, by: 2) { event.unlink(links[number]) }
            for number in 100..<110 { try add(number) }
            event.unlink(links[105])
            event.set()
            try settle()
            #expect(calls == Array(stride(from: 31, to: 70, by: 2)) + [100, 101, 102, 103, 104, 106, 107, 108, 109])
            event.clear()
            let last = try event.rawLink { _ in calls.append(-1) }
            for id in links { event.unlink(id) }
            event.set()
            try settle()
            #expect(calls.last == -1)
            event.unlink(last)
        }
    }
}
