// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What crossing threads costs: work for a hub from another thread, an answer from there, and a permit that threads share.

import Glibc
import GreenletHub

/// Another thread submits, the hub runs: an operation is one submission, from the call until it has run.
///
/// In a greenlet, or in the loop. The hub sleeps when it has run all that was there, so how often it is woken depends on
/// who is faster.
func submissions(_ count: Int, asCallbacks: Bool) throws -> Figures {
    try measure(count) { count in
        let (hub, allRan, left) = (Hub.current.handle, ThreadSafeEvent(), Countdown(count))
        let run: @Sendable () -> Void = { if left.isLast() { allRan.set() } }
        try onThread {
            for _ in 0..<count {
                if asCallbacks { try? hub.runCallback(run) } else { try? hub.submit(run) }
            }
        }
        try allRan.wait()
        return count
    }
}

/// A thread without a hub calls into one that sleeps, and waits for the answer: an operation is there and back.
func calls(_ count: Int) throws -> Figures {
    try measure(count) { count in
        let (hub, isOver) = (Hub.current.handle, ThreadSafeEvent())
        try onThread {
            for number in 0..<count {
                let answer = try? hub.call { number + 1 }
                precondition(answer == number + 1, "a call was lost")
            }
            isOver.set()
        }
        try isOver.wait()
        return count
    }
}

/// Takes and releases a permit that nobody else wants.
func sharedPermits(_ count: Int) throws -> Figures {
    let semaphore = ThreadSafeSemaphore(1)
    return try measure(count) { count in
        for _ in 0..<count { try semaphore.withPermit {} }
        return count
    }
}

/// How many are to come; the hub's thread counts.
///
/// Safe because only that touches it.
private final class Countdown: @unchecked Sendable {
    @exclusivity(unchecked) private var left: Int

    init(_ count: Int) { left = count }

    func isLast() -> Bool {
        left -= 1
        return left == 0
    }
}

/// Runs `body` on a thread of its own.
private func onThread(_ body: @escaping @Sendable () -> Void) throws {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let status = pthread_create(
        &thread,
        nil,
        { argument in
            if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        },
        Unmanaged.passRetained(Body(body)).toOpaque()
    )
    precondition(status == 0, "can't start a thread")
    pthread_detach(thread)
}
