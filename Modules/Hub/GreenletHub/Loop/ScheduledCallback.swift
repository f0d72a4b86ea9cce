// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Callbacks in the next turn of the loop, which can be taken back.

import GreenletCore

/// A callback that is to run in the next turn of the loop; see `Hub.runCallback(_:)`.
///
/// Nobody need hold it.
///
/// gevent: what `loop.run_callback` returns.
public final class ScheduledCallback {
    private var callback: (() -> Void)?
    private let hub: Hub
    /// That of the loop, when it was scheduled: none goes along into the child of a fork.
    private let forkCount: Int

    fileprivate init(on hub: Hub, _ callback: @escaping () -> Void) {
        self.callback = callback
        self.hub = hub
        forkCount = hub.loop.forkCount
    }

    /// Whether it is still to run.
    ///
    /// gevent: `callback.pending`.
    public var isPending: Bool { callback != nil && forkCount == hub.loop.forkCount }

    /// Takes it back; does nothing if it has run.
    ///
    /// Not a switch point.
    ///
    /// gevent: `callback.stop`.
    public func cancel() {
        // It ends at the end, for what it holds may cancel this again.
        let former = callback.take()
        withExtendedLifetime(former) {}
    }

    fileprivate func run() { callback.take()?() }
}

@available(*, unavailable)
extension ScheduledCallback: Sendable {}

extension Hub {
    /// Runs `callback` in the loop, in its next turn.
    ///
    /// Not a switch point. Callbacks run in the order they came; one that is scheduled by another runs in the turn after. It
    /// must not wait, which is `GreenletError` with `.blockingInHub`; `spawn` is for what does.
    ///
    /// - Parameter callback: What to run.
    /// - Returns: By which it can be taken back.
    /// - Precondition: It is this thread's hub.
    ///
    /// gevent: `hub.loop.run_callback`.
    @discardableResult
    public func runCallback(_ callback: @escaping () -> Void) -> ScheduledCallback {
        checkThread("runCallback", self)
        let scheduled = ScheduledCallback(on: self, callback)
        runSoon { scheduled.run() }
        return scheduled
    }
}
