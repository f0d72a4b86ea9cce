// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Items handed from greenlet to greenlet: the waiting and waking of all queues, whatever their order.

import GreenletCore

/// A queue between greenlets of one thread, whose items come out in an order of its own.
///
/// `Queue`, `LifoQueue`, `PriorityQueue` and `Channel` are names for it with an order each, and have all that it has.
///
/// Who gets from an empty queue waits, and so does who puts into a full one; both are served in the order they came.
/// An item that is put while somebody waits is handed to him at once: nobody can take it in between, and if he is
/// killed in that moment, he still receives it and is killed at his next switch point. So no item is lost or doubled.
/// The order concerns items that lie in the queue; one that is handed over never did.
///
/// When not to use it: between threads.
///
/// gevent: `gevent.queue.Queue`.
public final class OrderedQueue<Order: QueueOrder> {
    // The hot half of a queue is inlined: compiled in the client, where `Order` is known. Whatever waits and wakes is
    // not, and knows nothing of elements.

    // Safe because only the hub's thread touches it, and never across a switch; nor does a change of it end an element.
    @exclusivity(unchecked) @usableFromInline var state: QueueState<Order>
    @usableFromInline let getters = WaitList()
    /// Greenlets that wait to look at an item; made when the first does.
    @exclusivity(unchecked) @usableFromInline var peekers: WaitList?

    /// Greenlets in `join`; made when the first is.
    private var joiners: WaitList?

    /// Creates a queue with an order that nobody else has.
    ///
    /// - Parameters:
    ///   - capacity: How many items it holds at most; nil means any number.
    ///   - order: Where the items lie: those that are there count as put. Its functions must not use the queue.
    /// - Precondition: `capacity` is greater than zero. A queue of none, where each put waits for its get, is a
    ///   `Channel`.
    ///
    /// gevent: `Queue(maxsize)`.
    public init(capacity: Int? = nil, order: Order) {
        state = QueueState(limit: Self.limit(capacity), order: order)
    }

    /// A queue that holds nothing.
    init(channel order: Order) { state = QueueState(limit: 0, order: order) }

    private init(copyOf other: OrderedQueue) {
        state = QueueState(limit: other.state.limit, order: other.state.items.copy())
    }

    private static func limit(_ capacity: Int?) -> Int {
        guard let capacity else { return .max }
        precondition(capacity > 0, "the capacity of a queue must be 1 or more, not \(capacity); 0 is a Channel")
        return capacity
    }

    deinit { _ = state.end() }

    /// Adds an item, and waits for room if there is none.
    ///
    /// Switch point, if it is full.
    ///
    /// - Parameters:
    ///   - item: What to add.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Throws: `QueueClosed`; `Timeout` if there was no room in time; whatever the waiting greenlet is killed with;
    ///   `LoopExit` if nothing can end the wait; `GreenletError` where nothing may block. The item is not in the
    ///   queue then.
    ///
    /// gevent: `Queue.put`.
    @inlinable
    public func put(_ item: Element, timeout: Duration? = nil) throws {
        if try !tryPut(item) { try putWhenThereIsRoom(item, timeout) }
    }

    @inlinable
    func putWhenThereIsRoom(_ item: Element, _ timeout: Duration?) throws {
        let putter = try Waiter()
        let number = state.offer(item, by: putter)
        if state.limit == 0, peekers != nil { wakePeekers() }
        do {
            if try putter.park("put", on: self, timeout: timeout) { return }
            throw WaitList.expired("put", on: self, timeout: timeout)
        } catch {
            _ = state.withdrawOffer(number)
            throw error
        }
    }

    /// Adds an item if there is room.
    ///
    /// Not a switch point.
    ///
    /// - Parameter item: What to add.
    /// - Returns: Whether there was room.
    /// - Throws: `QueueClosed`.
    ///
    /// gevent: `Queue.put_nowait`.
    @inlinable
    public func tryPut(_ item: Element) throws(QueueClosed) -> Bool {
        switch state.put(item, hasGetter: getters.count > 0) {
        case .wakeGetter: if !getters.wakeFirst() { return try putInChild(item) }
        case .wakePeekers: if peekers != nil { wakePeekers() }
        case .wait: return false
        case .fail: throw QueueClosed()
        }
        return true
    }

    /// In the child of a fork, at the first use of the hub: the getter has stayed in the parent.
    @usableFromInline
    @inline(never)
    func putInChild(_ item: Element) throws(QueueClosed) -> Bool {
        if state.takeBackHanded() != nil { return try tryPut(item) }
        wakePeekers()
        return true
    }

    /// Takes the first item out, and waits for one if there is none.
    ///
    /// Switch point, if it is empty.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: The item.
    /// - Throws: `QueueClosed` if it is closed and empty; `Timeout` if nothing came in time; whatever the waiting
    ///   greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError` where nothing may block. No
    ///   item was taken then.
    ///
    /// gevent: `Queue.get`.
    @inlinable
    public func get(timeout: Duration? = nil) throws -> Element {
        if let item = try tryGet() { return item }
        guard try getters.wait("get", on: self, timeout: timeout) else {
            throw WaitList.expired("get", on: self, timeout: timeout)
        }
        return state.takeHanded()
    }

