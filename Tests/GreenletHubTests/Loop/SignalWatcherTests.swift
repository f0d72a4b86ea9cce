// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Signals that are delivered as greenlets.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct SignalWatcherTests {
    /// Sends a signal to this process, which this thread then receives if no other does.
    private static func send(_ signal: CInt) {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, signal)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)  // tests run on threads of a pool that blocks all
        kill(getpid(), signal)
    }

    @Test func eachSignalIsAGreenletThatMayWait() async {
        await onHub {
            let arrived = Queue<String>()
            let watcher = try SignalWatcher(SIGUSR2) {
                try sleep(.milliseconds(1))
                try arrived.put(AnyGreenlet.current.name)
            }
            for _ in 1...2 {  // the handler stays
                SignalWatcherTests.send(SIGUSR2)
                let name = try arrived.get(timeout: .seconds(5))
                #expect(name == "signal \(SIGUSR2)")
            }
            watcher.cancel()
            watcher.cancel()
        }
    }

    @Test func anErrorOfTheHandlerIsReportedAndTheNextSignalIsHandledToo() async {
        await onHub {
            let reports = Reports()
            var count = 0
            let watcher = try SignalWatcher(SIGUSR2) {
                count += 1
                throw TestError(count)
            }
            for number in 1...2 {
                SignalWatcherTests.send(SIGUSR2)
                for _ in 0..<1_000 where count < number { try sleep(.milliseconds(5)) }
            }
            try settle()
            #expect(reports.errors == [TestError(1), TestError(2)])
            watcher.cancel()
        }
    }

    @Test func watchingIsNoReasonToWait() async {
        await onHub {
            let watcher = try SignalWatcher(SIGUSR2) {}
            let isDone = try Hub.current.join()
            #expect(isDone)
            #expect(throws: LoopExit.self) { try Event().wait() }
            watcher.cancel()
        }
    }

    @Test(arguments: [1000, -1, SIGKILL])
    func whatCanNotBeWatchedIsAnError(signal: CInt) async {
        await onHub {
            let error = try #require(caught { _ = try SignalWatcher(signal) {} } as? GreenletError)
            #expect(error.code == .loopFailed && error.message.contains("watching signal \(signal)"))
        }
    }

    @Test func itEndsWithItsHubAtTheLatest() async throws {
        let kept = Kept()
        try onThreadThatEnds { kept.watcher = try SignalWatcher(SIGWINCH) {} }
        kill(getpid(), SIGWINCH)
        await onHub { kept.watcher?.cancel() }  // which has been done already
        kept.watcher = nil
    }

    /// Safe because one thread has ended before the other looks.
    private final class Kept: @unchecked Sendable {
        var watcher: SignalWatcher?
    }
}
