// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The decisions of a queue, without any switch: whose an item is, who has to wait, who goes on.

/// What a queue holds.
///
/// It only decides; `OrderedQueue` wakes and parks.
///
/// - While a getter waits, there is no item.
/// - While a putter waits, there is no room. There may be more items than fit: those it began with, and when it was told
///   to hold less.
/// - An item that goes to a getter who waits is his from that moment on: it lies in `handed` until he runs, and
///   nobody else can take it. Those who were woken run in the order they were.
/// - The item of a putter who waits goes in as soon as there is room, by the hand of whoever made it.
/// - In a channel there never is room: a getter takes the item out of the putter's hand.
@usableFromInline
struct QueueState<Order: QueueOrder> {
    @usableFromInline typealias Element = Order.Element

    /// What a putter who waits would put in.
    @usableFromInline
    struct Offer {
        @usableFromInline let item: Element
        @usableFromInline let putter: Waiter

        @inlinable
        init(item: Element, putter: Waiter) {
            self.item = item
            self.putter = putter
        }
    }

    /// The place of an offer among those that wait.
    @usableFromInline
    struct OfferPlace {
        @usableFromInline let number: UInt64
        /// Nil if it was withdrawn: to close each gap at once would take the longer, the more are behind it.
        @usableFromInline var offer: Offer?

        @inlinable
        init(number: UInt64, offer: Offer?) {
            self.number = number
            self.offer = offer
        }
    }

    /// How many items may lie there; `Int.max` for any number, and 0 in a channel.
    @usableFromInline var limit: Int
    @usableFromInline var items: Order
    @usableFromInline var isClosed = false
    @usableFromInline var handed = Ring<Element>()
    /// Some of these may have given up and not yet run; waking them fails then.
    @usableFromInline var offers = Ring<OfferPlace>()
    /// How many of the places are empty.
    @usableFromInline var withdrawn = 0
    @usableFromInline var nextNumber: UInt64 = 0
    /// Items that came in and were neither reported done nor dropped.
    @usableFromInline var unfinished = 0

    init(limit: Int, order: Order) {
        self.limit = limit
        items = order
        unfinished = order.count
    }

    /// Ends whatever is left; returned, so that it ends outside of this call.
    mutating func end() -> (items: [Element], handed: [Element], offers: [OfferPlace]) {
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
            unfinished &+= 1
            return .wakeGetter
        }
        if isFull { return .wait }
        items.append(item)
        unfinished &+= 1
        return .wakePeekers
    }

    /// The item of a getter who was woken.
    @inlinable
    @inline(__always)
    mutating func takeHanded() -> Element { handed.removeFirst() }

    /// In the child of a fork: the item that was handed over last is nobody's, and goes back to where it would lie.
    ///
    /// There may be more of them than fit. In a channel nothing can lie: then one of them is returned, and never came in;
    /// the first, for the last may be one that is being put in this process.
    mutating func takeBackHanded() -> Element? {
        if limit > 0 {
            items.putBack(handed.removeLast())
            return nil
        }
        if unfinished > 0 { unfinished -= 1 }
        return handed.removeFirst()
    }

    /// The first item is handed to a getter who waits; false if there is none.
    mutating func handFirst() -> Bool {
        if items.isEmpty { return false }
        handed.append(items.removeFirst())
        return true
    }

    @usableFromInline
    enum GetDecision {
        case take(Element)
        /// Of a channel: take it from a putter, if one of them still waits.
        case meetPutter
        case wait
        case fail
    }

    /// The first item.
    ///
    /// There may be room for an offer afterwards.
    @inlinable
    @inline(__always)
    mutating func get() -> GetDecision {
        if items.isEmpty {
            if limit == 0, !offers.isEmpty { return .meetPutter }
            return isClosed ? .fail : .wait
        }
        return .take(items.removeFirst())
    }

    @inlinable
    mutating func offer(_ item: Element, by putter: Waiter) -> UInt64 {
        nextNumber += 1
        offers.append(OfferPlace(number: nextNumber, offer: Offer(item: item, putter: putter)))
        return nextNumber
    }

    /// The oldest offer, if there is room for it.
    @inlinable
    @inline(__always)
    mutating func takeOffer() -> Offer? { isFull ? nil : takeOfferToMeet() }

    /// Takes in the item of an offer whose putter was told so.
    @inlinable
    mutating func admit(_ offer: Offer) {
        items.append(offer.item)
        unfinished &+= 1
    }

    /// The oldest offer, for a getter who takes its item at once.
    @inlinable
    @inline(__always)
    mutating func takeOfferToMeet() -> Offer? {
        while !offers.isEmpty {
            if let offer = offers.removeFirst().offer { return offer }
            withdrawn -= 1
        }
        return nil
    }

    /// A getter took the item of an offer whose putter was told so.
    @inlinable
    mutating func meet() { unfinished &+= 1 }

    /// The item that the next getter would be given.
    var first: Element? { items.first ?? firstOffered { _ in true } }

    /// The first item in the hands of a putter who waits and is wanted.
    func firstOffered(by isWanted: (AnyGreenlet) -> Bool) -> Element? {
        for index in 0..<offers.count {
            guard let offer = offers[index].offer, offer.putter.isWaiting else { continue }
            if isWanted(offer.putter.greenlet) { return offer.item }
        }
        return nil
    }

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
        guard let offer = offers.place(low).pointee.offer.take() else { return nil }
        withdrawn += 1
        if 2 * withdrawn > offers.count { closeGaps() }
        return offer
    }

    /// As many places are empty as not: those go.
    @inlinable
    mutating func closeGaps() {
        for _ in 0..<offers.count {
            let place = offers.removeFirst()
            if place.offer != nil { offers.append(place) }
        }
        withdrawn = 0
    }

    /// Nothing comes in any more.
    ///
    /// What is dropped is returned, so that it ends outside of this call.
    mutating func close(discarding: Bool) -> (offers: [Offer], items: [Element]) {
        isClosed = true
        let dropped = discarding ? items.removeAll() : []
        // Some of them may have been called done before they were taken out.
        unfinished = max(0, unfinished - dropped.count)
        withdrawn = 0
        return (offers.removeAll().compactMap(\.offer), dropped)
    }

    /// One item less to be done; false if none was left.
    mutating func finishOne() -> Bool {
        if unfinished == 0 { return false }
        unfinished -= 1
        return true
    }

    var offerCount: Int { offers.count - withdrawn }

    /// How many have not given up.
    var putterCount: Int { (0..<offers.count).count { offers[$0].offer?.putter.isWaiting ?? false } }
}