    /// Takes the first item out if there is one.
    ///
    /// Not a switch point.
    ///
    /// - Returns: The item; nil if there is none now.
    /// - Throws: `QueueClosed` if there never will be one.
    ///
    /// gevent: `Queue.get_nowait`.
    @inlinable
    public func tryGet() throws(QueueClosed) -> Element? {
        switch state.get() {
        case .take(let item):
            if !state.offers.isEmpty { fillUp() }
            return item
        case .meetPutter: return meetPutter()
        case .wait: return nil
        case .fail: throw QueueClosed()
        }
    }

    /// How many items it holds at most; nil means any number, and a channel holds 0.
    ///
    /// May be changed at any time. When it grows, those who wait to put are let in, in the order they came, as far as there
    /// is room. When it shrinks nothing is dropped: the items stay, and puts wait until there are fewer.
    ///
    /// - Precondition: What is set is greater than zero, and the queue is no channel.
    ///
    /// gevent: `Queue.maxsize`. When that grows, putters wait on until the next get.
    public var capacity: Int? {
        get { state.limit == .max ? nil : state.limit }
        set {
            precondition(state.limit > 0, "a channel holds nothing, and its capacity can't be changed; take a Queue")
            state.limit = Self.limit(newValue)
            fillUp()
        }
    }

    /// Makes a queue with the same items, in the same order, and the same capacity.
    ///
    /// Not a switch point. What happens to the one is nothing to the other. Nobody waits at the copy, and items of
    /// those who wait to put here aren't there. It is open, even if this one is closed, and its items are its unfinished tasks.
    ///
    /// - Returns: The copy.
    ///
    /// gevent: `Queue.copy`. Its unfinished tasks are those of the original.
    public func copy() -> OrderedQueue { OrderedQueue(copyOf: self) }

    /// Lets those in who wait with an item, as far as there is room.
    @inlinable
    func fillUp() {
        while let offer = state.takeOffer() {
            // One that was killed, or whose time ran out, has not run yet and will find his offer gone.
            if offer.putter.wake() { state.admit(offer) }
        }
    }

    /// Takes the item of the putter who waits longest; both go on.
    @inlinable
    func meetPutter() -> Element? {
        while let offer = state.takeOfferToMeet() {
            if offer.putter.wake() {
                state.meet()
                return offer.item
            }
        }
        return nil
    }

    @usableFromInline
    func wakePeekers() { peekers?.wakeAll() }

    /// Returns the first item and leaves it there; waits for one if there is none.
    ///
    /// Switch point, if it is empty. Items that go straight to waiting getters are not seen here.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: The item.
    /// - Throws: As `get(timeout:)`.
    ///
    /// gevent: `Queue.peek`.
    public func peek(timeout: Duration? = nil) throws -> Element {
        let deadline = Deadline(after: timeout)
        while true {
            if let item = try tryPeek() { return item }
            if Hub.hasJustStartedOver() { continue }
            guard try peekerList.wait(for: WaitReason("peek", self), until: deadline) else {
                throw Timeout.expired(after: timeout, "peek", self)
            }
        }
    }

    /// `peekers`, made if they are not there.
    var peekerList: WaitList {
        let list = peekers ?? WaitList()
        peekers = list
        return list
    }

    /// Returns the first item, if there is one, and leaves it there.
    ///
    /// Not a switch point.
    ///
    /// - Returns: The item; nil if there is none now.
    /// - Throws: `QueueClosed` if there never will be one.
    ///
    /// gevent: `Queue.peek_nowait`.
    public func tryPeek() throws(QueueClosed) -> Element? {
        if let first = state.first { return first }
        if state.isClosed { throw QueueClosed() }
        return nil
    }

    /// Lets no more items in.
    ///
    /// Not a switch point. Whoever puts from now on, or waits to, gets `QueueClosed`; getters take what is there and
    /// get it then. Closing twice is the same as once.
    ///
    /// - Parameter discardingItems: Whether to drop what is there. Items that were handed to a getter stay his.
    ///
    /// gevent: `Queue.shutdown`.
    public func close(discardingItems: Bool = false) {
        let dropped = state.close(discarding: discardingItems)
        for offer in dropped.offers { offer.putter.wake(throwing: QueueClosed()) }
        getters.wakeAll(throwing: QueueClosed())
        peekers?.wakeAll(throwing: QueueClosed())
        if state.unfinished == 0 { joiners?.wakeAll() }
    }

    /// Tells that the work on an item that was taken out is done.
    ///
    /// Not a switch point. Once for each item; when none is left, all in `join(timeout:)` go on.
    ///
    /// - Throws: `GreenletError` with `.invalidArgument` if it was called for all items already; nothing has changed
    ///   then.
    ///
    /// gevent: `Queue.task_done`.
    public func taskDone() throws {
        guard state.finishOne() else {
            throw GreenletError(
                .invalidArgument,
                "taskDone on \(self) was called too often: all items that came in are done; call it once for each get"
            )
        }
        if state.unfinished == 0 { joiners?.wakeAll() }
    }

    /// Waits until each item that was put is done, as `taskDone()` told, or dropped.
    ///
    /// Switch point, unless that is so. Who waits goes on even if more is put before he runs.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if all was done, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block.
    ///
    /// gevent: `Queue.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws -> Bool {
        if state.unfinished == 0 { return true }
        let list = joiners ?? WaitList()
        joiners = list
        return try list.wait(for: WaitReason("join", self), until: Deadline(after: timeout))
    }
}
