// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Items handed from greenlet to greenlet, first in, first out.

import DequeModule

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
    private var state: QueueState<Element>
    private let getters = WaitList()
    /// Greenlets that wait to look at an item; made when the first does.
    private var peekers: WaitList?

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
    public func put(_ item: Element, timeout: Duration? = nil) throws {
        if try tryPut(item) { return }
        let putter = try Waiter()
        let number = state.offer(item, by: putter)
        do {
            if try putter.park(for: WaitReason("put", self), until: Deadline(after: timeout)) { return }
            throw Timeout.expired(after: timeout, "put", self)
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
    public func tryPut(_ item: Element) throws(QueueClosed) -> Bool {
        switch state.put(item, hasGetter: !getters.isEmpty) {
        case .wakeGetter: getters.wakeFirst()
        case .wakePeekers: peekers?.wakeAll()
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
    public func get(timeout: Duration? = nil) throws -> Element {
        if let item = try tryGet() { return item }
        let isHanded = try getters.wait(for: WaitReason("get", self), until: Deadline(after: timeout))
        guard isHanded else { throw Timeout.expired(after: timeout, "get", self) }
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
    public func tryGet() throws(QueueClosed) -> Element? {
        switch state.get() {
        case .take(let item):
            fillUp()
            return item
        case .wait: return nil
        case .fail: throw QueueClosed()
        }
    }

    /// Lets those in who wait with an item, as far as there is room.
    private func fillUp() {
        while let offer = state.takeOffer() {
            // One that was killed, or whose time ran out, has not run yet and will find his offer gone.
            if offer.putter.wake() { state.admit(offer) }
        }
    }

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
        if let item = state.items.first { return item }
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
