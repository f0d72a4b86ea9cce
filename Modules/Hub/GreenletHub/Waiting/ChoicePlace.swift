// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How each kind of place serves a greenlet that chooses: at once, or later through its candidate.

import GreenletCore

/// One place and one body, behind the type of what the body returns.
@usableFromInline
class ChoicePlace<Value> {
    @inlinable
    init() {}

    /// Takes it and runs the body, if that is possible at once; else returns nil.
    @usableFromInline
    func runIfPossible() throws -> Value? { nil }

    /// Whether it offers something that others can see.
    @usableFromInline var isOffer: Bool { false }

    /// Stands there through a candidate.
    @usableFromInline
    func enlist(_ candidate: Candidate) throws {}

    /// The wait is over, in whatever way: nothing is left there.
    @usableFromInline
    func withdraw(_ candidate: Candidate) {}

    /// The candidate was served: runs the body.
    @usableFromInline
    func run(_ candidate: Candidate) throws -> Value { preconditionFailure("\(Self.self) has no body") }
}

/// Gets from a queue.
@usableFromInline
final class GetPlace<Order: QueueOrder, Value>: ChoicePlace<Value> {
    @usableFromInline let queue: OrderedQueue<Order>
    @usableFromInline let body: (Order.Element) throws -> Value
    @usableFromInline let whenClosed: (() throws -> Value)?

    @inlinable
    init(
        _ queue: OrderedQueue<Order>,
        _ body: @escaping (Order.Element) throws -> Value,
        whenClosed: (() throws -> Value)? = nil
    ) {
        self.queue = queue
        self.body = body
        self.whenClosed = whenClosed
    }

    @inlinable
    override func runIfPossible() throws -> Value? {
        let item: Order.Element?
        do { item = try queue.tryGet() } catch { return try runClosed(error) }
        guard let item else { return nil }
        return try body(item)
    }

    @inlinable
    override func enlist(_ candidate: Candidate) throws { try candidate.stand(in: queue.getters, "get from", queue) }

    @inlinable
    override func run(_ candidate: Candidate) throws -> Value {
        do { try candidate.check() } catch { return try runClosed(error) }
        return try body(queue.state.takeHanded())
    }

    @inlinable
    func runClosed(_ error: any Error) throws -> Value {
        guard let whenClosed else { throw error }
        return try whenClosed()
    }
}

/// Puts into a queue.
@usableFromInline
final class PutPlace<Order: QueueOrder, Value>: ChoicePlace<Value> {
    @usableFromInline let item: Order.Element
    @usableFromInline let queue: OrderedQueue<Order>
    @usableFromInline let body: () throws -> Value

    @inlinable
    init(_ item: Order.Element, _ queue: OrderedQueue<Order>, _ body: @escaping () throws -> Value) {
        self.item = item
        self.queue = queue
        self.body = body
    }

    @inlinable
    override func runIfPossible() throws -> Value? { try queue.tryPut(item) ? try body() : nil }

    @inlinable override var isOffer: Bool { true }

    @inlinable
    override func enlist(_ candidate: Candidate) throws {
        candidate.offer = queue.state.offer(item, by: candidate.standWithOffer(queue))
        if queue.state.limit == 0, queue.peekers != nil { queue.wakePeekers() }
    }

    @inlinable
    override func withdraw(_ candidate: Candidate) { _ = queue.state.withdrawOffer(candidate.offer) }

    @inlinable
    override func run(_ candidate: Candidate) throws -> Value {
        try candidate.check()
        return try body()
    }
}

/// Waits until something is ready.
final class ReadyPlace<Value>: ChoicePlace<Value> {
    private let object: any Waitable
    private let body: () throws -> Value
    /// A greenlet whose error will be seen, if it is this one that is chosen.
    private let observed: AnyGreenlet?

    init(_ object: any Waitable, _ body: @escaping () throws -> Value, observing observed: AnyGreenlet? = nil) {
        self.object = object
        self.body = body
        self.observed = observed
    }

    override func runIfPossible() throws -> Value? { object.readiness.isReady ? try body() : nil }

    override func enlist(_ candidate: Candidate) throws {
        // It was not ready, and nothing has run since. If it is now, that's by an item which the chooser itself offers.
        let list = try object.readiness.list()
        // What others wrote has run: it may have served the chooser at another place, or killed him.
        if candidate.choosing.isDecided { return list.tellIfAbandoned() }
        try candidate.stand(in: list, "wait for", object)
        candidate.observed = observed
    }

    override func run(_ candidate: Candidate) throws -> Value { try body() }
}

/// Takes a permit.
final class PermitPlace<Value>: ChoicePlace<Value> {
    private let semaphore: Semaphore
    private let body: () throws -> Value

    init(_ semaphore: Semaphore, _ body: @escaping () throws -> Value) {
        self.semaphore = semaphore
        self.body = body
    }

    override func runIfPossible() throws -> Value? { semaphore.tryAcquire() ? try body() : nil }

    override func enlist(_ candidate: Candidate) throws {
        try candidate.stand(in: semaphore.waiters, "acquire", semaphore)
    }

    override func run(_ candidate: Candidate) throws -> Value { try body() }
}

/// Waits for a time.
final class TimePlace<Value>: ChoicePlace<Value> {
    private let delay: Duration
    private let body: () throws -> Value

    init(_ delay: Duration, _ body: @escaping () throws -> Value) {
        self.delay = delay
        self.body = body
    }

    override func enlist(_ candidate: Candidate) throws { candidate.stand(until: delay) }

    override func run(_ candidate: Candidate) throws -> Value { try body() }
}
