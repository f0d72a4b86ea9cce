// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Items handed from greenlet to greenlet, first in, first out.

/// A first-in-first-out queue between greenlets of one thread.
///
/// Who gets from an empty queue waits, and so does who puts into a full one; both are served in the order they came.
/// An item that is put while somebody waits is handed to him at once: nobody can take it in between, and if he is
/// killed in that moment, he still receives it and is killed at his next switch point. So no item is lost or doubled.
///
/// ```swift
/// let jobs = Queue<Int>(capacity: 10)
/// spawn {
///     for number in 1...100 { try jobs.put(number) }
///     jobs.close()
/// }
/// while let job = try jobs.next() { try work(job) }
/// ```
///
/// When not to use it: between threads.
///
/// gevent: `gevent.queue.Queue`.
public final class Queue<Element> {
    // The hot half of a queue is inlined: compiled in the client, where `Element` is known. Whatever waits and wakes is
    // not, and knows nothing of elements.

    // Safe because only the hub's thread touches it, and never across a switch; nor does a change of it end an element.
    @exclusivity(unchecked) @usableFromInline var state: QueueState<Element>
    @usableFromInline let getters = WaitList()
    /// Greenlets that wait to look at an item; made when the first does.
    @exclusivity(unchecked) @usableFromInline var peekers: WaitList?

    /// Creates an empty queue.
    ///
    /// - Parameter capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero. A queue of none, where each put waits for its get, is a
    ///   channel, which this is not (yet).
    ///
    /// gevent: `Queue(maxsize)`.
    public init(capacity: Int? = nil) {
        if let capacity { precondition(capacity > 0, "the capacity of a queue must be 1 or more, not \(capacity)") }
        state = QueueState(capacity: capacity)
    }

    deinit { _ = state.end() }

    /// Adds an item at the end, and waits for room if there is none.
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
        do {
            if try putter.park("put", on: self, timeout: timeout) { return }
            throw WaitList.expired("put", on: self, timeout: timeout)
        } catch {
            _ = state.withdrawOffer(number)
            throw error
        }
    }

    /// Adds an item at the end if there is room.
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
        case .wakeGetter: getters.wakeFirst()
        case .wakePeekers: if peekers != nil { wakePeekers() }
        case .wait: return false
        case .fail: throw QueueClosed()
        }
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
        case .wait: return nil
        case .fail: throw QueueClosed()
        }
    }

    /// Lets those in who wait with an item, as far as there is room.
    @inlinable
    func fillUp() {
        while let offer = state.takeOffer() {
            // One that was killed, or whose time ran out, has not run yet and will find his offer gone.
            if offer.putter.wake() { state.admit(offer) }
        }
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
            let list = peekers ?? WaitList()
            peekers = list
            guard try list.wait(for: WaitReason("peek", self), until: deadline) else {
                throw Timeout.expired(after: timeout, "peek", self)
            }
        }
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
        if !state.items.isEmpty { return state.items[0] }
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
    }
}

extension Queue {
    /// How many items are there.
    ///
    /// Those that were handed to a waiting getter are his and don't count.
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

    /// How many items it holds at most; nil means any number.
    ///
    /// gevent: `Queue.maxsize`.
    public var capacity: Int? { state.capacity }

    /// Whether `close()` was called.
    ///
    /// gevent: `Queue.is_shutdown`.
    public var isClosed: Bool { state.isClosed }
}

extension Queue: CustomStringConvertible {
    /// `<Queue 0x7f… 2 of 10 items, 0 getting, 1 putting>`.
    public var description: String {
        let items = capacity.map { "\(count) of \($0) items" } ?? "\(count) items"
        let waiting = "\(getters.count) getting, \(state.offerCount) putting"
        return describe(self, isClosed ? "closed" : nil, items, waiting)
    }
}

@available(*, unavailable)
extension Queue: Sendable {}

/// Thrown by a queue that was closed: to who puts, and, when it is empty, to who gets.
///
/// gevent: `gevent.queue.ShutDown`.
public struct QueueClosed: Error, Hashable, Sendable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// "the queue is closed".
    public var description: String { "the queue is closed" }
}
