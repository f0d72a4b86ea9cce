// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How one greenlet waits at several places: others stand in the lists for it.

import GreenletCore

/// Stands in a list of waiting greenlets for one who waits at several places.
///
/// It has no stack and never runs. Whoever wakes it takes it for any other greenlet, so the ways of those who wait at one
/// place know nothing of this.
@usableFromInline
class StandIn: AnyGreenlet {
    /// Where it stands, kept alive: what led to the list may let go of it.
    private var list: WaitList?

    /// Whether something outside of this thread's greenlets will wake it, and the hub goes on for that.
    final var isExternal: Bool { list?.keepsHubAlive == true }

    init(on hub: Hub) { super.init(hub: hub, context: nil, stage: .endless) }

    override var kind: String { "StandIn" }

    /// Goes to the end of a list.
    ///
    /// - Throws: `GreenletError` with `.wrongThread` if others wait there on another thread.
    final func stand(in list: WaitList) throws {
        try list.checkThread(of: self)
        waitState.beginSpread()
        self.list = list
        list.append(self)
    }

    /// From now on nobody can wake it.
    final func leave() {
        leaveWaitList()
        waitState.reset()
        guard let left = list else { return }
        list = nil
        left.tellIfAbandoned()
    }
}
