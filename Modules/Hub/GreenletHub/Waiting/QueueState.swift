// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The decisions of a queue, without any switch: whose an item is, who has to wait, who goes on.

/// What a queue holds.
///
/// It only decides; `Queue` wakes and parks.
///
/// - While a getter waits, there is no item.
/// - While a putter waits, there is no room.
/// - An item that goes to a getter who waits is his from that moment on: it lies in `handed` until he runs, and
///   nobody else can take it. Those who were woken run in the order they were.
/// - The item of a putter who waits goes in as soon as there is room, by the hand of whoever made it.
@usableFromInline
struct QueueState<Element> {
    /// What a putter who waits would put in.
    @usableFromInline
    struct Offer {
        @usableFromInline let number: UInt64
        @usableFromInline let item: Element
        @usableFromInline let putter: Waiter

        @inlinable
        init(number: UInt64, item: Element, putter: Waiter) {
            self.number = number
            self.item = item
            self.putter = putter
        }
    }

    let capacity: Int?
    /// The same, but `Int.max` for any number.
    @usableFromInline let limit: Int
    @usableFromInline var items = Ring<Element>()
    @usableFromInline var isClosed = false
    @usableFromInline var handed = Ring<Element>()
    /// Some of these may have given up and not yet run; waking them fails then.
    @usableFromInline var offers = Ring<Offer>()
    @usableFromInline var nextNumber: UInt64 = 0

    init(capacity: Int?) {
        self.capacity = capacity
        limit = capacity ?? Int.max
    }

    /// Ends whatever is left; returned, so that it ends outside of this call.
    mutating func end() -> (items: [Element], handed: [Element], offers: [Offer]) {
        (items.removeAll(), handed.removeAll(), offers.removeAll())
    }

    @inlinable
    @inline(__always)
    var isFull: Bool { items.count >= limit }

    @usableFromInline
    enum PutDecision {
        case wakeGetter
        case wakePeekers
        case wait
        case fail
    }

    @inlinable
    @inline(__always)
    mutating func put(_ item: Element, hasGetter: Bool) -> PutDecision {
        if isClosed { return .fail }
        if hasGetter {
            handed.append(item)
            return .wakeGetter
        }
        if isFull { return .wait }
        items.append(item)
        return .wakePeekers
    }

    /// The item of a getter who was woken.
    @inlinable
    @inline(__always)
    mutating func takeHanded() -> Element { handed.removeFirst() }

    @usableFromInline
    enum GetDecision {
        case take(Element)
        case wait
        case fail
    }

    /// The first item.
    ///
    /// There may be room for an offer afterwards.
    @inlinable
    @inline(__always)
    mutating func get() -> GetDecision {
        if items.isEmpty { return isClosed ? .fail : .wait }
        return .take(items.removeFirst())
    }

    @inlinable
    mutating func offer(_ item: Element, by putter: Waiter) -> UInt64 {
        nextNumber += 1
        offers.append(Offer(number: nextNumber, item: item, putter: putter))
        return nextNumber
    }

    /// The oldest offer, if there is room for it.
    @inlinable
    @inline(__always)
    mutating func takeOffer() -> Offer? { isFull || offers.isEmpty ? nil : offers.removeFirst() }

    /// Takes in the item of an offer whose putter was told so.
    @inlinable
    mutating func admit(_ offer: Offer) { items.append(offer.item) }

    /// A putter gave up.
    ///
    /// His item is returned, so that it doesn't end inside this call, where its end might use us.
    @inlinable
    mutating func withdrawOffer(_ number: UInt64) -> Offer? {
        // Numbers ascend.
        var (low, high) = (0, offers.count)
        while low < high {
            let middle = (low + high) / 2
            if offers[middle].number < number { low = middle + 1 } else { high = middle }
        }
        guard low < offers.count, offers[low].number == number else { return nil }
        return offers.remove(at: low)
    }

    /// Nothing comes in any more.
    ///
    /// What is dropped is returned, so that it ends outside of this call.
    mutating func close(discarding: Bool) -> (offers: [Offer], items: [Element]) {
        isClosed = true
        return (offers.removeAll(), discarding ? items.removeAll() : [])
    }

    var offerCount: Int { offers.count }
}
