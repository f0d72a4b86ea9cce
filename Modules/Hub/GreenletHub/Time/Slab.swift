// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What timers lie in: an array that grows without a copy, for a large one is moved by the page tables.

import Glibc

/// Elements side by side, in memory that `realloc` grows and shrinks.
///
/// Not copied: it has one owner, who ends it by `removeAll()`. Indices aren't checked.
struct Slab<Element> {
    // Safe because a value may be moved as bytes, unless it is a weak reference, and those aren't kept here.
    private var elements: UnsafeMutablePointer<Element>?
    private(set) var count = 0
    private var capacity = 0

    subscript(_ index: Int) -> Element {
        @inline(__always) get { elements.unsafelyUnwrapped[index] }
        @inline(__always) nonmutating _modify { yield &elements.unsafelyUnwrapped[index] }
    }

    @inline(__always)
    mutating func append(_ element: consuming Element) {
        if count == capacity { resize(to: max(16, 2 * capacity)) }
        (elements.unsafelyUnwrapped + count).initialize(to: element)
        count += 1
    }

    mutating func removeLast(_ number: Int) {
        count -= number
        (elements.unsafelyUnwrapped + count).deinitialize(count: number)
    }

    /// Ends all, and the memory.
    mutating func removeAll() {
        elements?.deinitialize(count: count)
        free(elements)
        (elements, count, capacity) = (nil, 0, 0)
    }

    /// Gives memory back, if it is much more than is needed.
    mutating func giveBack() { if capacity > 1024, count < capacity / 4 { resize(to: max(16, 2 * count)) } }

    @inline(never)
    private mutating func resize(to capacity: Int) {
        guard let memory = realloc(elements, capacity * MemoryLayout<Element>.stride) else {
            fatalError("no memory for \(capacity) timers")
        }
        elements = memory.assumingMemoryBound(to: Element.self)
        self.capacity = capacity
    }
}
