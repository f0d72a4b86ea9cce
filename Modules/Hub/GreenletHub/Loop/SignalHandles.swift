// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who watches signals in this process: in the child of a fork those of other threads must not, for they'd tell the parent.

import CGreenletCore
import CGreenletUV
import Glibc

/// The handles of libuv that watch signals, of all threads.
///
/// libuv's signal handler writes into a pipe of the watching loop. A child shares that pipe with its parent, and the loops
/// of other threads are not there to be given new ones: a SIGTERM for the child would end the parent, too.
enum SignalHandles {
    typealias Handle = UnsafeMutablePointer<uv_signal_t>

    // Safe because it is only touched with the lock held, which a fork holds as well.
    private nonisolated(unsafe) static var all: [Handle: UnsafeMutableRawPointer] = [:]
    /// Safe because it is made once and never goes.
    private nonisolated(unsafe) static let lock = {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        return lock
    }()

    static func insert(_ handle: Handle, of hub: Hub) {
        withLock { all[handle] = UnsafeMutableRawPointer(hub.record) }
    }

    static func remove(_ handle: Handle) { withLock { all[handle] = nil } }

    private static func withLock(_ body: () -> Void) {
        pthread_mutex_lock(lock)
        body()
        pthread_mutex_unlock(lock)
    }

    /// A fork begins.
    static func beforeFork() { pthread_mutex_lock(lock) }

    /// A fork has ended, in the parent.
    static func afterFork() { pthread_mutex_unlock(lock) }

    /// A fork has ended, in the child: other threads no longer watch.
    static func afterForkInChild() {
        let own = cgreenlet_thread_if_started().map { UnsafeMutableRawPointer($0) }
        for (handle, thread) in all where thread != own { uv_signal_stop(handle) }
        if all.values.contains(where: { $0 != own }) { all = all.filter { $0.value == own } }
        pthread_mutex_unlock(lock)
    }
}
