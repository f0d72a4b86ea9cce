// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many deadlines, of which the first matters: a heap whose entries can be taken out again in logarithmic time.

/// Names an entry of a `TimerHeap`, until it is removed or popped.
package struct TimerID: Hashable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32
}

/// A four-ary heap of deadlines, each with a payload.
///
/// Entries of one deadline come out in the order they went in.
///
/// A heap of small values beside a table of payloads: sifting moves 24 bytes and touches the table only for the
/// position. Removal is real, so that a million timeouts that never fire don't pile up.
package struct TimerHeap<Payload> {
    private struct Entry {
        var deadline: UInt64
        var order: UInt64
        var slot: UInt32

        func precedes(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : order < other.order
        }
    }

    private struct Slot {
        var position: UInt32
        var generation: UInt32
        var payload: Payload?
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var nextOrder: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { heap.isEmpty }
    package var count: Int { heap.count }
    package var firstDeadline: Deadline? { heap.first.map { Deadline(nanoseconds: $0.deadline) } }

    package mutating func insert(_ deadline: Deadline, _ payload: Payload) -> TimerID {
        let position = UInt32(heap.count)
        let slot: UInt32
        if let free = freeSlots.popLast() {
            slot = free
            slots[Int(slot)].payload = payload
            slots[Int(slot)].position = position
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(position: position, generation: 0, payload: payload))
        }
        heap.append(Entry(deadline: deadline.nanoseconds, order: nextOrder, slot: slot))
        nextOrder += 1
        siftUp(Int(position))
        return TimerID(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// Takes an entry out; does nothing if it was removed or popped before.
    @discardableResult
    package mutating func remove(_ id: TimerID) -> Payload? {
        guard slots[Int(id.slot)].generation == id.generation else { return nil }
        return take(Int(slots[Int(id.slot)].position))
    }

    /// Takes the first entry out if its deadline is not after `now`.
    package mutating func popDue(_ now: Deadline) -> Payload? {
        guard let first = heap.first, first.deadline <= now.nanoseconds else { return nil }
        return take(0)
    }

    /// Takes out all entries that `isUnwanted` says so of.
    mutating func removeAll(where isUnwanted: (Payload) -> Bool) {
        for slot in slots.indices {
            if let payload = slots[slot].payload, isUnwanted(payload) { _ = take(Int(slots[slot].position)) }
        }
    }

    private mutating func take(_ position: Int) -> Payload? {
        let slot = Int(heap[position].slot)
        let payload = slots[slot].payload
        slots[slot].payload = nil
        slots[slot].generation &+= 1
        freeSlots.append(UInt32(slot))
        let last = heap.removeLast()
        if position < heap.count {
            heap[position] = last
            slots[Int(last.slot)].position = UInt32(position)
            siftUp(position)
            siftDown(Int(slots[Int(last.slot)].position))
        }
        return payload
    }

    private mutating func siftUp(_ start: Int) {
        let entry = heap[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) / 4
            guard entry.precedes(heap[parent]) else { break }
            place(heap[parent], at: position)
            position = parent
        }
        if position != start { place(entry, at: position) }
    }

    private mutating func siftDown(_ start: Int) {
        let entry = heap[start]
        var position = start
        while let child = earliestChild(of: position), heap[child].precedes(entry) {
            place(heap[child], at: position)
            position = child
        }
        if position != start { place(entry, at: position) }
    }

    private func earliestChild(of position: Int) -> Int? {
        let first = position * 4 + 1
        guard first < heap.count else { return nil }
        var best = first
        for child in (first + 1)..<max(first + 1, min(first + 4, heap.count)) where heap[child].precedes(heap[best]) {
            best = child
        }
        return best
    }

    private mutating func place(_ entry: Entry, at position: Int) {
        heap[position] = entry
        slots[Int(entry.slot)].position = UInt32(position)
    }
}
