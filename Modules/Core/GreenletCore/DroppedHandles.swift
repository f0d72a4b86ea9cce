// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How a thread learns that the last reference to one of its suspended greenlets has gone, wherever that happened.

import CGreenletCore
import Glibc

/// A handle that is gone, and the stack that it leaves behind.
struct DroppedHandle {
    /// Its address: the memory is held until the news is read, so that no other object has it.
    let address: UnsafeMutableRawPointer
    let context: Context
}

/// News of dropped handles: written by whoever dropped the last reference, read by the thread that they belong to.
///
/// Safe because all of it is touched with the lock held only. A `pthread_mutex_t` and not a `Mutex`: the kernel hands
/// that one over when two threads want it, which the thread sanitizer doesn't see.
final class DroppedHandles: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let record: UnsafeMutablePointer<cgreenlet_thread>
    private var news: [DroppedHandle] = []
    private var isClosed = false

    init(of record: UnsafeMutablePointer<cgreenlet_thread>) {
        self.record = record
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Tells the thread, which looks at its next safe point; when it has ended there is nobody to tell.
    ///
    /// From any thread, by the handle's own deinit. Looks at nothing of the context: only its own thread may.
    func tell(_ dropped: DroppedHandle) {
        withLock {
            if isClosed { return }
            cgreenlet_hold(dropped.address)
            news.append(dropped)
            cgreenlet_set_attention(record, true)
        }
    }

    /// Takes all news, oldest first.
    func take() -> [DroppedHandle] {
        withLock {
            defer { news = [] }
            return news
        }
    }

    /// Says whether the thread still has something to do at its next safe point, apart from news.
    func setAttention(_ wanted: Bool) {
        withLock { cgreenlet_set_attention(record, wanted || !news.isEmpty) }
    }

    /// The thread ends: its record goes, and nobody reads news any more.
    func close() {
        withLock {
            isClosed = true
            for last in news { cgreenlet_let_go(last.address) }
            news = []
        }
    }

    /// In the child of a fork: whoever had the lock is not here to open it.
    func renewLock() { pthread_mutex_init(lock, nil) }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
