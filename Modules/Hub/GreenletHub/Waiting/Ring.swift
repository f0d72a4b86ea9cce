// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What queues lie in: compiled where the type of its elements is known, so that an append is a store.

/// Elements, first in, first out, in memory that only grows.
///
/// Not copied: it has one owner, who ends it by `removeAll()`.
@usableFromInline
struct Ring<Element> {
    @usableFromInline var slots: UnsafeMutablePointer<Element>?
    /// How many fit, less one: a power of two; -1 if there is no memory yet.
    @usableFromInline var mask = -1
    // They only grow; the slot is what the mask leaves of them.
    @usableFromInline var head = 0
    @usableFromInline var tail = 0

    @inlinable
    init() {}

    @inlinable
    var count: Int { tail &- head }

    @inlinable
    var isEmpty: Bool { head == tail }

    /// The place of an element, counted from the first.
    @inlinable
    @inline(__always)
    func place(_ index: Int) -> UnsafeMutablePointer<Element> {
        // Safe because there is memory as soon as there was an element.
        slots.unsafelyUnwrapped + ((head &+ index) & mask)
    }

    /// The element that is so many steps behind the first.
    @inlinable
    subscript(_ index: Int) -> Element { place(index).pointee }

    @inlinable
    @inline(__always)
    mutating func append(_ element: consuming Element) {
        if count > mask { grow() }
        place(count).initialize(to: element)
        tail &+= 1
    }

    /// Takes the first element out; there must be one.
    @inlinable
    @inline(__always)
    mutating func removeFirst() -> Element {
        precondition(!isEmpty)
        let element = place(0).move()
        head &+= 1
        return element
    }

    /// Takes the last element out; there must be one.
    @inlinable
    mutating func removeLast() -> Element {
        precondition(!isEmpty)
        tail &-= 1
        return place(count).move()
    }

    /// Takes an element out, wherever it stands; the others keep their order.
    @inlinable
    mutating func remove(at index: Int) -> Element {
        let element = place(index).move()
        for next in (index + 1)..<max(index + 1, count) { place(next - 1).moveInitialize(from: place(next), count: 1) }
        tail &-= 1
        return element
    }

    /// Takes all out, in order, and gives the memory back.
    @inlinable
    mutating func removeAll() -> [Element] {
        var all: [Element] = []
        all.reserveCapacity(count)
        while !isEmpty { all.append(removeFirst()) }
        slots?.deallocate()
        slots = nil
        mask = -1
        return all
    }

    /// The same elements, in memory of their own.
    func copy() -> Ring {
        var other = Ring()
        for index in 0..<count { other.append(self[index]) }
        return other
    }

    @inlinable
    @inline(never)
    mutating func grow() {
        let capacity = max(8, 2 * (mask + 1))
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        let count = count
        for index in 0..<count { (larger + index).moveInitialize(from: place(index), count: 1) }
        slots?.deallocate()
        (slots, mask, head, tail) = (larger, capacity - 1, 0, count)
    }
}
