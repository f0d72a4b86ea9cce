// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where a queue's items lie, and which of them comes out next: the part in which queues differ.

/// A place for the items of an `OrderedQueue`, which decides their order.
///
/// Each queue has one of its own. None of it switches, and none of it may use the queue.
public protocol QueueOrder<Element> {
    /// What lies there.
    associatedtype Element

    /// What a queue of this order is called in messages.
    static var queueName: String { get }

    /// How many items lie there.
    var count: Int { get }

    /// Whether no item lies there.
    var isEmpty: Bool { get }

    /// The item that comes out next; nil if there is none.
    var first: Element? { get }

    /// Takes an item in.
    ///
    /// - Parameter item: What to take in.
    mutating func append(_ item: consuming Element)

    /// Takes an item in that came before all that lie here.
    ///
    /// Happens in the child of a fork only. By default all are taken out, and in again behind it, in their order: which is
    /// right unless those that come last go first.
    ///
    /// - Parameter item: What to take in.
    mutating func putBack(_ item: consuming Element)

    /// Takes the next item out.
    ///
    /// - Returns: The item.
    /// - Precondition: There is one.
    mutating func removeFirst() -> Element

    /// Takes all items out, and gives the memory back.
    ///
    /// - Returns: The items, in their order.
    mutating func removeAll() -> [Element]

    /// Makes another place with the same items, in the same order.
    ///
    /// By default the value itself: which is right unless copies of it share memory.
    ///
    /// - Returns: The other.
    func copy() -> Self
}

extension QueueOrder {
    /// Takes an item in that came before all that lie here.
    ///
    /// - Parameter item: What to take in.
    public mutating func putBack(_ item: consuming Element) {
        let later = removeAll()
        append(item)
        for item in later { append(item) }
    }

    /// Makes another place with the same items, in the same order.
    ///
    /// - Returns: The value itself.
    public func copy() -> Self { self }
}

/// The order of a `Queue`: who comes first goes first.
public struct FirstInFirstOut<Element>: QueueOrder {
    @usableFromInline var ring: Ring<Element>

    init(ring: Ring<Element> = Ring()) { self.ring = ring }

    /// "Queue".
    public static var queueName: String { "Queue" }

    /// How many items lie there.
    @inlinable
    public var count: Int { ring.count }

    /// Whether no item lies there.
    @inlinable
    public var isEmpty: Bool { ring.isEmpty }

    /// The oldest item.
    @inlinable
    public var first: Element? { ring.isEmpty ? nil : ring[0] }

    /// Takes an item in, as the last.
    ///
    /// - Parameter item: What to take in.
    @inlinable
    @inline(__always)
    public mutating func append(_ item: consuming Element) { ring.append(item) }

    /// Takes the oldest item out.
    ///
    /// - Returns: The item.
    /// - Precondition: There is one.
    @inlinable
    @inline(__always)
    public mutating func removeFirst() -> Element { ring.removeFirst() }

    /// Takes all items out, and gives the memory back.
    ///
    /// - Returns: The items, the oldest first.
    public mutating func removeAll() -> [Element] { ring.removeAll() }

    /// Makes another place with the same items.
    ///
    /// - Returns: The other.
    public func copy() -> FirstInFirstOut { FirstInFirstOut(ring: ring.copy()) }
}

/// The order of a `LifoQueue`: who comes last goes first.
public struct LastInFirstOut<Element>: QueueOrder {
    @usableFromInline var ring: Ring<Element>

    init(ring: Ring<Element> = Ring()) { self.ring = ring }

    /// "LifoQueue".
    public static var queueName: String { "LifoQueue" }

    /// How many items lie there.
    @inlinable
    public var count: Int { ring.count }

    /// Whether no item lies there.
    @inlinable
    public var isEmpty: Bool { ring.isEmpty }

    /// The newest item.
    @inlinable
    public var first: Element? { ring.isEmpty ? nil : ring[ring.count - 1] }

    /// Takes an item in, as the first.
    ///
    /// - Parameter item: What to take in.
    @inlinable
    public mutating func append(_ item: consuming Element) { ring.append(item) }

    /// Takes an item in that came before all that lie here, as the last.
    ///
    /// - Parameter item: What to take in.
    public mutating func putBack(_ item: consuming Element) {
        let later = ring.removeAll()
        ring.append(item)
        for item in later { ring.append(item) }
    }

    /// Takes the newest item out.
    ///
    /// - Returns: The item.
    /// - Precondition: There is one.
    @inlinable
    public mutating func removeFirst() -> Element { ring.removeLast() }

    /// Takes all items out, and gives the memory back.
    ///
    /// - Returns: The items, the newest first.
    public mutating func removeAll() -> [Element] { ring.removeAll().reversed() }

    /// Makes another place with the same items.
    ///
    /// - Returns: The other.
    public func copy() -> LastInFirstOut { LastInFirstOut(ring: ring.copy()) }
}

/// The order of a `Channel`: nothing ever lies there, each item goes from hand to hand.
public struct FromHandToHand<Element>: QueueOrder {
    init() {}

    /// "Channel".
    public static var queueName: String { "Channel" }

    /// Zero.
    @inlinable
    public var count: Int { 0 }

    /// True.
    @inlinable
    public var isEmpty: Bool { true }

    /// Nil.
    @inlinable
    public var first: Element? { nil }

    /// Never happens.
    ///
    /// - Parameter item: What to take in.
    /// - Precondition: False.
    @inlinable
    public mutating func append(_ item: consuming Element) { preconditionFailure("a channel holds nothing") }

    /// Never happens.
    ///
    /// - Returns: Nothing.
    /// - Precondition: False.
    @inlinable
    public mutating func removeFirst() -> Element { preconditionFailure("a channel holds nothing") }

    /// Nothing.
    ///
    /// - Returns: No items.
    public mutating func removeAll() -> [Element] { [] }
}
