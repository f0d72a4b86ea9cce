// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Hearing of a descriptor without being the greenlet that reads from it.

import CGreenletPort
import GreenletCore

/// Is called, in the loop, each time that news of a descriptor arrive.
///
/// It stands among the others of a poller, and takes nothing from them: what was reported is still kept for whoever
/// knows that there was nothing to read, and waits for more by a call of his own.
final class DescriptorListener: StandIn {
    private let directions: Poller.Directions
    /// Must not block.
    private let heard: () -> Void
    private(set) var poller: Poller?
    /// What to tell those who have it listen, when the descriptor is closed.
    private var refusal: (any Error)?

    init(on hub: Hub, _ directions: Poller.Directions, _ heard: @escaping () -> Void) {
        self.directions = directions
        self.heard = heard
        super.init(on: hub)
    }

    override var kind: String { "DescriptorListener" }

    /// Listens at `poller` from now on.
    func listen(at poller: Poller) {
        if let present = self.poller, present.serial == poller.serial { return }
        stop()
        self.poller = poller
        stand(at: poller)
    }

    /// Listens no more.
    func stop() {
        guard let poller else { return }
        self.poller = nil
        if !poller.isClosed { hub.loop.pollers.removeOther(Waiter(of: self), at: poller) }
        waitState.reset()
    }

    /// The descriptor is about to be closed, and this is why.
    func refuse(with error: any Error) { refusal = error }

    /// Why the descriptor was closed, if somebody has said so.
    func takeRefusal() -> (any Error)? { refusal.take() }

    private func stand(at poller: Poller) {
        waitState.beginSpread()
        hub.loop.pollers.addOther(Waiter(of: self), directions, at: poller)
    }

    override func wokenAtSeveralPlaces() -> Bool {
        if let poller, !poller.isClosed {
            hub.loop.pollers.removeOther(Waiter(of: self), at: poller)
            stand(at: poller)
        } else {
            poller = nil
        }
        heard()
        return false
    }
}

extension Hub {
    /// What a poller's generation is that was made for listeners only: whoever comes with a real one takes it over.
    private static let forListeners = UInt32.max

    /// The poller of a descriptor, for listeners only, made if there is none.
    ///
    /// - Throws: `GreenletError` with `.loopFailed` if the descriptor can't be watched.
    func pollerForListeners(_ descriptor: CInt) throws(GreenletError) -> Poller {
        if isGone { throw gone("watch descriptor \(descriptor)") }
        if let poller = loop.pollers[descriptor] {
            if try loop.watch(descriptor, serial: poller.serial) { return poller }
            forget(descriptor)  // closed behind our back, and another one by now: whoever waited for that one is told
        }
        let serial = loop.pollers.nextSerial()
        try loop.watch(descriptor, serial: serial)
        return loop.pollers.insert(descriptor, serial: serial, generation: Hub.forListeners, hub: self)
    }

    /// A listener has gone: a poller that was made for listeners goes with the last of them.
    func listenerLeft(_ poller: Poller) {
        let record = poller.record.pointee
        if poller.isClosed || record.generation != Hub.forListeners || record.isAwaited { return }
        forget(poller.descriptor)
    }

    /// Makes a poller that was made for listeners one of `generation`, if it is one, and still watches.
    func takeOver(_ poller: Poller, _ generation: UInt32) throws(GreenletError) -> Bool {
        guard poller.record.pointee.generation == Hub.forListeners else { return false }
        guard try loop.watch(poller.descriptor, serial: poller.serial) else { return false }
        poller.record.pointee.generation = generation
        return true
    }
}

extension Poller {
    /// Whether a call in this direction wouldn't wait, at this moment.
    ///
    /// Nil if the descriptor is closed.
    static func look(_ descriptor: CInt, _ direction: Direction) -> Bool? {
        let found = cgreenlet_port_look(descriptor, direction.bit)
        return found < 0 ? nil : found != 0
    }
}
