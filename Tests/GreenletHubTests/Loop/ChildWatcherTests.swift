// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for children: what is told, to whom, and what is left behind; by a descriptor and by SIGCHLD.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Starts a shell with a command, and no signal blocked.
func startShell(_ command: String) throws -> CInt {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = ["/bin/sh", "-c", command]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    try #require(posix_spawn(&pid, "/bin/sh", nil, &attributes, arguments, environ) == 0)
    return pid
}

@Suite(.serialized) struct ChildWatcherTests {
    /// How many descriptors of processes this process has: nobody else opens any while this suite runs.
    private static func processDescriptors() -> Int {
        (0..<1024).count { number in
            var buffer = [CChar](repeating: 0, count: 100)
            let length = readlink("/proc/self/fd/\(number)", &buffer, 99)
            let target = buffer[..<max(0, length)].map(UInt8.init(bitPattern:))
            return String(decoding: target, as: UTF8.self).contains("pidfd")
        }
    }

    /// Whether the kernel knows a child no more.
    private static func isGone(_ pid: CInt) -> Bool { kill(pid, 0) == -1 && errno == ESRCH }

    /// Somebody else waits for the child while the chooser enlists: he has been served, and must not stand anywhere.
    @Test func aChildThatIsLostWhileAChooserEnlistsDisturbsNoLaterWait() async {
        final class Thief: Waitable {
            let child: ChildWatcher
            let pid: CInt
            private var looks = 0
            init(_ child: ChildWatcher, _ pid: CInt) { (self.child, self.pid) = (child, pid) }

            var readiness: Readiness {
                looks += 1
                if looks == 2 { waitpid(pid, nil, 0) }
                return child.readiness
            }
        }
        await onHub {
            for _ in 0..<8 {  // places are asked in random order
                let pid = try startShell("sleep 0.01")
                let child = try ChildWatcher(pid)
                let thief = Thief(child, pid)
                _ = caught { try choose([.wait(for: child) {}, .wait(for: thief) {}]) }
                let error = caught { try sleep(.milliseconds(1)) }
                #expect(error == nil)
            }
        }
    }

    @Test(arguments: [false, true])
    func howItEndedIsTold(bySignal: Bool) async {
        await onHub {
            let cases: [(String, ChildStatus)] = [
                ("exit 0", .exited(code: 0)), ("exit 3", .exited(code: 3)),
                ("sleep 0.02; exit 255", .exited(code: 255)),
                ("kill -KILL $$", .signalled(signal: SIGKILL, dumpedCore: false)),
                ("ulimit -c 0; sleep 0.02; kill -TERM $$", .signalled(signal: SIGTERM, dumpedCore: false)),
            ]
            for (command, expected) in cases {
                let pid = try startShell(command)
                let child = try ChildWatcher(pid, bySignal: bySignal)
                let status = try child.wait(timeout: .seconds(20))
                #expect(status == expected && child.status == expected, "\(command)")
                #expect(status?.isSuccess == (command == "exit 0"))
                #expect(ChildWatcherTests.isGone(pid), "no zombie")
                #expect(Hub.current.pollerCount == 0)
            }
            #expect(ChildWatcherTests.processDescriptors() == 0)
        }
    }

    @Test func theStatusIsToldInWords() {
        #expect("\(ChildStatus.exited(code: 3))" == "exited with 3")
        #expect("\(ChildStatus.signalled(signal: 11, dumpedCore: true))" == "ended by signal 11, core dumped")
        #expect("\(ChildStatus.signalled(signal: 9, dumpedCore: false))" == "ended by signal 9")
    }

    @Test(arguments: [false, true])
    func othersRunMeanwhileAndNobodyIsWokenForNothing(bySignal: Bool) async {
        await onHub {
            let child = try ChildWatcher(try startShell("sleep 0.3"), bySignal: bySignal)
            var ran = false
            spawn { ran = true }
            try settle()
            let before = timesAsleep()
            let status = try child.wait()
            let wakeUps = timesAsleep() - before
            #expect(ran && status == .exited(code: 0))
            #expect(wakeUps < 10, "\(wakeUps) wake-ups in 0.3 s")
        }
    }

    @Test(arguments: [false, true])
    func manyWaitersAndManyWatchersGetTheSameAnswer(bySignal: Bool) async {
        await onHub {
            let pid = try startShell("sleep 0.05; exit 7")
            var watchers = try (0..<3).map { _ in try ChildWatcher(pid, bySignal: bySignal) }
            let waiting = (0..<9).map { number in spawn { [watchers] in try watchers[number % 3].wait() } }
            let other = Answer()
            startThread { other.status.set(try? waitForChild(pid)) }
            for greenlet in waiting {
                let status = try greenlet.get(timeout: .seconds(20))
                #expect(status == .exited(code: 7))
            }
            for _ in 0..<2_000 where other.status.value == nil { try sleep(.milliseconds(5)) }
            #expect(other.status.value == .exited(code: 7), "on another thread")
            let again = try watchers[0].wait()
            #expect(again == .exited(code: 7))
            let late = try waitForChild(pid)
            #expect(late == .exited(code: 7), "a watcher of it is there")
            watchers = []
            let tooLate = caught { _ = try waitForChild(pid) } as? GreenletError
            #expect(tooLate?.cause == ECHILD)
        }
        #expect(ChildWatcherTests.processDescriptors() == 0)
    }

