// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a hub tells the thread that watches it: that it goes on, and that it sleeps.

import CGreenletCore
import Glibc
import Synchronization

/// The sign of life of a hub: beats once a turn, and says when nobody need look.
///
/// Safe because all but the atomics is touched with the lock held only.
final class Pulse: @unchecked Sendable {
    /// Odd while the hub sleeps; each turn counts by two.
    private let beats = Atomic<UInt>(0)
    private let isAwaited = Atomic<Bool>(false)
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let news = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isStopped = false

    init() {
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(news, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(news)
        pthread_mutex_destroy(lock)
        news.deallocate()
        lock.deallocate()
    }
}

// The hub's side.
extension Pulse {
    /// A turn begins.
    func beat() { beats.add(2, ordering: .relaxed) }

    /// The hub may sleep now.
    func fallAsleep() { beats.add(1, ordering: .sequentiallyConsistent) }

    /// It is awake again.
    func wakeUp() {
        beats.add(1, ordering: .sequentiallyConsistent)
        if isAwaited.load(ordering: .sequentiallyConsistent) { signal {} }
    }

    /// Nobody need watch any more.
    func stop() { signal { isStopped = true } }

    private func signal(_ change: () -> Void) {
        pthread_mutex_lock(lock)
        change()
        pthread_cond_signal(news)
        pthread_mutex_unlock(lock)
    }
}

// The watcher's side.
extension Pulse {
    /// What was heard last.
    ///
    /// Nil before the first turn: who has no greenlets to serve holds up nobody.
    var lastBeat: UInt? {
        let count = beats.load(ordering: .relaxed)
        return count < 2 ? nil : count
    }

    /// Waits as long as the hub sleeps, however long that is, then for `pause`.
    ///
    /// - Returns: False if it was stopped.
    func wait(_ pause: Duration) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while !isStopped && isAsleep() { pthread_cond_wait(news, lock) }
        isAwaited.store(false, ordering: .relaxed)
        let end = Deadline(after: pause)
        while !isStopped && Deadline.now < end { cgreenlet_wait_until(news, lock, end.nanoseconds) }
        return !isStopped
    }

    /// Whether the hub sleeps, and will signal when it wakes.
    private func isAsleep() -> Bool {
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        return beats.load(ordering: .sequentiallyConsistent) & 1 == 1
    }
}
