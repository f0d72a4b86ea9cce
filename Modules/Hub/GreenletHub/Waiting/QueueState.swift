// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The decisions of a queue, without any switch: whose an item is, who has to wait, who goes on.

import DequeModule

/// What a queue holds.
///
/// It only decides; `Queue` wakes and parks.
///
/// - While a getter waits, there is no item.
/// - While a putter waits, there is no room.
/// - An item that goes to a getter who waits is his from that moment on: it lies in `handed` until he runs, and
///   nobody else can take it. Those who were woken run in the order they were.
/// - The item of a putter who waits goes in as soon as there is room, by the hand of whoever made it.
struct QueueState<Element> {
    /// What a putter who waits would put in.
    struct Offer {
        let number: UInt64
        let item: Element
        let putter: Waiter
    }

    let capacity: Int?
    private(set) var items: Deque<Element> = []
    private(set) var isClosed = false
    private var handed: Deque<Element> = []
    /// Some of these may have given up and not yet run; waking them fails then.
    private var offers: Deque<Offer> = []
    private var nextNumber: UInt64 = 0

    init(capacity: Int?) { self.capacity = capacity }

    var isFull: Bool {
        guard let capacity else { return false }
        return items.count >= capacity
    }

    enum PutDecision {
        case wakeGetter
        case wakePeekers
        case wait
        case fail
    }

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
    mutating func takeHanded() -> Element { handed.removeFirst() }

    enum GetDecision {
        case take(Element)
        case wait
        case fail
    }

    /// The first item.
    ///
    /// There may be room for an offer afterwards.
    mutating func get() -> GetDecision {
        if let item = items.popFirst() { return .take(item) }
        return isClosed ? .fail : .wait
    }

    mutating func offer(_ item: Element, by putter: Waiter) -> UInt64 {
        nextNumber += 1
        offers.append(Offer(number: nextNumber, item: item, putter: putter))
        return nextNumber
    }

    /// The oldest offer, if there is room for it.
    mutating func takeOffer() -> Offer? { isFull ? nil : offers.popFirst() }

    /// Takes in the item of an offer whose putter was told so.
    mutating func admit(_ offer: Offer) { items.append(offer.item) }

    /// A putter gave up.
    ///
    /// His item is returned, so that it doesn't end inside this call, where its end might use us.
    mutating func withdrawOffer(_ number: UInt64) -> Offer? {
        // Numbers ascend.
        var (low, high) = (offers.startIndex, offers.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if offers[middle].number < number { low = middle + 1 } else { high = middle }
        }
        guard low < offers.endIndex, offers[low].number == number else { return nil }
        return offers.remove(at: low)
    }

    /// Nothing comes in any more.
    ///
    /// What is dropped is returned, so that it ends outside of this call.
    mutating func close(discarding: Bool) -> (offers: Deque<Offer>, items: Deque<Element>) {
        isClosed = true
        let dropped = (offers, discarding ? items : [])
        offers = []
        if discarding { items = [] }
        return dropped
    }

    var offerCount: Int { offers.count }
}
