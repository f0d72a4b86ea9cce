// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A timer that calls back in the loop, for what has no greenlet to wake.

import GreenletCore

/// Calls back at a time, in the loop.
///
/// Nothing is to be expected of it by itself: it counts like the timer of a `join`.
final class Alarm: StandIn {
    /// Must not run anybody else's code.
    private let ring: () -> Void
    private var timer = TimerID.none

    init(on hub: Hub, _ ring: @escaping () -> Void) {
        self.ring = ring
        super.init(on: hub)
    }

    deinit { cancel() }

    /// Rings at `deadline`, and at no other time.
    func set(to deadline: Deadline) {
        cancel()
        waitState.beginSpread()
        timer = hub.addTimer(deadline, .wake(.passUnretained(self), ticket: waitState.ticket))
        hub.uncountedTimers += 1
    }

    override func wokenAtSeveralPlaces() -> Bool {
        // The timer doesn't hold it, and whoever does may let go of it when it rings.
        let this = Unmanaged.passRetained(self)
        defer { this.release() }
        timer = .none
        hub.uncountedTimers -= 1
        ring()
        return true
    }

    /// Whether it is set.
    var isSet: Bool { !timer.isNone }

    func cancel() {
        if timer.isNone { return }
        hub.removeTimer(timer)
        timer = .none
        hub.uncountedTimers -= 1
        waitState.reset()
    }
}
