// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The children that are watched, of all threads: each is reaped once, and all who watch it get the answer.

import CGreenletPort
import Glibc
import GreenletCore

/// What is known of one watched child; shared by all its watchers, on whatever threads.
///
/// Safe because its state is touched with the lock of `Children` held only.
final class WatchedChild: @unchecked Sendable {
    let pid: pid_t
    fileprivate var end: ChildEnd?
    fileprivate var watcherCount = 0
    /// Whether its end is kept for the next who asks.
    fileprivate var isOwed = false

    fileprivate init(_ pid: pid_t) { self.pid = pid }
}

/// The end of a child, as far as one can know it.
enum ChildEnd {
    case ended(ChildStatus)
    /// The kernel doesn't know it, or no longer.
    case unknown
}

/// The table of watched children.
///
/// Only whoever watches a child looks for it, by its descriptor or number: nobody else's children are ever reaped here.
///
/// Safe because all of it is touched with the lock held only. A `pthread_mutex_t` and not a `Mutex`: the kernel hands
/// that one over when two threads want it, which the thread sanitizer doesn't see.
final class Children: @unchecked Sendable {
    static let all = Children()

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Those that somebody watches, also when they have ended.
    private var known: [pid_t: WatchedChild] = [:]

    private init() { pthread_mutex_init(lock, nil) }

    /// One more watcher.
    func add(_ pid: pid_t) -> WatchedChild {
        withLock {
            let child = find(pid)
            known[pid] = child
            child.watcherCount += 1
            return child
        }
    }

    /// The child that has this number now, or had it last.
    private func find(_ pid: pid_t) -> WatchedChild {
        let child = known[pid]
        if let child, child.end == nil { return child }
        let fresh = WatchedChild(pid)
        guard let child else { return fresh }
        // When that one had been reaped, its number may have become another child's.
        fresh.end = reap(pid)
        if case .unknown = fresh.end { return child }
        return fresh
    }

    /// A watcher goes.
    func remove(_ child: WatchedChild) {
        withLock {
            child.watcherCount -= 1
            if child.watcherCount == 0, !child.isOwed, known[child.pid] === child { known[child.pid] = nil }
        }
    }

    /// Says whether somebody was told how it ended, or could not be, and the next who asks shall be.
    func settle(_ child: WatchedChild, isOwed: Bool) { withLock { child.isOwed = isOwed } }

    /// Reaps the child if it has ended.
    ///
    /// - Parameters:
    ///   - child: Which.
    ///   - descriptor: One for its process; below 0 if there is none, and it is known by its number only.
    /// - Returns: How it ended; nil if it runs.
    func look(_ child: WatchedChild, at descriptor: CInt) -> ChildEnd? {
        withLock {
            if let end = child.end { return end }
            let found = descriptor < 0 ? reap(child.pid) : reap(at: descriptor, child.pid)
            // If somebody else has reaped it, its number may be another child's by now, whom others watch by this.
            if descriptor >= 0, case .unknown = found { return found }
            child.end = found
            return found
        }
    }

    private func reap(at descriptor: CInt, _ pid: pid_t) -> ChildEnd? {
        var status: CInt = 0
        let found = cgreenlet_port_reap_process(descriptor, &status)
        if found == -EINVAL { return reap(pid) }  // Linux 5.3
        return found == 0 ? nil : found > 0 ? .ended(ChildStatus(status)) : .unknown
    }

    private func reap(_ pid: pid_t) -> ChildEnd? {
        var status: CInt = 0
        while true {
            let found = waitpid(pid, &status, WNOHANG)
            if found == 0 { return nil }
            if found == pid { return .ended(ChildStatus(status)) }
            if errno != EINTR { return .unknown }
        }
    }

    /// A fork begins.
    func beforeFork() { pthread_mutex_lock(lock) }

    /// A fork has ended, in the parent.
    func afterFork() { pthread_mutex_unlock(lock) }

    /// A fork has ended, in the child: those were the parent's.
    func afterForkInChild() {
        known = [:]
        pthread_mutex_unlock(lock)
    }

    private func withLock<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
