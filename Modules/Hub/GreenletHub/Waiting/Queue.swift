// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The queues by name: one class, four orders.

/// A first-in-first-out queue between greenlets of one thread.
///
/// See `OrderedQueue` for what all queues have in common.
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
public typealias Queue<Element> = OrderedQueue<FirstInFirstOut<Element>>

/// A queue whose newest item comes out first.
///
/// See `OrderedQueue` for what all queues have in common.
///
/// ```swift
/// let folders = LifoQueue<String>()
/// try folders.put("/")
/// while let folder = try folders.tryGet() {
///     for inner in try list(folder) { try folders.put(inner) }  // depth first
/// }
/// ```
///
/// gevent: `gevent.queue.LifoQueue`.
public typealias LifoQueue<Element> = OrderedQueue<LastInFirstOut<Element>>

/// A queue whose smallest item comes out first; equal ones come out in the order they were put.
///
/// See `OrderedQueue` for what all queues have in common. A getter who waits is handed the first item that is put, even
/// if a smaller one is put before he runs.
///
/// ```swift
/// let jobs = PriorityQueue<Job>(by: { $0.urgency > $1.urgency })
/// try jobs.put(Job("sweep the yard", urgency: 1))
/// try jobs.put(Job("put out the fire", urgency: 9))
/// let worker = spawn {
///     while let job = try jobs.tryGet() {
///         try job.run()  // the fire first
///         try jobs.taskDone()
///     }
/// }
/// try jobs.join()
/// ```
///
/// gevent: `gevent.queue.PriorityQueue`.
public typealias PriorityQueue<Element> = OrderedQueue<SmallestFirst<Element>>

/// A queue that holds nothing: who puts waits for who gets, and both leave together.
///
/// See `OrderedQueue` for what all queues have in common. After `put(_:timeout:)` somebody has the item. `tryPut(_:)`
/// succeeds only if a getter waits, `tryGet()` and `tryPeek()` only if a putter does.
///
/// ```swift
/// let counter = Channel<String>()
/// let customer = spawn {
///     print("buys", try counter.get())
/// }
/// try counter.put("a loaf of bread")  // goes on when the customer has it
/// counter.close()                     // whoever comes later gets QueueClosed
/// try customer.join()
/// ```
///
/// gevent: `gevent.queue.Channel`.
public typealias Channel<Element> = OrderedQueue<FromHandToHand<Element>>

extension OrderedQueue {
    /// Creates an empty queue, first in, first out.
    ///
    /// - Parameter capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero. A queue of none, where each put waits for its get, is a
    ///   `Channel`.
    ///
    /// gevent: `Queue(maxsize)`.
    public convenience init<Item>(capacity: Int? = nil) where Order == FirstInFirstOut<Item> {
        self.init(capacity: capacity, order: FirstInFirstOut())
    }

    /// Creates a queue with items in it, first in, first out.
    ///
    /// - Parameters:
    ///   - items: What lies there, as if it had been put; there may be more than fit.
    ///   - capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `Queue(maxsize, items)`.
    public convenience init<Item>(
        _ items: some Sequence<Item>,
        capacity: Int? = nil
    ) where Order == FirstInFirstOut<Item> {
        self.init(items, capacity: capacity, in: FirstInFirstOut())
    }

    /// Creates an empty queue, last in, first out.
    ///
    /// - Parameter capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `LifoQueue(maxsize)`.
    public convenience init<Item>(capacity: Int? = nil) where Order == LastInFirstOut<Item> {
        self.init(capacity: capacity, order: LastInFirstOut())
    }

    /// Creates a queue with items in it, last in, first out.
    ///
    /// - Parameters:
    ///   - items: What lies there, as if it had been put, so that the last of them comes out first; there may be more
    ///     than fit.
    ///   - capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `LifoQueue(maxsize, items)`.
    public convenience init<Item>(
        _ items: some Sequence<Item>,
        capacity: Int? = nil
    ) where Order == LastInFirstOut<Item> {
        self.init(items, capacity: capacity, in: LastInFirstOut())
    }

    /// Creates an empty queue, smallest first.
    ///
    /// - Parameter capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `PriorityQueue(maxsize)`.
    public convenience init<Item: Comparable>(capacity: Int? = nil) where Order == SmallestFirst<Item> {
        self.init(capacity: capacity, order: SmallestFirst(by: <))
    }

    /// Creates an empty queue, smallest first.
    ///
    /// - Parameters:
    ///   - capacity: How many items it holds at most; nil means any number.
    ///   - isSmaller: Whether the first comes out before the second. It must not use the queue.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `PriorityQueue(maxsize)`, with items that know how to compare themselves.
    public convenience init<Item>(
        capacity: Int? = nil,
        by isSmaller: @escaping (Item, Item) -> Bool
    ) where Order == SmallestFirst<Item> {
        self.init(capacity: capacity, order: SmallestFirst(by: isSmaller))
    }

    /// Creates a queue with items in it, smallest first.
    ///
    /// - Parameters:
    ///   - items: What lies there, in whatever order; there may be more than fit.
    ///   - capacity: How many items it holds at most; nil means any number.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `PriorityQueue(maxsize, items)`.
    public convenience init<Item: Comparable>(
        _ items: some Sequence<Item>,
        capacity: Int? = nil
    ) where Order == SmallestFirst<Item> {
        self.init(items, capacity: capacity, in: SmallestFirst(by: <))
    }

    /// Creates a queue with items in it, smallest first.
    ///
    /// - Parameters:
    ///   - items: What lies there, in whatever order; there may be more than fit.
    ///   - capacity: How many items it holds at most; nil means any number.
    ///   - isSmaller: Whether the first comes out before the second. It must not use the queue.
    /// - Precondition: `capacity` is greater than zero.
    ///
    /// gevent: `PriorityQueue(maxsize, items)`, with items that know how to compare themselves.
    public convenience init<Item>(
        _ items: some Sequence<Item>,
        capacity: Int? = nil,
        by isSmaller: @escaping (Item, Item) -> Bool
    ) where Order == SmallestFirst<Item> {
        self.init(items, capacity: capacity, in: SmallestFirst(by: isSmaller))
    }

    private convenience init(_ items: some Sequence<Element>, capacity: Int?, in empty: Order) {
        var order = empty
        for item in items { order.append(item) }
        self.init(capacity: capacity, order: order)
    }

    /// Creates a channel.
    ///
    /// gevent: `Channel()`.
    public convenience init<Item>() where Order == FromHandToHand<Item> { self.init(channel: FromHandToHand()) }
}
