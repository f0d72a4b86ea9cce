// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The greenlets that can run, in order, and a look at those who come soon.

import CGreenletCore

/// A ring of greenlets, first come, first served.
///
/// A ring, and not a list through the greenlets: so that those who come in ten steps are known without a visit to all
/// before them, and their memory can be fetched side by side.
struct RunQueue {
    /// How many greenlets have their memory fetched in one go; a power of two.
    private static let group = 4

    // Unretained. Safe because a greenlet that can run is alive until it has.
    private var slots = UnsafeMutablePointer<Unmanaged<AnyGreenlet>>.allocate(capacity: 64)
    private var mask = 63
    // They only grow; the slot is what the mask leaves of them.
    private var head = 0
    private var tail = 0

    @inline(__always)
    var isEmpty: Bool { head == tail }

    @inline(__always)
    mutating func append(_ greenlet: Unmanaged<AnyGreenlet>) {
        if tail &- head > mask { grow() }
        slots[tail & mask] = greenlet
        tail &+= 1
    }

    @inline(__always)
    mutating func popFirst() -> Unmanaged<AnyGreenlet>? {
        if isEmpty { return nil }
        let greenlet = slots[head & mask]
        head &+= 1
        if head & (Self.group - 1) == 0 { fetchAhead() }
        return greenlet
    }

    /// Takes a greenlet out, wherever it stands; the others keep their order.
    mutating func remove(_ greenlet: Unmanaged<AnyGreenlet>) {
        var end = head
        for index in head..<tail where slots[index & mask].toOpaque() != greenlet.toOpaque() {
            slots[end & mask] = slots[index & mask]
            end += 1
        }
        tail = end
    }

    mutating func deallocate() { slots.deallocate() }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Unmanaged<AnyGreenlet>>.allocate(capacity: 2 * (mask + 1))
        let count = tail - head
        for index in 0..<count { (larger + index).initialize(to: slots[(head + index) & mask]) }
        slots.deallocate()
        (slots, mask, head, tail) = (larger, 2 * mask + 1, 0, count)
    }

    /// Asks for the memory of those whose turn comes soon.
    ///
    /// With a thousand greenlets in the queue each finds its stack out of all caches, and the translation of its address
    /// as well; that costs more than the switch. So the group that comes next has its frames fetched, the one after
    /// that its contexts, which know where the stacks are, and the third the greenlets, which know the contexts.
    @inline(never)
    private func fetchAhead() {
        forGroup(0) { greenlet in
            greenlet._withUnsafeGuaranteedRef { $0.fetchWhatItNeeds() }
        }
        forGroup(1) { greenlet in
            guard let context = greenlet._withUnsafeGuaranteedRef({ $0.context }) else { return }
            cgreenlet_prefetch(context)
            cgreenlet_prefetch(UnsafeRawPointer(context) + 64)
        }
        forGroup(2) { greenlet in
            cgreenlet_prefetch(greenlet.toOpaque())
            cgreenlet_prefetch(greenlet.toOpaque() + 64)
        }
    }

    /// Those of a group, of which 0 is the one that comes next.
    @inline(__always)
    private func forGroup(_ number: Int, _ body: (Unmanaged<AnyGreenlet>) -> Void) {
        let count = tail &- head
        for index in min(number * Self.group, count)..<min((number + 1) * Self.group, count) {
            body(slots[(head &+ index) & mask])
        }
    }
}

extension AnyGreenlet {
    /// The innermost frames, and what it waited for.
    @inline(__always)
    fileprivate func fetchWhatItNeeds() {
        if let context { cgreenlet_prefetch_stack(context) }
        if let awaited { cgreenlet_prefetch(awaited) }
        guard let subject = reason?.address else { return }
        cgreenlet_prefetch(subject)
        cgreenlet_prefetch(subject + 64)
    }
}
