// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What can be seen of a queue from outside.

extension OrderedQueue {
    /// How many items are there.
    ///
    /// Those that were handed to a waiting getter are his, those of waiting putters still theirs: they don't count.
    ///
    /// gevent: `Queue.qsize`.
    public var count: Int { state.items.count }

    /// Whether no item is there.
    ///
    /// gevent: `Queue.empty`.
    public var isEmpty: Bool { state.items.isEmpty }

    /// Whether a put would wait.
    ///
    /// gevent: `Queue.full`.
    public var isFull: Bool { state.isFull }

    /// How many wait to put, less those who wait to get.
    ///
    /// gevent: `Channel.balance`.
    public var balance: Int { state.putterCount - getters.count }

    /// How many items came in that are neither done, as `taskDone()` tells, nor dropped.
    ///
    /// gevent: `Queue.unfinished_tasks`.
    public var unfinishedTasks: Int { state.unfinished }

    /// Whether `close()` was called.
    ///
    /// gevent: `Queue.is_shutdown`.
    public var isClosed: Bool { state.isClosed }
}

extension OrderedQueue: CustomStringConvertible {
    /// `<Queue 0x7f… 2 of 10 items, 0 getting, 1 putting>`.
    public var description: String {
        let items = capacity.map { "\(count) of \($0) items" } ?? "\(count) items"
        let waiting = "\(getters.count) getting, \(state.offerCount) putting"
        return describe(kind: Order.queueName, self, [isClosed ? "closed" : nil, items, waiting])
    }
}

/// Ready when an item is there that `tryGet()` would take, or when it is closed; waiting does not take it.
extension OrderedQueue: Waitable {
    /// Whether an item is there, or never will be.
    ///
    /// For a greenlet that offers one itself, in a `choose`, that one doesn't count.
    public var readiness: Readiness {
        Readiness(!state.items.isEmpty || isClosed || hasOffer, canBeTaken: true, tells: self.peekerList)
    }

    private var hasOffer: Bool {
        if state.offers.isEmpty { return false }
        let current = AnyGreenlet.current
        return state.firstOffered { ($0 as? Candidate)?.choosing.isOf(current) != true } != nil
    }
}

@available(*, unavailable)
extension OrderedQueue: Sendable {}
