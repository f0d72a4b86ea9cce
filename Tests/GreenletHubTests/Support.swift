// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Small things that several tests of the hub need.

import Glibc
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

struct TestError: Error, Equatable {
    let number: Int

    init(_ number: Int = 0) { self.number = number }
}

/// Lets everybody who can run do so, several times over.
func settle() throws {
    for _ in 0..<5 { try yieldNow() }
}

/// How long `body` takes.
func elapsed(_ body: () throws -> Void) rethrows -> Duration { try ContinuousClock().measure(body) }

/// Seconds that this thread has run on a processor.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How often this thread has gone to sleep: each time, it was woken for something.
func timesAsleep() -> Int {
    var usage = rusage()
    getrusage(1, &usage)  // RUSAGE_THREAD
    return usage.ru_nvcsw
}

/// What a greenlet throws, or nil.
func caught(_ body: () throws -> Void) -> (any Error)? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}

/// Gathers what `errorHandler` is told, from now on.
final class Reports {
    private(set) var list: [(greenlet: AnyGreenlet, error: any Error)] = []

    init() { Hub.current.errorHandler = { [unowned self] in list.append(($0, $1)) } }

    var errors: [TestError] { list.compactMap { $0.error as? TestError } }
}

/// Runs `body` on a thread with a hub of its own, and waits until both have ended.
func onThreadThatEnds(_ body: @escaping @Sendable () throws -> Void) throws {
    let outcome = Mutex<(any Error)?>(nil)
    runOnThreadAndWait {
        do { try body() } catch { outcome.withLock { $0 = error } }
    }
    if let error = outcome.withLock({ $0 }) { throw error }
}