    @Test(arguments: [false, true])
    func aTimeLimitAndAKillLeaveTheChildToBeWaitedForAgain(bySignal: Bool) async {
        await onHub {
            let pid = try startShell("sleep 20")
            let child = try ChildWatcher(pid, bySignal: bySignal)
            let inTime = try child.wait(timeout: .milliseconds(10))
            #expect(inTime == nil)
            let waiting = spawn { try child.wait() }
            let limited = spawn { try withTimeout(.milliseconds(10)) { try child.wait() } }
            try settle()
            try waiting.kill()
            #expect(waiting.isReady && waiting.error == nil, "killed")
            try limited.join()
            #expect(limited.error is Timeout)
            #expect(child.status == nil && Hub.current.externalWaits == 0)
            kill(pid, SIGKILL)
            let status = try child.wait()
            #expect(status == .signalled(signal: SIGKILL, dumpedCore: false))
        }
    }

    @Test(arguments: [false, true], [false, true])
    func whoIsStoppedAsTheChildEndsLeavesItsStatusToTheNext(bySignal: Bool, isKilled: Bool) async {
        await onHub {
            let pid = try startShell("sleep 0.02; exit 3")
            let waiting = spawn {
                if isKilled { return try ChildWatcher(pid, bySignal: bySignal).wait() }
                return try withTimeout(.milliseconds(5)) { try ChildWatcher(pid, bySignal: bySignal).wait() }
            }
            try settle()
            // Somebody calculates meanwhile: it is in one turn that the wait is stopped, and then the loop looks.
            if isKilled { Hub.current.runSoon { _ = try? waiting.kill(wait: false) } }
            while kill(pid, 0) == 0, try !hasEnded(pid) { usleep(1_000) }
            usleep(6_000)
            try waiting.join()
            #expect(isKilled ? waiting.error == nil : waiting.error is Timeout)
            let status = try waitForChild(pid, timeout: .seconds(20))
            #expect(status == .exited(code: 3))
            #expect(ChildWatcherTests.isGone(pid))
            let tooLate = caught { _ = try waitForChild(pid) } as? GreenletError
            #expect(tooLate?.cause == ECHILD)
        }
    }

    /// Whether a child has ended, and nobody has reaped it.
    private func hasEnded(_ pid: CInt) throws -> Bool {
        var info = siginfo_t()
        try #require(waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        return info.si_signo != 0
    }

    /// Whether the number of the next process can be chosen here.
    private static let choosesNumbers = access("/proc/sys/kernel/ns_last_pid", W_OK) == 0 && geteuid() == 0

    /// Starts a shell whose process has a number that was used before.
    private func startAnother(_ command: String, as pid: CInt) throws -> Bool {
        for _ in 1...200 {
            let file = open("/proc/sys/kernel/ns_last_pid", O_WRONLY)
            let number = Array("\(pid - 1)".utf8)
            let isWritten = write(file, number, number.count) == number.count
            close(file)
            guard isWritten else { return false }
            let child = try startShell(command)
            if child == pid { return true }
            waitpid(child, nil, 0)
        }
        return false
    }

    @Test(.enabled(if: choosesNumbers))
    func anotherChildThatHasItsNumberIsNotTakenForIt() async {
        await onHub {
            let pid = try startShell("sleep 20")
            let child = try ChildWatcher(pid)
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            guard try startAnother("exit 5", as: pid) else { return }  // the number went to somebody else
            while try !hasEnded(pid) { usleep(1_000) }
            let error = caught { _ = try child.wait(timeout: .seconds(20)) } as? GreenletError
            #expect(error?.cause == ECHILD)
            var status: CInt = 0
            #expect(waitpid(pid, &status, WNOHANG) == pid && status == 5 << 8)
        }
    }

    @Test(.enabled(if: choosesNumbers))
    func anotherChildThatHasItsNumberCanBeWatchedBesideIt() async {
        await onHub {
            let pid = try startShell("sleep 20")
            let child = try ChildWatcher(pid)
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            guard try startAnother("sleep 0.02; exit 5", as: pid) else { return }
            let other = try ChildWatcher(pid)
            let error = caught { _ = try child.wait(timeout: .seconds(20)) } as? GreenletError
            #expect(error?.cause == ECHILD)
            let status = try other.wait(timeout: .seconds(20))
            #expect(status == .exited(code: 5))
        }
    }

