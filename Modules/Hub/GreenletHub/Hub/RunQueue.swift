// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The greenlets that can run, in order, and a look at those who come soon.

import CGreenletCore

/// Greenlets, first come, first served.
///
/// In a ring, and not in a list through the greenlets: so that those who come in ten steps are known without a visit to
/// all before them, and their memory can be fetched side by side.
struct RunQueue {
    /// How many greenlets have their memory fetched in one go; a power of two.
    private static let group = 4

    // Unretained. Safe because a greenlet that can run is alive until it has.
    private var ring = Ring<Unmanaged<AnyGreenlet>>()

    @inline(__always)
    var isEmpty: Bool { ring.isEmpty }

    @inline(__always)
    mutating func append(_ greenlet: Unmanaged<AnyGreenlet>) { ring.append(greenlet) }

    @inline(__always)
    mutating func popFirst() -> Unmanaged<AnyGreenlet>? {
        if isEmpty { return nil }
        let greenlet = ring.removeFirst()
        if ring.head & (Self.group - 1) == 0 { fetchAhead() }
        return greenlet
    }

    /// Takes a greenlet out, wherever it stands; the others keep their order.
    mutating func remove(_ greenlet: Unmanaged<AnyGreenlet>) {
        for index in 0..<ring.count where ring[index].toOpaque() == greenlet.toOpaque() {
            _ = ring.remove(at: index)
            return
        }
    }

    mutating func deallocate() { _ = ring.removeAll() }

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
            if let context = greenlet._withUnsafeGuaranteedRef({ $0.context }) { cgreenlet_prefetch(context) }
        }
        forGroup(2) { greenlet in
            cgreenlet_prefetch(greenlet.toOpaque())
            cgreenlet_prefetch(greenlet.toOpaque() + 64)
        }
    }

    /// Those of a group, of which 0 is the one that comes next.
    @inline(__always)
    private func forGroup(_ number: Int, _ body: (Unmanaged<AnyGreenlet>) -> Void) {
        for index in min(number * Self.group, ring.count)..<min((number + 1) * Self.group, ring.count) {
            body(ring[index])
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
