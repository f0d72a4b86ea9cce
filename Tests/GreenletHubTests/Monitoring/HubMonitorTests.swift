// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who holds up a hub, as the thread that watches it sees it.

import Foundation
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

@Suite struct HubMonitorTests {
    /// What was told, by a thread that others look at.
    private final class Told: Sendable {
        let all = Mutex<[HubBlockage]>([])

        var list: [HubBlockage] { all.withLock { $0 } }

        func begin(limit: Duration = .milliseconds(50)) throws {
            try Hub.current.startMonitoring(limit: limit) { blockage in self.all.withLock { $0.append(blockage) } }
        }
    }

    @inline(never)
    private static func burn(_ time: Duration) {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {}
    }

    /// By a call that nobody patches: other tests have, and don't take it back.
    @inline(never)
    private static func napInC(_ microseconds: Int) -> CInt {
        var time = timespec(tv_sec: 0, tv_nsec: microseconds * 1_000)
        var none = sigset_t()
        sigemptyset(&none)
        errno = 0
        _ = sigtimedwait(&none, nil, &time)
        return errno
    }

    private func shows(_ function: String, _ blockage: HubBlockage) -> Bool {
        blockage.backtrace.contains { $0.symbol?.contains(function) ?? false }
    }

    @Test func whoCalculatesIsToldOfAndWhere() async {
        await onHub {
            let told = Told()
            try told.begin()
            let line = #line + 1
            let busy = spawn(name: "secret") { Self.burn(.milliseconds(400)) }
            try busy.join()
            Hub.current.stopMonitoring()
            // After 50 ms, 100 ms or more, and so on: not again and again.
            #expect((1...4).contains(told.list.count), "\(told.list)")
            let first = try #require(told.list.first)
            #expect(first.duration >= .milliseconds(50) && first.duration < .milliseconds(400))
            #expect(first.thread == Hub.current.thread.name)
            if isSanitized { return }  // it delivers signals when it likes
            #expect(first.greenlet == "Greenlet-\(busy.id) (GreenletHubTests/HubMonitorTests.swift:\(line))")
            #expect(first.systemCall == nil && shows("burn", first), "\(first)")
            #expect(shows("whoCalculatesIsToldOfAndWhere", first), "\(first)")
        }
    }

