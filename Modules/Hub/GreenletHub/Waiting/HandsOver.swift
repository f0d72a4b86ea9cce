// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What was given to a greenlet before it ran, and never will run here: taken back in the child of a fork.

/// Gives greenlets that wait something which is theirs before they run: an item, a permit, a lock.
protocol HandsOver: AnyObject {
    /// Takes back what a greenlet was given that has stayed in the parent process, and had not run yet.
    ///
    /// Called for the last one that was given something first, when nobody of the parent's waits any more.
    ///
    /// - Parameters:
    ///   - greenlet: Who was given it.
    ///   - operation: What he waited for, as `WaitReason` has it.
    func takeBack(from greenlet: AnyGreenlet, _ operation: String)
}

extension AnyGreenlet {
    /// Whether it has been woken, as it wanted, and not run since: what it was given it has not come for.
    var isServed: Bool { isQueued && waitState.phase == .ready }

    /// Gives back what it was given.
    ///
    /// - Precondition: It was served when the process was forked.
    func giveBack() {
        guard let reason, let place = reason.object as? any HandsOver else { return }
        place.takeBack(from: self, reason.operation)
    }
}

extension Semaphore: HandsOver {
    func takeBack(from greenlet: AnyGreenlet, _ operation: String) {
        if operation == "acquire" { release() }
    }
}

extension ReentrantLock: HandsOver {
    func takeBack(from greenlet: AnyGreenlet, _ operation: String) {
        if owner === greenlet { _ = giveUp() }
    }
}

extension OrderedQueue: HandsOver {
    func takeBack(from greenlet: AnyGreenlet, _ operation: String) {
        guard operation == "get" || operation == "get from" else { return }
        if let item = state.takeBackHanded() {
            // In a channel nothing can lie, and its getter has it in the parent; what it holds would end with it.
            _ = Unmanaged.passRetained(ItemOfParent(item))
        } else {
            greenlet.hub.runSoon { [self] in serveGetter() }
        }
    }

    /// An item lies there again: if a get was the first use of the hub, it had looked before, and waits.
    private func serveGetter() {
        guard getters.count > 0, state.handFirst() else { return }
        getters.wakeFirst()
        fillUp()
    }
}

/// An item that the parent process goes on with.
private final class ItemOfParent<Item> {
    let item: Item
    init(_ item: Item) { self.item = item }
}

extension Choosing: HandsOver {
    func takeBack(from greenlet: AnyGreenlet, _ operation: String) { taken?.giveBackAsServed() }
}
