// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What other threads leave to a hub's own: the end of things that only that may touch.

import CGreenletCore
import CGreenletUV
import Glibc
import GreenletCore

/// Work that is left to the thread of a loop, by whatever other thread, until the loop ends.
///
/// Safe because all of it is touched with the lock held only. A `pthread_mutex_t` and not a `Mutex`: the kernel hands
/// that one over when two threads want it, which the thread sanitizer doesn't see.
final class Errands: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Safe because it is the loop's, which closes this first.
    private let anchor: UnsafeMutablePointer<uv_async_t>
    private var work: [() -> Void] = []
    private var isClosed = false
    private let process = getpid()

    init(_ anchor: UnsafeMutablePointer<uv_async_t>) {
        self.anchor = anchor
        pthread_mutex_init(lock, nil)
        anchor.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Has something done in the loop, which wakes up for it.
    ///
    /// From any thread.
    ///
    /// - Returns: False if the loop has ended, or is another process's, which this one was forked from: it won't be done.
    func add(_ task: @escaping () -> Void) -> Bool {
        // Before the lock, which a thread may have held that is not here.
        if getpid() != process { return false }
        return withLock {
            if isClosed { return false }
            work.append(task)
            uv_async_send(anchor)
            return true
        }
    }

    /// Does what was left, in the loop.
    func run() {
        let tasks = withLock {
            defer { work = [] }
            return work
        }
        for task in tasks { task() }
    }

    /// The loop ends: what was left is done, and nothing is left any more.
    func close() {
        withLock { isClosed = true }
        run()
    }

    private func withLock<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}

extension Hub {
    /// Has something done in the loop of this hub, which may be another thread's.
    ///
    /// - Parameter task: What to do; it must not block.
    /// - Returns: False if the hub has ended: it won't be done.
    package func submit(_ task: @escaping () -> Void) -> Bool { loop.errands.add(task) }

    /// Whether this is the calling thread's hub: in the child of a fork it is started over, if it was not.
    package var isHere: Bool {
        guard let record = cgreenlet_thread_if_started() else { return false }
        let own = Unmanaged.passUnretained(self).toOpaque()
        if record.pointee.inherited_hub == own { _ = resumeIfInherited() }
        return record.pointee.hub == own
    }
}
