// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thread for a test, which ends the process if it hangs: nothing else can stop it.

import Glibc
import GreenletCore
import Synchronization

/// Starts a thread, and a watchdog that ends the process if the thread takes longer than `limit`; a sanitizer may take
/// five times as long.
func startWatchedThread(limit: Duration, name: String, _ body: @escaping @Sendable () -> Void) {
    let deadline = ContinuousClock.now + limit * (isSanitized ? 5 : 1)
    let end = End()
    startThread {
        body()
        end.isHere.store(true, ordering: .releasing)
    }
    startThread {
        while !end.isHere.load(ordering: .acquiring) {
            usleep(20_000)
            if ContinuousClock.now > deadline {
                writeToStandardError("the test at \(name) hangs: its time limit is over")
                abort()
            }
        }
    }
}

private final class End: Sendable {
    let isHere = Atomic<Bool>(false)
}
