// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Sleeps, timeouts and watchers that are no reason to go on.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct KeepsHubAliveTests {
    @Test func joinReturnsThoughSuchASleeperIsLeft() async {
        await onHub {
            var beats = 0
            let heartbeat = spawn {
                while true {
                    try sleep(.milliseconds(1), keepsHubAlive: false)
                    beats += 1
                }
            }
            spawn { try sleep(.milliseconds(20)) }
            for _ in 1...2 {
                let isDone = try Hub.current.join(timeout: .seconds(30))
                #expect(isDone && beats > 0 && !heartbeat.isReady)
            }
            beats = 0
            try sleep(.milliseconds(20))
            #expect(beats > 0, "it goes on with the next who waits")
            try heartbeat.kill()
        }
    }

    @Test func aDeadlockIsFoundAndNamesTheSleeper() async {
        await onHub {
            let heartbeat = spawn(name: "heart") { try sleep(.seconds(30), keepsHubAlive: false) }
            let exit = try #require(caught { try Event().wait() } as? LoopExit)
            #expect(exit.blocked.count == 2)
            #expect(exit.blocked.last?.contains("heart") == true)
            #expect(exit.blocked.last?.contains("a sleep that keeps no hub alive") == true)
            try heartbeat.kill()
        }
    }

    @Test func inTheMainGreenletItIsADeadlockUnlessSomethingElseIsLeft() async {
        await onHub {
            let time = try elapsed {
                #expect(caught { try sleep(.seconds(30), keepsHubAlive: false) } is LoopExit)
                let other = spawn { try sleep(.milliseconds(40)) }
                try sleep(.milliseconds(1), keepsHubAlive: false)
                #expect(!other.isReady)
                try other.join()
                try sleep(.zero, keepsHubAlive: false)
                try sleep(.milliseconds(1), keepsHubAlive: true)
            }
            #expect(time < .seconds(10))
        }
    }

    /// What ends such a sleep early leaves no timer uncounted.
    @Test func othersAreStillCountedWhenItWasKilled() async {
        await onHub {
            for _ in 1...3 {
                let sleepers = (0..<3).map { _ in spawn { try sleep(.seconds(30), keepsHubAlive: false) } }
                try settle()
                try killAll(sleepers)
            }
            var isAwake = false
            spawn {
                try sleep(.milliseconds(2))
                isAwake = true
            }
            let isDone = try Hub.current.join()
            #expect(isDone && isAwake)
        }
    }
}

@Suite struct TimeoutThatKeepsNoHubAliveTests {
    @Test func itLimitsWhatGoesOnAndIsNoneWhereAllIsOver() async {
        await onHub {
            let timeout = Timeout(.milliseconds(2), keepsHubAlive: false)
            timeout.start()
            #expect(caught { try Event().wait() } is LoopExit)
            #expect(timeout.isPending)
            #expect(caught { try sleep(.seconds(30)) } as? Timeout === timeout)
            #expect(!timeout.isPending)
            timeout.start()
            let isDone = try Hub.current.join()
            #expect(isDone && timeout.isPending)
            timeout.cancel()
            let own = Timeout(.milliseconds(1), throwing: TestError(1), keepsHubAlive: false)
            own.start()
            #expect(caught { try sleep(.seconds(30)) } as? TestError == TestError(1))
        }
    }

    /// Expired, cancelled, started again, in a shield, held by nobody: each leaves the count as it was.
    @Test func howeverItEndsOthersAreStillCounted() async {
        await onHub {
            func make(_ duration: Duration) -> Timeout { Timeout(duration, keepsHubAlive: false) }
            try shield {
                let inner = make(.milliseconds(1))
                inner.start()
                #expect(caught { try sleep(.seconds(30)) } as? Timeout === inner)
                inner.cancel()
            }
            let outer = make(.zero)
            outer.start()
            var isAwake = false
            try shield {
                // It is over, and waits for the end of the shield: a timer that counts is waited for all the same.
                let sleeper = spawn {
                    try sleep(.milliseconds(5))
                    isAwake = true
                }
                try sleeper.join()
            }
            #expect(isAwake)
            #expect(caught { try yieldNow() } as? Timeout === outer)
            for _ in 1...3 {
                let again = make(.seconds(30))
                again.start()
                again.cancel()
                again.cancel()
                again.start()
                again.cancel()
            }
            make(.milliseconds(1)).start()
            #expect(caught { try sleep(.seconds(30)) } is Timeout)
            let victim = spawn {
                make(.milliseconds(2)).start()
                try sleep(.seconds(30))
            }
            try settle()
            try victim.kill()
            isAwake = false
            spawn {
                try sleep(.milliseconds(10))
                isAwake = true
            }
            let isDone = try Hub.current.join()
            #expect(isDone && isAwake && Hub.current.timerCount == 0)
        }
    }
}

@Suite struct WatcherThatKeepsNoHubAliveTests {
    private typealias Wait = () throws -> Void

    /// Waits by each kind of watcher, without a limit, with one, and among others.
    private static func waits(_ folder: String, _ pid: CInt, _ reading: CInt) throws -> [Wait] {
        let descriptor = DescriptorWatcher(reading, .reading, keepsHubAlive: false)
        let child = try ChildWatcher(pid, keepsHubAlive: false)
        let changes = try FileWatcher(folder, keepsHubAlive: false)
        let status = try FileStatusWatcher("\(folder)/none", keepsHubAlive: false)
        let all: [any Waitable] = [descriptor, child, changes, status]
        let limits: [Duration?] = [nil, .seconds(30)]
        return limits.flatMap { limit -> [Wait] in
            [
                { _ = try descriptor.wait(timeout: limit) }, { _ = try child.wait(timeout: limit) },
                { _ = try changes.next(timeout: limit) }, { _ = try status.next(timeout: limit) },
            ]
        } + [
            { try waitAll(all) },
            { try choose([.wait(for: descriptor) {}, .wait(for: changes) {}, .wait(for: child) {}]) },
        ]
    }

    @Test func whoWaitsByItIsNotWaitedFor() async {
        await onHub {
            try withFolder { folder in
                let pid = try startShell("exec sleep 60")
                var ends: [CInt] = [0, 0]
                pipe(&ends)
                for wait in try Self.waits(folder, pid, ends[0]) {
                    #expect(caught(wait) is LoopExit)
                    let waiting = spawn(wait)
                    let isDone = try Hub.current.join(timeout: .seconds(30))
                    #expect(isDone && !waiting.isReady)
                    try waiting.kill()
                }
                #expect(Hub.current.externalWaits == 0)
                // It is told all the same.
                let reader = spawn { try DescriptorWatcher(ends[0], .reading, keepsHubAlive: false).wait() }
                spawn(after: .milliseconds(2)) { write(ends[1], "x", 1) }
                let isReady = try reader.get(timeout: .seconds(30))
                #expect(isReady)
                kill(pid, SIGKILL)
                _ = try waitForChild(pid)
                for end in ends { close(end) }
            }
        }
    }

    @Test func aWatchedSignalMayBeAReasonToWait() async {
        await onHub {
            let watcher = try SignalWatcher(SIGWINCH, keepsHubAlive: true) {}
            var isDone = try Hub.current.join(timeout: .milliseconds(5))
            #expect(!isDone)
            watcher.cancel()
            watcher.cancel()
            isDone = try Hub.current.join(timeout: .seconds(30))
            #expect(isDone)
        }
    }
}
