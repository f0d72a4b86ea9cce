// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Whether a hub is watched: by whom, for how long a greenlet may run, and what is said then.

import Glibc
import GreenletCore

extension Hub {
    /// Has a thread watch this hub, and tell when a greenlet runs for too long without letting others run.
    ///
    /// Such a greenlet calculates, or calls something that blocks and is not patched: meanwhile no other greenlet of this
    /// thread runs, no timer fires, and no connection is served. It is told once it has run for `limit` (up to a quarter
    /// later), again after twice that time, and so on. Nothing is watched before the hub's first turn. While the hub
    /// sleeps, the watching thread does too.
    ///
    /// A greenlet in a system call is not disturbed. One that calculates is asked where it is by the signal `SIGURG`, as the
    /// Go runtime does: if it begins with a system call in that very moment, calls such as `poll` return with `EINTR`, as they may
    /// at any time. Where the program has a handler for that signal nobody is asked, and no backtrace is told.
    ///
    /// Called again it takes the new limit and the new report. If the variable `GREENLET_MAX_BLOCKING_TIME` is set in the
    /// environment, each hub is watched from its beginning with that many seconds as its limit.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - limit: How long a greenlet may run at a stretch. More than ``turnBudget``, or who merely shares is told, too.
    ///   - report: What to do then; the default writes the description to standard error. It is called on the watching
    ///     thread, and nothing of this hub can be touched there.
    /// - Throws: `GreenletError` with `.loopFailed` if there can be no more threads; with `.hubDestroyed` if the hub has
    ///   ended.
    /// - Precondition: `limit` is a millisecond at least, and it is this thread's hub.
    ///
    /// gevent: `Hub.start_periodic_monitoring_thread`, `GEVENT_MAX_BLOCKING_TIME`.
    public func startMonitoring(
        limit: Duration = .milliseconds(100),
        _ report: @escaping @Sendable (HubBlockage) -> Void = Hub.reportToStandardError
    ) throws {
        precondition(limit >= .milliseconds(1), "a monitor's limit must be a millisecond at least, not \(limit)")
        checkThread("watch", self)
        if isGone { throw gone("watch greenlets") }
        stopMonitoring()
        try begin(HubMonitor(self, limit: limit, report: report))
    }

    /// Ends what `startMonitoring(limit:_:)` began; waits for a report that is under way.
    ///
    /// Not a switch point. Does nothing if the hub is not watched.
    public func stopMonitoring() {
        guard let monitor else { return }
        self.monitor = nil
        monitor.stop()
    }

    /// Whether somebody watches it.
    public var isMonitored: Bool { monitor != nil }

    /// The default of `startMonitoring(limit:_:)`: writes what has happened to standard error.
    ///
    /// - Parameter blockage: What has happened.
    public static func reportToStandardError(_ blockage: HubBlockage) { writeToStandardError("greenlet: \(blockage)") }

    private func begin(_ monitor: HubMonitor) throws(GreenletError) {
        try monitor.start()
        self.monitor = monitor
    }

    /// In the child of a fork, where the thread that watched is not: another one does.
    func restartMonitoringInChild() {
        guard let former = monitor else { return }
        monitor = nil
        _ = Unmanaged.passRetained(former)  // its thread had a reference, and maybe its lock
        do {
            try begin(HubMonitor(self, limit: former.limit, report: former.report))
        } catch {
            writeToStandardError("greenlet: \(error)")
        }
    }

    /// Watches from the beginning, if the environment says so.
    func startMonitoringIfAsked() {
        guard let limit = limitOfEnvironment else { return }
        do { try startMonitoring(limit: limit) } catch { writeToStandardError("greenlet: \(error)") }
    }
}

/// What `GREENLET_MAX_BLOCKING_TIME` says; read once.
private let limitOfEnvironment: Duration? = {
    guard let text = getenv("GREENLET_MAX_BLOCKING_TIME").map({ String(cString: $0) }) else { return nil }
    if let seconds = Double(text), seconds >= 0.001, seconds < 1e6 { return .seconds(seconds) }
    writeToStandardError(
        "greenlet: GREENLET_MAX_BLOCKING_TIME is \"\(text)\", which is no number of seconds from 0.001 on: no hub is watched"
    )
    return nil
}()
