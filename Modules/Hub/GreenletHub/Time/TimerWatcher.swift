// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Timers that call back, once or again and again.

import GreenletCore

/// Calls back, in the loop, when a time is over; once, or at each beat.
///
/// ```swift
/// let watchdog = TimerWatcher(after: .seconds(30)) { spawn { try connection.close() } }
/// while let line = try connection.readLine() {
///     watchdog.again()  // thirty seconds from now
///     answer(line)
/// }
/// watchdog.cancel()
/// ```
///
/// The callback runs on the hub itself and must not wait, `GreenletError` with `.blockingInHub` where it tries: it sets an
/// event, wakes a `Waiter`, or spawns a greenlet. For one that just runs later `spawn(after:_:)` is shorter, and for a
/// greenlet that does something at intervals a loop around `sleep`.
///
/// Beats keep their distance from the first: none comes late because the one before did. Beats that a busy thread has missed
/// are left out. It goes on as long as somebody holds it; the last reference may go on any thread. Until it is over, or
/// cancelled, it keeps the hub alive, if it was not told otherwise. In the child of a fork it has stopped; `again()` starts it.
///
/// It keeps its callback as long as it lives, even when it is over or cancelled, for `again()`: a callback that refers to its
/// own timer captures it weakly, or neither ever ends.
///
/// gevent: `hub.loop.timer`.
public final class TimerWatcher {
    /// How long from one beat to the next; nil if it calls once.
    public let interval: Duration?
    private let holder: WatchHolder<TimerWatch>

    /// Starts a timer.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - delay: How long from now; zero or less means in the next turn.
    ///   - interval: How long from each call to the next; nil for one call.
    ///   - keepsHubAlive: False for one that is no reason to go on: a ``LoopExit`` is thrown, and
    ///     ``Hub/join(timeout:)`` returns, as if it were not there.
    ///   - callback: What to call. It must not wait.
    /// - Precondition: `interval` is above zero.
    ///
    /// gevent: `hub.loop.timer(after, repeat, ref)`, and its `start`.
    public init(
        after delay: Duration,
        repeating interval: Duration? = nil,
        keepsHubAlive: Bool = true,
        _ callback: @escaping () -> Void
    ) {
        if let interval {
            precondition(interval > .zero, "the interval of a timer must be above zero, not \(interval)")
        }
        self.interval = interval
        let watch = TimerWatch(after: delay, repeating: interval, keepsHubAlive: keepsHubAlive, callback)
        holder = WatchHolder(watch)
        watch.start(after: delay)
    }

    /// Starts anew, whether it runs, is over, or was cancelled: the next call is a whole interval from now, or, of one that calls
    /// once, its whole delay.
    ///
    /// Not a switch point.
    ///
    /// - Precondition: This is the thread of its hub, which has not ended.
    ///
    /// gevent: `timer.again`, `timer.start`.
    public func again() {
        holder.watch.hub.checkThread("again", self)
        holder.watch.again()
    }

    /// Stops it: nothing is called any more.
    ///
    /// Not a switch point. Done, too, when the watcher goes, and when its hub ends.
    ///
    /// gevent: `timer.stop`, `timer.close`.
    public func cancel() {
        let watch = holder.watch
        if !watch.isPending { return }
        watch.hub.checkThread("cancel", self)
        watch.stop()
    }

    /// Whether a call is still to come.
    ///
    /// gevent: `timer.active`, `timer.pending`.
    public var isPending: Bool { holder.watch.isPending }
}

@available(*, unavailable)
extension TimerWatcher: Sendable {}
