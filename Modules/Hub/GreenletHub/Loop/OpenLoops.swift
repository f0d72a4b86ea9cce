// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The loops of all threads: the child of a fork has but one of the threads, and closes what the others' loops had open.

import CGreenletUV
import Glibc

/// The loops of this process that are open.
///
/// A child inherits the descriptors of all of them, and nobody in it would ever close those of other threads. It does so inside
/// of `fork`: later the numbers may be others'.
enum OpenLoops {
    // Unretained. Safe because a loop leaves before it goes, and all is touched with the lock held, which a fork holds as well.
    private nonisolated(unsafe) static var all: [Unmanaged<Loop>] = []
    /// Safe because it is made once and never goes.
    private nonisolated(unsafe) static let lock = {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        return lock
    }()

    static func insert(_ loop: Loop) { withLock { all.append(.passUnretained(loop)) } }

    static func remove(_ loop: Loop) { withLock { all.removeAll { $0.isSame(as: loop) } } }

    private static func withLock(_ body: () -> Void) {
        pthread_mutex_lock(lock)
        body()
        pthread_mutex_unlock(lock)
    }

    /// A fork begins.
    static func beforeFork() { pthread_mutex_lock(lock) }

    /// A fork has ended, in the parent.
    static func afterFork() { pthread_mutex_unlock(lock) }

    /// A fork has ended, in the child, whose own loop is repaired when it is used.
    static func afterForkInChild(keeping own: Loop?) {
        func isOwn(_ loop: Unmanaged<Loop>) -> Bool { own.map(loop.isSame) ?? false }
        for loop in all where !isOwn(loop) { loop._withUnsafeGuaranteedRef { $0.closeDescriptorsOnly() } }
        all.removeAll { !isOwn($0) }
        pthread_mutex_unlock(lock)
    }
}

extension Unmanaged<Loop> {
    fileprivate func isSame(as loop: Loop) -> Bool { toOpaque() == Unmanaged.passUnretained(loop).toOpaque() }
}

extension Loop {
    /// In the child of a fork that another thread called: closes what this loop has open, and touches nothing else, for its
    /// thread may have been in the midst of anything.
    fileprivate func closeDescriptorsOnly() {
        let uv = uvLoop.pointee
        let descriptors = [
            port, uv.backend_fd, uv.async_io_watcher.fd, uv.async_wfd, uv.signal_pipefd.0, uv.signal_pipefd.1,
            uv.inotify_fd, uv.emfile_fd, errands.bell,
        ]
        for descriptor in descriptors where descriptor >= 0 { closePort(descriptor) }
    }
}
