// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Timers that call back, once or at each beat.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Holds the thread: nobody else runs.
private func compute(for duration: Duration) {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {}
}

@Suite struct TimerWatcherTests {
    @Test func itCallsOnceAndNotBeforeItsTime() async {
        await onHub {
            var calls = 0
            let start = ContinuousClock.now
            var time = Duration.zero
            let timer = TimerWatcher(after: .milliseconds(10)) {
                calls += 1
                time = ContinuousClock.now - start
            }
            #expect(timer.isPending && timer.interval == nil)
            let isDone = try Hub.current.join()  // it is waited for
            #expect(isDone && calls == 1 && time >= .milliseconds(10) && !timer.isPending)
            try sleep(.milliseconds(15))
            #expect(calls == 1)
            for delay in [Duration.zero, .seconds(-5)] {
                let soon = TimerWatcher(after: delay) { calls += 1 }
                try Hub.current.join()
                #expect(!soon.isPending)
            }
            #expect(calls == 3)
        }
    }

    @Test func itCallsAtEachBeatAndLeavesOutWhatWasMissed() async {
        await onHub {
            let start = ContinuousClock.now
            var times: [Duration] = []
            let timer = TimerWatcher(after: .milliseconds(5), repeating: .milliseconds(20)) {
                times.append(ContinuousClock.now - start)
            }
            while times.count < 2 { try sleep(.milliseconds(1)) }
            compute(for: .milliseconds(70))  // three beats or more
            let before = times.count
            try sleep(.milliseconds(1))
            #expect(times.count == before + 1)
            while times.count < before + 3 { try sleep(.milliseconds(1)) }
            timer.cancel()
            // None is early: they are counted from the first, not from the one before.
            for time in times {
                let offset = (time - .milliseconds(5)).components.attoseconds % 20_000_000_000_000_000
                #expect(time >= .milliseconds(5) && offset >= 0)
            }
            let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
            #expect(gaps.contains { $0 >= .milliseconds(50) }, "some were missed: \(times)")
            #expect(!timer.isPending)
            let count = times.count
            try sleep(.milliseconds(30))
            #expect(times.count == count)
        }
    }

    @Test func againPutsItOffAndStartsItOnceMore() async {
        await onHub {
            var calls = 0
            let watchdog = TimerWatcher(after: .milliseconds(40)) { calls += 1 }
            for _ in 0..<6 {
                try sleep(.milliseconds(10))
                if calls == 0 { watchdog.again() }
            }
            #expect(calls == 0)
            while calls == 0 { try sleep(.milliseconds(1)) }
            watchdog.again()
            #expect(watchdog.isPending)
            watchdog.cancel()
            watchdog.cancel()
            try Hub.current.join()
            #expect(calls == 1)
            watchdog.again()
            try Hub.current.join()
            #expect(calls == 2)
            // Of one that repeats it is the interval that counts.
            let beat = TimerWatcher(after: .seconds(30), repeating: .milliseconds(2)) { calls += 1 }
            beat.again()
            while calls < 5 { try sleep(.milliseconds(1)) }
            beat.cancel()
        }
    }

    @Test func aCallbackMayEndItselfAndOthers() async {
        await onHub {
            var calls: [String] = []
            var timers: [String: TimerWatcher] = [:]
            timers["first"] = TimerWatcher(after: .zero, repeating: .milliseconds(1)) {
                calls.append("first")
                timers["second"]?.cancel()  // though its time has come, too
                timers["third"] = nil
                timers["first"] = nil
            }
            timers["second"] = TimerWatcher(after: .zero) { calls.append("second") }
            timers["third"] = TimerWatcher(after: .zero) { calls.append("third") }
            let isDone = try Hub.current.join(timeout: .seconds(30))
            #expect(isDone && calls == ["first"])
            var left = 3
            var timer: TimerWatcher?
            timer = TimerWatcher(after: .zero) {
                left -= 1
                if left > 0 { timer?.again() }
            }
            try Hub.current.join()
            #expect(left == 0)
            timer = nil
        }
    }

