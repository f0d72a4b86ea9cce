// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A heap that keeps equals in the order they came: what a PriorityQueue lies in.

/// The order of a `PriorityQueue`: the smallest goes first, and of equals the one that came first.
///
/// Taking in and taking out compare a logarithm of the number of items.
public struct SmallestFirst<Element>: QueueOrder {
    @usableFromInline
    struct Entry {
        @usableFromInline let item: Element
        /// Ascends: equals are told apart by who came first.
        @usableFromInline let number: UInt64

        @inlinable
        init(item: Element, number: UInt64) {
            self.item = item
            self.number = number
        }
    }

    /// Each entry comes before the two at twice its place and one or two more.
    @usableFromInline var entries: [Entry] = []
    @usableFromInline var nextNumber: UInt64 = 0
    @usableFromInline let isSmaller: (Element, Element) -> Bool

    init(by isSmaller: @escaping (Element, Element) -> Bool) { self.isSmaller = isSmaller }

    /// "PriorityQueue".
    public static var queueName: String { "PriorityQueue" }

    /// How many items lie there.
    @inlinable
    public var count: Int { entries.count }

    /// Whether no item lies there.
    @inlinable
    public var isEmpty: Bool { entries.isEmpty }

    /// The smallest item.
    @inlinable
    public var first: Element? { entries.first?.item }

    /// Takes an item in.
    ///
    /// - Parameter item: What to take in.
    @inlinable
    public mutating func append(_ item: consuming Element) {
        entries.append(Entry(item: item, number: nextNumber))
        nextNumber += 1
        var place = entries.count - 1
        while place > 0, comesBefore(place, (place - 1) / 2) {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes the smallest item out.
    ///
    /// - Returns: The item.
    /// - Precondition: There is one.
    @inlinable
    public mutating func removeFirst() -> Element {
        entries.swapAt(0, entries.count - 1)
        let smallest = entries.removeLast()
        var place = 0
        while let child = earlierChild(of: place), comesBefore(child, place) {
            entries.swapAt(place, child)
            place = child
        }
        return smallest.item
    }

    /// Takes all items out, and gives the memory back.
    ///
    /// - Returns: The items, the smallest first.
    public mutating func removeAll() -> [Element] {
        let sorted = entries.sorted { comesBefore($0, $1) }
        entries = []
        return sorted.map(\.item)
    }

    @inlinable
    func earlierChild(of place: Int) -> Int? {
        let (left, right) = (2 * place + 1, 2 * place + 2)
        guard left < entries.count else { return nil }
        return right < entries.count && comesBefore(right, left) ? right : left
    }

    @inlinable
    func comesBefore(_ left: Int, _ right: Int) -> Bool { comesBefore(entries[left], entries[right]) }

    @inlinable
    func comesBefore(_ left: Entry, _ right: Entry) -> Bool {
        if isSmaller(left.item, right.item) { return true }
        return left.number < right.number && !isSmaller(right.item, left.item)
    }
}
