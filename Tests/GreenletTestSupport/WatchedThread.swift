// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thread for a test, which ends the process if it hangs: nothing else can stop it.

import Glibc
import GreenletCore
import Synchronization

/// Starts a thread, and a watchdog that ends the process if the thread takes longer than `limit`; a sanitizer may take
/// five times as long.
func startWatchedThread(limit: Duration, name: String, _ body: @escaping @Sendable () -> Void) {
    let work = Work(name: name, deadline: ContinuousClock.now + limit * (isSanitized ? 5 : 1), body: body)
    work.launch { work in
        work.body()
        work.isDone.store(true, ordering: .releasing)
    }
    work.launch { work in
        while !work.isDone.load(ordering: .acquiring) {
            usleep(20_000)
            if ContinuousClock.now > work.deadline {
                writeToStandardError("the test at \(work.name) hangs: its time limit is over")
                abort()
            }
        }
    }
}

private final class Work: Sendable {
    let name: String
    let deadline: ContinuousClock.Instant
    let body: @Sendable () -> Void
    let isDone = Atomic<Bool>(false)

    init(name: String, deadline: ContinuousClock.Instant, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.deadline = deadline
        self.body = body
    }

    func launch(_ run: @escaping @Sendable (Work) -> Void) {
        let start = Unmanaged.passRetained(Launch(work: self, run: run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let launch = Unmanaged<Launch>.fromOpaque(argument).takeRetainedValue()
                launch.run(launch.work)
                return nil
            },
            start.toOpaque()
        )
        precondition(status == 0, "pthread_create: \(describeErrno(status))")
        pthread_detach(thread)
    }
}

private final class Launch {
    let work: Work
    let run: @Sendable (Work) -> Void

    init(work: Work, run: @escaping @Sendable (Work) -> Void) {
        self.work = work
        self.run = run
    }
}