    @Test func itRunsInTheLoopAndMustNotWait() async {
        await onHub {
            var error: (any Error)?
            var value = 0
            let timer = TimerWatcher(after: .zero) {
                error = caught { try sleep(.milliseconds(1)) }
                spawn {
                    try sleep(.milliseconds(1))
                    value = 7
                }
            }
            try Hub.current.join()
            #expect((error as? GreenletError)?.code == .blockingInHub && value == 7 && !timer.isPending)
        }
    }

    @Test func itKeepsTheHubAliveIfItWasNotToldOtherwise() async {
        await onHub {
            let beat = TimerWatcher(after: .zero, repeating: .milliseconds(1)) {}
            var isDone = try Hub.current.join(timeout: .milliseconds(5))
            #expect(!isDone)
            beat.cancel()
            var beats = 0
            let quiet = TimerWatcher(after: .milliseconds(1), repeating: .milliseconds(1), keepsHubAlive: false) {
                beats += 1
            }
            isDone = try Hub.current.join(timeout: .seconds(30))
            #expect(isDone)
            #expect(caught { try Event().wait() } is LoopExit)
            beats = 0
            try sleep(.milliseconds(10))
            #expect(beats > 0)
            quiet.cancel()
            isDone = try Hub.current.join()
            #expect(isDone && Hub.current.timerCount == 0)
        }
    }

    @Test func itEndsWithItsLastReferenceAndWithItsHub() async throws {
        await onHub {
            var calls = 0
            do { _ = TimerWatcher(after: .zero) { calls += 1 } }
            try settle()
            #expect(calls == 0 && Hub.current.timerCount == 0)
            let left = TimerWatcher(after: .seconds(30)) { calls += 1 }
            try Hub.current.destroy()
            #expect(!left.isPending && calls == 0)
            left.cancel()
        }
    }

    @Test func anIntervalOfNothingTraps() async {
        await #expect(processExitsWith: .failure) {
            startThread { _ = TimerWatcher(after: .zero, repeating: .zero) {} }
            while true { compute(for: .milliseconds(1)) }
        }
    }
}

@Suite struct ScheduledCallbackTests {
    @Test func theyRunInTheNextTurnInOrder() async {
        await onHub {
            var log: [Int] = []
            let first = Hub.current.runCallback { log.append(1) }
            Hub.current.runCallback {
                log.append(2)
                Hub.current.runCallback { log.append(4) }
            }
            Hub.current.runCallback { log.append(3) }
            #expect(first.isPending && log.isEmpty)
            let isDone = try Hub.current.join()
            #expect(isDone && log == [1, 2, 3, 4] && !first.isPending)
            first.cancel()
        }
    }

    @Test func oneThatWasTakenBackDoesNotRun() async {
        await onHub {
            var log: [Int] = []
            var second: ScheduledCallback?
            Hub.current.runCallback { second?.cancel() }
            second = Hub.current.runCallback { log.append(2) }
            try Hub.current.join()
            #expect(log.isEmpty && second?.isPending == false)
            second = nil
        }
    }

    @Test func whatItHoldsMayCancelItAgainAsItEnds() async {
        final class Holder {
            var scheduled: ScheduledCallback?
            deinit { scheduled?.cancel() }
        }
        await onHub {
            weak var held: Holder?
            func schedule() -> ScheduledCallback {
                let holder = Holder()
                held = holder
                let scheduled = Hub.current.runCallback { _ = holder }
                holder.scheduled = scheduled
                return scheduled
            }
            let scheduled = schedule()
            #expect(held != nil)
            scheduled.cancel()
            #expect(held == nil && !scheduled.isPending)
        }
    }

    @Test func theyMustNotWait() async {
        await onHub {
            var error: (any Error)?
            Hub.current.runCallback { error = caught { try Event().wait() } }
            try Hub.current.join()
            #expect((error as? GreenletError)?.code == .blockingInHub)
        }
    }
}