    @Test(arguments: [false, true])
    func whoWaitsForSomethingElseTooIsTold(bySignal: Bool) async {
        await onHub {
            let event = Event()
            let children = try ["sleep 0.06; exit 1", "sleep 0.02; exit 2"].map {
                try ChildWatcher(try startShell($0), bySignal: bySignal)
            }
            var order: [ChildStatus?] = []
            let ready = iterateAsReady(children, timeout: .seconds(20))
            while let child = try ready.next() { order.append(child.status) }
            #expect(order == [.exited(code: 2), .exited(code: 1)])
            let third = try ChildWatcher(try startShell("sleep 0.02"), bySignal: bySignal)
            let chosen = try choose([.wait(for: event) { "event" }, .wait(for: third) { "child" }])
            #expect(chosen == "child")
            let all = try waitAll(children + [third])
            #expect(all.count == 3)
        }
    }

    @Test func whatItIsWaitedForDoesNotHideADeadlock() async {
        await onHub {
            let (event, pid) = (Event(), try startShell("sleep 20"))
            let child = try ChildWatcher(pid)
            #expect(throws: LoopExit.self) { try event.wait() }
            let ready = iterateAsReady([child] as [any Waitable])
            let nothing = spawn { try ready.next() }
            try settle()
            let joined = try Hub.current.join(timeout: .milliseconds(10))
            #expect(!joined, "somebody waits for a child")
            try nothing.kill()
            #expect(throws: LoopExit.self) { try event.wait() }
            kill(pid, SIGKILL)
            _ = try child.wait()
        }
    }

    @Test func whatIsNoChildIsAClearError() async {
        await onHub {
            let cases: [(CInt, GreenletError.Code)] = [
                (0, .invalidArgument), (-1, .invalidArgument), (1, .loopFailed), (CInt.max, .loopFailed),
            ]
            for (pid, code) in cases {
                let error = caught { _ = try ChildWatcher(pid) } as? GreenletError
                #expect(error?.code == code, "\(pid)")
                #expect(error?.message.contains("process \(pid)") == true)
            }
        }
    }

    @Test(arguments: [false, true])
    func whomSomebodyElseHasReapedIsAClearError(bySignal: Bool) async {
        await onHub {
            let pid = try startShell("sleep 0.05")
            let child = try ChildWatcher(pid, bySignal: bySignal)
            let waiting = spawn { try child.wait() }
            try settle()
            var status: CInt = 0
            #expect(waitpid(pid, &status, 0) == pid)
            try waiting.join(timeout: .seconds(20))
            #expect((waiting.error as? GreenletError)?.cause == ECHILD)
            #expect("\(waiting.error ?? TestError())".contains("somebody else has waited for it"))
        }
    }

    @Test func aHundredLeaveNothingBehind() async {
        await onHub {
            let pids = try (0..<100).map { try startShell("exit \($0)") }
            let waiting = pids.map { pid in spawn { try waitForChild(pid) } }
            for (number, greenlet) in waiting.enumerated() {
                let status = try greenlet.get(timeout: .seconds(30))
                #expect(status == .exited(code: CInt(number)))
            }
            #expect(pids.allSatisfy(ChildWatcherTests.isGone))
            #expect(ChildWatcherTests.processDescriptors() == 0 && Hub.current.pollerCount == 0)
        }
    }

    @Test(arguments: [false, true])
    func theHubMayEndBeforeTheChild(bySignal: Bool) async throws {
        let pid = try startShell("sleep 20")
        let kept = Kept()
        try onThreadThatEnds {
            let child = try ChildWatcher(pid, bySignal: bySignal)
            kept.child = child
            spawn { _ = try child.wait() }
            try settle()
        }
        #expect(ChildWatcherTests.processDescriptors() == 0, "closed with the hub")
        kept.child = nil
        kill(pid, SIGKILL)
        await onHub {
            let status = try waitForChild(pid)
            #expect(status == .signalled(signal: SIGKILL, dumpedCore: false))
        }
    }

    /// Safe because one thread has ended before the other looks.
    private final class Kept: @unchecked Sendable {
        var child: ChildWatcher?
    }

    private final class Answer: Sendable {
        let status = Shared()
    }

    /// Safe because it is touched with the lock held only.
    private final class Shared: @unchecked Sendable {
        private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private var status: ChildStatus?

        init() { pthread_mutex_init(lock, nil) }

        deinit { lock.deallocate() }

        func set(_ new: ChildStatus?) {
            pthread_mutex_lock(lock)
            status = new
            pthread_mutex_unlock(lock)
        }

        var value: ChildStatus? {
            pthread_mutex_lock(lock)
            defer { pthread_mutex_unlock(lock) }
            return status
        }
    }
}
