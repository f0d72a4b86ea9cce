// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for a child process to end.

import GreenletCore

/// Waits for the end of a child process, and keeps how it ended.
///
/// ```swift
/// let child = try ChildWatcher(pid)
/// guard let status = try child.wait(timeout: .seconds(5)) else { … }  // it still runs
/// print(status)                                                       // exited with 0
/// ```
///
/// The child is reaped as soon as it has ended and the loop looks, whether somebody waits or not; so none stays behind
/// as a zombie while its watcher lives. To fork one that is watched from its first moment on, see `Hub.forkAndWatch()`. Only
/// this child is reaped, never another's. Any number of greenlets may wait, and several watchers of the same child, on
/// several threads, too: all get the same answer. A child that others wait for by `waitpid` themselves, or whose end the
/// system drops because `SIGCHLD` is ignored, is an error that says so.
///
/// With Linux 5.3 and later it is a descriptor for the process that is waited for, on whatever thread, and with 5.4 reaped
/// by: another child that has its number by then is not mistaken for it. Before that it is libuv's watcher of `SIGCHLD`.
///
/// gevent: `hub.loop.child`.
public final class ChildWatcher {
    /// The number of the process.
    public let pid: CInt
    /// How it ended; nil while it runs, as far as the loop has looked.
    ///
    /// Not a switch point.
    public var status: ChildStatus? { holder.watch.status }

    private let holder: WatchHolder<ChildWatch>

    /// Begins to watch a child.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - pid: The number of the process; it may have ended already, if nobody has waited for it yet.
    ///   - keepsHubAlive: False for one whose waits are no reason to go on: a ``LoopExit`` is thrown, and
    ///     ``Hub/join(timeout:)`` returns, as if nobody waited.
    /// - Throws: `GreenletError` with `.invalidArgument` if it can't be one process; with `.loopFailed`, and `ECHILD`
    ///   as its cause, if it is no child of this process, or somebody else has waited for it; with `.loopFailed` if no
    ///   descriptor is left.
    ///
    /// gevent: `hub.loop.child`. POSIX: `waitpid(2)`.
    public convenience init(_ pid: CInt, keepsHubAlive: Bool = true) throws {
        try self.init(pid, bySignal: false, keepsHubAlive: keepsHubAlive)
    }

    /// The same; by `SIGCHLD` if asked for, also where there is something better.
    package init(_ pid: CInt, bySignal: Bool, keepsHubAlive: Bool = true) throws {
        guard pid > 0 else {
            throw GreenletError(.invalidArgument, "can't watch process \(pid): the number of one process is above 0")
        }
        self.pid = pid
        let watch = ChildWatch(pid, isCounted: keepsHubAlive)
        holder = WatchHolder(watch)
        try watch.start(bySignal: bySignal)
    }

    /// Begins to watch a child of which nobody knows but who forked.
    ///
    /// Never fails: where it can't be watched now, it stays until it is waited for, and that tries again.
    init(forked pid: CInt) {
        self.pid = pid
        let watch = ChildWatch(pid)
        holder = WatchHolder(watch)
        try? watch.start(bySignal: false)
    }

    /// Waits until the child has ended.
    ///
    /// Switch point, unless it has.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: How it ended; nil if the time ran out.
    /// - Throws: `GreenletError` with `.loopFailed`, and `ECHILD` as its cause, if somebody else has waited for it;
    ///   whatever the waiting greenlet is killed with.
    ///
    /// gevent: `gevent.os.waitpid`. POSIX: `waitpid(2)`.
    public func wait(timeout: Duration? = nil) throws -> ChildStatus? {
        defer { withExtendedLifetime(self) {} }  // what it has on the hub goes with it
        let watch = holder.watch
        watch.hub.checkThread("wait", self)
        return try watch.wait(timeout: timeout)
    }

    /// Throws `error` in all that wait by this watcher.
    ///
    /// Not a switch point. They get it in their turn; who waits together with other things finds it ready. The child is
    /// watched on.
    ///
    /// - Parameter error: What to throw.
    ///
    /// gevent: `Hub.cancel_wait`.
    public func cancelWaits(with error: any Error) {
        holder.watch.hub.checkThread("cancelWaits", self)
        holder.watch.waiters.wakeAll(throwing: error)
    }
}

/// Ready when it has ended, or will never be heard of again.
extension ChildWatcher: Waitable {
    /// Whether it has ended.
    public var readiness: Readiness {
        let watch = holder.watch
        watch.hub.checkThread("wait", self)
        watch.look()
        // It stays so, but `cancelWaits(with:)` tells all too early.
        return Readiness(watch.status != nil || watch.isLost, canBeTaken: true, tells: try self.list)
    }

    private var list: WaitList {
        get throws {
            try holder.watch.start(bySignal: false)
            let waiters = holder.watch.waiters
            waiters.abandoned = { self.holder.watch.waiters.abandoned = {} }  // alive until nobody waits
            return waiters
        }
    }
}

extension ChildWatcher: CustomStringConvertible {
    /// `process 4711, which runs`.
    public var description: String { holder.watch.description }
}

@available(*, unavailable)
extension ChildWatcher: Sendable {}

/// Waits until a child process has ended.
///
/// Switch point, unless it has.
///
/// The child is reaped; asked again for the same, the answer is an error, unless somebody still holds a `ChildWatcher` of
/// it: then it is the same answer. After a wait that took too long, or was ended
/// by a kill, the child can still be waited for, though it ended in that very moment.
///
/// - Parameters:
///   - pid: The number of the process.
///   - timeout: At most how long; nil means for ever.
/// - Returns: How it ended; nil if the time ran out.
/// - Throws: As `ChildWatcher`.
///
/// gevent: `gevent.os.waitpid`. POSIX: `waitpid(2)`.
public func waitForChild(_ pid: CInt, timeout: Duration? = nil) throws -> ChildStatus? {
    try ChildWatcher(pid).wait(timeout: timeout)
}
