// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many deadlines, of which the first matters: a heap in which what is cancelled lies until it would be in the way.

/// Names an entry of a `TimerHeap`, until it is removed or popped.
package struct TimerID: Hashable {
    fileprivate let slot: UInt32
    fileprivate let order: UInt32

    /// That of no entry: half the size of an optional.
    static var none: TimerID { TimerID(slot: .max, order: 0) }

    @inline(__always)
    var isNone: Bool { slot == .max }
}

/// A four-ary heap of deadlines, each with a payload.
///
/// Entries of one deadline come out in the order they went in.
///
/// Nearly all timeouts are cancelled, so that has to be cheap: the payload goes at once, out of a table that lies beside
/// the heap, and the entry, 16 bytes that nobody looks for, stays until it comes first, or until more than half of all are
/// such. To take each out would cost a way through the heap, in a million a dozen cache misses.
package final class TimerHeap<Payload> {
    private struct Entry {
        var deadline: UInt64
        /// Counts insertions; may wrap, as it only decides between equal deadlines.
        var order: UInt32
        var slot: UInt32

        @inline(__always)
        func precedes(_ other: Entry) -> Bool {
            if deadline != other.deadline { return deadline < other.deadline }
            return Int32(bitPattern: order &- other.order) < 0
        }
    }

    private struct Slot {
        /// Nil if the entry was removed, or the slot is free.
        var payload: Payload?
        /// That of the entry; in a free slot the next one that is free.
        var order: UInt32
    }

    private static var none: UInt32 { .max }

    // Safe because one thread has it, and nothing of anybody else's runs while it changes.
    @exclusivity(unchecked) private var heap = Slab<Entry>()
    @exclusivity(unchecked) private var slots = Slab<Slot>()
    @exclusivity(unchecked) private var firstFree = TimerHeap.none
    @exclusivity(unchecked) private var nextOrder: UInt32 = 0
    /// How many entries in the heap were removed.
    @exclusivity(unchecked) private var removed = 0

    package init() {}

    deinit {
        heap.removeAll()
        slots.removeAll()
    }

    package var isEmpty: Bool { heap.count == removed }
    package var count: Int { heap.count - removed }

    /// The earliest deadline; those removed entries go that stood before it.
    package var firstDeadline: Deadline? {
        while heap.count > 0 {
            let first = heap[0]
            if slots[Int(first.slot)].payload != nil { return Deadline(nanoseconds: first.deadline) }
            free(first.slot)
            removed -= 1
            dropFirst()
        }
        return nil
    }

    package func insert(_ deadline: Deadline, _ payload: consuming Payload) -> TimerID {
        let slot: UInt32
        let order = nextOrder
        nextOrder &+= 1
        if firstFree != Self.none {
            slot = firstFree
            firstFree = slots[Int(slot)].order
            slots[Int(slot)] = Slot(payload: payload, order: order)
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(payload: payload, order: order))
        }
        let entry = Entry(deadline: deadline.nanoseconds, order: order, slot: slot)
        let position = heap.count
        heap.append(entry)
        // Mostly it is the latest: many wait equally long.
        if position > 0, entry.precedes(heap[(position - 1) >> 2]) { siftUp(position) }
        return TimerID(slot: slot, order: order)
    }

    /// Takes an entry out; does nothing if it was removed or popped before.
    @discardableResult
    package func remove(_ id: TimerID) -> Payload? {
        let slot = Int(id.slot)
        guard slot < slots.count, slots[slot].order == id.order else { return nil }
        guard let payload = slots[slot].payload.take() else { return nil }
        if heap[heap.count - 1].slot == id.slot {
            // The last that came, as a rule: what takes its time is seldom armed later than what is over soon.
            heap.removeLast(1)
            free(id.slot)
            giveBackIfEmpty()
        } else {
            removed += 1
            if removed > 32, 2 * removed > heap.count { sweep() }
        }
        return payload
    }

    /// Takes the first entry out if its deadline is not after `now`.
    package func popDue(_ now: Deadline) -> Payload? {
        guard let deadline = firstDeadline, deadline <= now else { return nil }
        let slot = heap[0].slot
        let payload = slots[Int(slot)].payload.take()
        free(slot)
        dropFirst()
        return payload
    }

    /// Takes out all entries that `isUnwanted` says so of.
    func removeAll(where isUnwanted: (Payload) -> Bool) {
        for position in 0..<heap.count {
            let slot = Int(heap[position].slot)
            guard let payload = slots[slot].payload, isUnwanted(payload) else { continue }
            slots[slot].payload = nil
            removed += 1
        }
        if removed > 0 { sweep() }
    }

    private func free(_ slot: UInt32) {
        slots[Int(slot)].order = firstFree
        firstFree = slot
    }

    private func dropFirst() {
        let last = heap[heap.count - 1]
        heap.removeLast(1)
        if heap.count == 0 { return giveBackIfEmpty() }
        heap[0] = last
        siftDown(0)
    }

    /// All that were removed leave the heap, and take the memory with them.
    @inline(never)
    private func sweep() {
        let (entries, payloads) = (heap, slots)
        var kept = 0
        var free = firstFree
        // As the rule, for many wait equally long: then what is left is a heap as it is.
        var isAscending = true
        for position in 0..<entries.count {
            let entry = entries[position]
            if payloads[Int(entry.slot)].payload != nil {
                if kept > 0, entry.precedes(entries[kept - 1]) { isAscending = false }
                entries[kept] = entry
                kept += 1
            } else {
                payloads[Int(entry.slot)].order = free
                free = entry.slot
            }
        }
        firstFree = free
        removed = 0
        heap.removeLast(heap.count - kept)
        heap.giveBack()
        giveBackIfEmpty()
        if isAscending { return }
        for position in stride(from: (kept + 2) / 4, through: 0, by: -1) where position < kept { siftDown(position) }
    }

    /// What many took is given back when none is left.
    private func giveBackIfEmpty() {
        guard heap.count == 0, slots.count > 1024 else { return }
        heap.removeAll()
        slots.removeAll()
        firstFree = Self.none
    }

    private func siftUp(_ start: Int) {
        let entry = heap[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) >> 2
            guard entry.precedes(heap[parent]) else { break }
            heap[position] = heap[parent]
            position = parent
        }
        heap[position] = entry
    }

    private func siftDown(_ start: Int) {
        let entry = heap[start]
        var position = start
        while case let first = position * 4 + 1, first < heap.count {
            var child = first
            let end = min(first + 4, heap.count)
            for other in first..<end where heap[other].precedes(heap[child]) { child = other }
            guard heap[child].precedes(entry) else { break }
            heap[position] = heap[child]
            position = child
        }
        heap[position] = entry
    }
}
