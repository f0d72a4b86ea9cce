// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Things that are left to other threads, which end them.

import Glibc

/// Where one thread leaves things for others to drop.
///
/// Safe because of the lock; a `pthread_mutex_t`, which the thread sanitizer sees.
package final class Bin<Thing>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var things: [Thing] = []
    private var isClosed = false
    private let end: (Thing) -> Void

    fileprivate init(_ end: @escaping (Thing) -> Void) {
        self.end = end
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    package func put(_ thing: Thing) { withLock { things.append(thing) } }

    fileprivate func close() { withLock { isClosed = true } }

    /// Drops what is there until the bin is closed and empty.
    fileprivate func empty() {
        while true {
            let (taken, isDone) = withLock {
                defer { things = [] }
                return (things, isClosed)
            }
            if taken.isEmpty && isDone { return }
            if taken.isEmpty { sched_yield() }
            taken.forEach(end)
        }
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}

/// Runs `body` while other threads drop what it puts into the bin.
///
/// - Parameters:
///   - count: How many threads.
///   - end: What they do with each thing before they drop it.
///   - body: What to run, here and now.
package func withDroppers<Thing>(
    _ count: Int = 1,
    ending end: @escaping (Thing) -> Void = { _ in },
    _ body: (Bin<Thing>) throws -> Void
) rethrows {
    let bin = Bin(end)
    let threads = (0..<count).map { _ in startJoinableThread { bin.empty() } }
    defer {
        bin.close()
        for thread in threads { pthread_join(thread, nil) }
    }
    try body(bin)
}
