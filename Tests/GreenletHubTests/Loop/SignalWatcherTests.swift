// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Signals as greenlets.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite(.serialized) struct SignalWatcherTests {
    @Test func eachArrivalRunsTheHandlerInAGreenletThatMayWait() async {
        await onHub {
            var handled = 0
            let watcher = try SignalWatcher(SIGWINCH) {  // ignored where nobody watches
                try sleep(.milliseconds(1))
                handled += 1
            }
            for round in 1...3 {
                kill(getpid(), SIGWINCH)
                for _ in 0..<2_000 where handled < round { try sleep(.milliseconds(5)) }
                #expect(handled == round)
            }
            watcher.cancel()
            watcher.cancel()
            kill(getpid(), SIGWINCH)
            try sleep(.milliseconds(10))
            #expect(handled == 3)
        }
    }

    @Test func watchingIsNotWaiting() async {
        await onHub {
            let watcher = try SignalWatcher(SIGWINCH) {}
            #expect(throws: LoopExit.self) { try Event().wait() }
            watcher.cancel()
        }
    }

    @Test func whatCannotBeWatchedIsAnErrorAndLeavesNothing() async {
        await onHub {
            let error = caught { _ = try SignalWatcher(SIGKILL) {} } as? GreenletError
            #expect(error?.code == .loopFailed && error?.cause == EINVAL)
            #expect(error?.message.hasPrefix("watching signal 9 failed") == true)
        }
    }

    @Test func itEndsWithItsHubAtTheLatest() async {
        let kept = Kept()
        await onHub(allowingLeftovers: true) { kept.watcher = try SignalWatcher(SIGWINCH) {} }
        usleep(20_000)
        kill(getpid(), SIGWINCH)
        await onHub { kept.watcher?.cancel() }  // which has been done already
        kept.watcher = nil
    }

    /// Safe because one thread has ended before the other looks.
    private final class Kept: @unchecked Sendable {
        var watcher: SignalWatcher?
    }
}