    @Test func whoBlocksInTheKernelIsToldOfAndNotDisturbed() async {
        await onHub {
            let told = Told()
            try told.begin()
            let time = try elapsed {
                let status = try spawn { Self.napInC(300_000) }.get()
                #expect(status == EAGAIN)  // and not EINTR
            }
            Hub.current.stopMonitoring()
            #expect(time >= .milliseconds(300))
            let first = try #require(told.list.first)
            #expect(first.systemCall == "rt_sigtimedwait", "\(first)")
            #expect(first.greenlet?.hasPrefix("Greenlet-") ?? false, "\(first)")
            // A sanitizer puts functions of its own in between, which keep no records.
            if !isSanitized { #expect(shows("napInC", first), "\(first)") }
            #expect("\(first)".contains("waits in the system call rt_sigtimedwait; wait by greenlets' means"))
        }
    }

    @Test func theMainGreenletARawOneAndTheHubItselfAreToldApart() async {
        await onHub {
            let told = Told()
            try told.begin(limit: .milliseconds(100))
            try yieldNow()
            _ = Self.napInC(400_000)
            let raw = RawGreenlet {
                try? yieldNow()
                _ = Self.napInC(400_000)
            }
            _ = try raw.switch()
            while !raw.isDead { try yieldNow() }
            try sleep(.milliseconds(1))
            Hub.current.runSoon { _ = Self.napInC(400_000) }
            try sleep(.milliseconds(1))
            Hub.current.stopMonitoring()
            let whos = told.list.compactMap(\.greenlet)
            #expect(whos.contains { $0.hasPrefix("MainGreenlet-") }, "\(whos)")
            #expect(whos.contains { $0.hasPrefix("RawGreenlet-") }, "\(whos)")
            #expect(whos.contains("the hub itself, in a callback,"), "\(told.list)")
        }
    }

    @Test func aCallbackThatHoldsUpASleepingHubIsToldOf() async {
        await onHub {
            let told = Told()
            try told.begin()
            try yieldNow()
            let (hub, isDone) = (Hub.current.handle, ThreadSafeEvent())
            startThread {
                _ = Self.napInC(50_000)
                _ = try? hub.runCallback {
                    _ = Self.napInC(300_000)
                    isDone.set()
                }
            }
            try isDone.wait()
            Hub.current.stopMonitoring()
            #expect(told.list.contains { $0.greenlet == "the hub itself, in a callback," }, "\(told.list)")
        }
    }

    /// It is asked at any moment, also within a switch, where it is on another stack than it is going to be on.
    @Test func whoSwitchesByHandIsLookedAtInPeace() async {
        await onHub {
            let told = Told()
            try told.begin(limit: .milliseconds(1))
            try yieldNow()
            var isOver = false
            let numbers = Coroutine<Void, Void> { _, suspend in while !isOver { try suspend(()) } }
            let end = ContinuousClock.now + .milliseconds(isSanitized ? 200 : 1_000)
            while ContinuousClock.now < end {
                let turn = ContinuousClock.now + .milliseconds(4)
                while ContinuousClock.now < turn { for _ in 0..<200 { try numbers.resume(()) } }
                try yieldNow()
            }
            isOver = true
            _ = try? numbers.resume(())  // which throws, as there is no more
            Hub.current.stopMonitoring()
            #expect(isSanitized || told.list.count > 10, "\(told.list.count)")
        }
    }

    @Test func whoSharesIsNotToldOf() async {
        await onHub {
            let told = Told()
            try told.begin(limit: .milliseconds(250))
            let all = (0..<10).map { _ in
                spawn {
                    let end = ContinuousClock.now + .milliseconds(600)
                    while ContinuousClock.now < end { try yieldNow() }
                }
            }
            try joinAll(all)
            try sleep(.milliseconds(400))
            Hub.current.stopMonitoring()
            #expect(told.list.isEmpty, "\(told.list)")
        }
    }

    @Test func manyThreadsAreWatchedAtOnce() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await whoCalculatesIsToldOfAndWhere() } }
            for _ in 0..<4 { group.addTask { await whoBlocksInTheKernelIsToldOfAndNotDisturbed() } }
            try await group.waitForAll()
        }
    }

    @Test func whileTheHubSleepsSoDoesWhoWatchesIt() async {
        await onHub {
            let before = Self.watchers()
            try Told().begin(limit: .milliseconds(4))
            try waitUntil { Self.watchers().subtracting(before).count == 1 }
            let watcher = try #require(Self.watchers().subtracting(before).first)
            try sleep(.milliseconds(20))
            let (own, others) = (timesAsleep(), Self.sleepsOf(watcher))
            try sleep(.milliseconds(500))
            // Its limit has passed 125 times, and a quarter of it 500 times.
            #expect(timesAsleep() - own <= 2 && Self.sleepsOf(watcher) - others <= 8)
            Hub.current.stopMonitoring()
        }
    }

    @Test func itEndsWhenItIsToldToAndWithItsHub() async throws {
        await onHub {
            let hub = Hub.current
            #expect(!hub.isMonitored)
            hub.stopMonitoring()
            let before = Self.watchers()
            try Told().begin()
            try Told().begin()
            #expect(hub.isMonitored)
            try waitUntil { Self.watchers().subtracting(before).count == 1 }
            hub.stopMonitoring()
            #expect(!hub.isMonitored)
            try waitUntil { Self.watchers().subtracting(before).isEmpty }
        }
        try onThreadThatEnds {
            try Told().begin()
            try Hub.current.destroy()
            #expect(!Hub.current.isMonitored)
            try Told().begin()
        }
    }

    /// A thread needs a moment to begin, and one that was joined to leave the list.
    private func waitUntil(_ isSo: () -> Bool) throws {
        let isInTime = try withTimeout(.seconds(5), default: false) {
            while !isSo() { try sleep(.milliseconds(1)) }
            return true
        }
        #expect(isInTime)
    }

    /// Kernel ids of the process's threads that watch.
    private static func watchers() -> Set<String> {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return Set(all.filter { read("/proc/self/task/\($0)/comm") == "hub-monitor\n" })
    }

    private static func sleepsOf(_ thread: String) -> Int {
        let lines = read("/proc/self/task/\(thread)/status").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return line?.split(separator: "\t").last.flatMap { Int($0) } ?? .max
    }

    private static func read(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

@Suite struct SuspicionTests {
    private func at(_ milliseconds: UInt64) -> Deadline { Deadline(nanoseconds: milliseconds * 1_000_000) }

    @Test func itSpeaksWhenTheLimitIsOverAndThenAtTwiceTheTime() {
        var suspicion = Suspicion(limit: .milliseconds(100), beat: 2, now: at(0))
        var told: [UInt64: Duration] = [:]
        for time in stride(from: UInt64(25), through: 1_000, by: 25) {
            if let duration = suspicion.heard(2, now: at(time)) { told[time] = duration }
        }
        #expect(told.keys.sorted() == [100, 200, 400, 800])
        for (time, duration) in told { #expect(duration == .milliseconds(Int64(time))) }
    }

    @Test func eachBeatBeginsAnew() {
        var suspicion = Suspicion(limit: .milliseconds(100), beat: 2, now: at(0))
        #expect(suspicion.heard(2, now: at(90)) == nil)
        #expect(suspicion.heard(4, now: at(110)) == nil)
        #expect(suspicion.heard(4, now: at(200)) == nil)
        #expect(suspicion.heard(4, now: at(210)) == .milliseconds(100))
        #expect(suspicion.heard(6, now: at(220)) == nil)
        #expect(suspicion.heard(6, now: at(320)) == .milliseconds(100))
    }

    @Test func beforeTheFirstTurnAndAfterAGapItSaysNothing() {
        var suspicion = Suspicion(limit: .milliseconds(100), beat: nil, now: at(0))
        for time in stride(from: UInt64(25), through: 500, by: 25) {
            #expect(suspicion.heard(nil, now: at(time)) == nil)
        }
        #expect(suspicion.heard(2, now: at(525)) == nil)
        // The process stood still for ten seconds.
        #expect(suspicion.heard(2, now: at(10_525)) == nil)
        #expect(suspicion.heard(2, now: at(10_600)) == nil)
        #expect(suspicion.heard(2, now: at(10_625)) == .milliseconds(100))
        suspicion.looked(now: at(11_000))
        #expect(suspicion.heard(2, now: at(11_025)) == .milliseconds(500))
    }
}
