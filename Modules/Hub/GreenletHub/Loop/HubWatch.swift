// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a watcher has on its hub, apart from the watcher itself: that may go on any thread.

import GreenletCore

/// What a watcher has on its hub: touched by the hub's thread only, and ended there.
///
/// The hub keeps it alive while the loop may call it, so the loop never calls something that another thread ends.
class HubWatch {
    final let hub = Hub.current
    /// Whether the hub goes on for it from its start to its end, whoever waits.
    final let keepsHubAlive: Bool

    init(keepsHubAlive: Bool = false) { self.keepsHubAlive = keepsHubAlive }

    /// From now on the loop calls it, until it is stopped, or the hub ends.
    final func isStarted() {
        let isNew = hub.watches.updateValue(self, forKey: ObjectIdentifier(self)) == nil
        if isNew && keepsHubAlive { hub.externalWaits += 1 }
    }

    /// In the child of a fork, before the loop is repaired: what is watched in both processes goes on.
    func startOverInChild() {}

    /// Lets go of what it has of the loop, which calls it no more.
    ///
    /// Called again it does nothing.
    func stop() {
        if hub.watches.removeValue(forKey: ObjectIdentifier(self)) != nil, keepsHubAlive { hub.externalWaits -= 1 }
    }
}

/// Ends what a watcher has on its hub, on the hub's thread, wherever the watcher goes.
struct WatchHolder<Watch: HubWatch>: ~Copyable {
    private let reference: Unmanaged<Watch>

    init(_ watch: Watch) { reference = .passRetained(watch) }

    var watch: Watch { reference.takeUnretainedValue() }

    deinit {
        let (hub, reference) = (watch.hub, reference)
        func end() {
            reference._withUnsafeGuaranteedRef { $0.stop() }
            reference.release()
        }
        // A hub that has ended has stopped it.
        if hub.isHere { end() } else if !hub.submit(end) { reference.release() }
    }
}
