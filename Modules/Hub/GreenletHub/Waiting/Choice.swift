// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What one can choose among: the places, each with what to do when it is served there.

import GreenletCore

/// One of the things that `choose(_:)` waits for, and what to do if it is this one.
///
/// May be used again, and by several greenlets.
///
/// gevent: none. Go: a `case` of `select`.
public struct Choice<Value> {
    @usableFromInline let place: ChoicePlace<Value>

    @inlinable
    init(_ place: ChoicePlace<Value>) { self.place = place }
}

@available(*, unavailable)
extension Choice: Sendable {}

extension Choice {
    /// Takes the first item out of a queue.
    ///
    /// - Parameters:
    ///   - queue: Which. If it is closed and empty, `choose` throws `QueueClosed`; see `next(from:_:)`.
    ///   - body: What to do with the item.
    /// - Returns: The choice.
    @inlinable
    public static func get<Order: QueueOrder>(
        from queue: OrderedQueue<Order>,
        _ body: @escaping (Order.Element) throws -> Value
    ) -> Choice { Choice(GetPlace(queue, body)) }

    /// Takes the first item out of a queue; nil once it is closed and empty.
    ///
    /// - Parameters:
    ///   - queue: Which.
    ///   - body: What to do with the item.
    /// - Returns: The choice.
    @inlinable
    public static func next<Order: QueueOrder>(
        from queue: OrderedQueue<Order>,
        _ body: @escaping (Order.Element?) throws -> Value
    ) -> Choice { Choice(GetPlace(queue, body, whenClosed: { try body(nil) })) }

    /// Adds an item to a queue.
    ///
    /// - Parameters:
    ///   - item: What to add; it is there if this was chosen, and nowhere else.
    ///   - queue: Which. If it is closed, `choose` throws `QueueClosed`.
    ///   - body: What to do afterwards.
    /// - Returns: The choice.
    @inlinable
    public static func put<Order: QueueOrder>(
        _ item: Order.Element,
        into queue: OrderedQueue<Order>,
        _ body: @escaping () throws -> Value
    ) -> Choice { Choice(PutPlace(item, queue, body)) }

    /// Waits until something is ready, and takes nothing.
    ///
    /// - Parameters:
    ///   - object: What to wait for. If others wait for it too, it may not be ready any more when `body` runs.
    ///   - body: What to do then.
    /// - Returns: The choice.
    public static func wait(for object: some Waitable, _ body: @escaping () throws -> Value) -> Choice {
        Choice(ReadyPlace(object, body))
    }

    /// Waits until a result was set.
    ///
    /// - Parameters:
    ///   - result: Which. If it is an error, `choose` throws that.
    ///   - body: What to do with the value.
    /// - Returns: The choice.
    @inlinable
    public static func get<Result>(
        from result: AsyncResult<Result>,
        _ body: @escaping (Result) throws -> Value
    ) -> Choice { wait(for: result) { try body(result.get()) } }

    /// Waits until a greenlet has ended.
    ///
    /// - Parameters:
    ///   - greenlet: Which. If it ends with an error, `choose` throws that.
    ///   - body: What to do with the value.
    /// - Returns: The choice.
    @inlinable
    public static func get<Result>(
        from greenlet: Greenlet<Result>,
        _ body: @escaping (Result) throws -> Value
    ) -> Choice { getting(from: greenlet) { try body(greenlet.get()) } }

    @usableFromInline
    static func getting(from greenlet: AnyGreenlet, _ body: @escaping () throws -> Value) -> Choice {
        Choice(ReadyPlace(greenlet, body, observing: greenlet))
    }

    /// Takes a permit.
    ///
    /// - Parameters:
    ///   - semaphore: From where.
    ///   - body: What to do with it; to release it is its business.
    /// - Returns: The choice.
    public static func acquire(_ semaphore: Semaphore, _ body: @escaping () throws -> Value) -> Choice {
        Choice(PermitPlace(semaphore, body))
    }

    /// Takes a permit.
    ///
    /// - Parameters:
    ///   - semaphore: From where.
    ///   - body: What to do with it; to release it is its business.
    /// - Returns: The choice.
    public static func acquire(_ semaphore: BoundedSemaphore, _ body: @escaping () throws -> Value) -> Choice {
        Choice(PermitPlace(semaphore.semaphore, body))
    }

    /// Waits for some time.
    ///
    /// - Parameters:
    ///   - delay: How long, from the call of `choose` on. Zero lets the other greenlets run once.
    ///   - body: What to do if nothing else could be chosen by then.
    /// - Returns: The choice.
    public static func after(_ delay: Duration, _ body: @escaping () throws -> Value) -> Choice {
        Choice(TimePlace(delay, body))
    }
}

/// Waits until one of the choices is possible, and takes exactly that one.
///
/// Switch point, if none is possible at once.
///
/// ```swift
/// let line = try choose([
///     .get(from: words) { "a word: \($0)" },
///     .put(7, into: numbers) { "somebody took seven" },
///     .wait(for: shutdown) { "good bye" },
///     .after(.seconds(1)) { "nothing for a second" },
/// ])
/// ```
///
/// If several are possible at once, chance decides among them, so that none of them starves. If none is, the greenlet
/// waits in all places at once, behind those who came earlier, and the first to be served decides. From that moment on it
/// stands nowhere else: an item that comes later is another's. A greenlet that is killed in that moment still takes what
/// it was given, and is killed at its next switch point; one that is killed earlier takes nothing. Two greenlets that
/// choose may meet in a `Channel`; nobody meets himself.
///
/// - Parameter choices: Among which; without any it waits for ever.
/// - Returns: What the body of the choice returns. It runs here and now, when everything else has been left.
/// - Throws: What that body throws; `QueueClosed` if a queue is closed; the error of a result or greenlet; whatever
///   the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError` where nothing may
///   block, and with `.wrongThread` if greenlets of another thread wait in one of the places.
///
/// gevent: none. Go: `select`.
@inlinable
public func choose<Value>(_ choices: [Choice<Value>]) throws -> Value {
    let order = shuffled(choices.count)
    for number in order {
        if let value = try choices[number].place.runIfPossible() { return value }
    }
    let candidate = try waitForOne(of: choices, order)
    return try choices[candidate.number].place.run(candidate)
}

/// Takes exactly one of the choices if any is possible at once.
///
/// Not a switch point, unless a body is.
///
/// - Parameters:
///   - choices: Among which. Times never are possible at once.
///   - otherwise: What to do if none is possible.
/// - Returns: What the body of the choice, or `otherwise`, returns.
/// - Throws: What that throws; `QueueClosed` if a queue is closed; the error of a result or greenlet.
///
/// gevent: none. Go: `select` with `default`.
@inlinable
public func choose<Value>(_ choices: [Choice<Value>], orElse otherwise: () throws -> Value) throws -> Value {
    for number in shuffled(choices.count) {
        if let value = try choices[number].place.runIfPossible() { return value }
    }
    return try otherwise()
}

/// Stands at all places until it is served at one, and has left the others when it returns.
@inlinable
func waitForOne<Value>(of choices: [Choice<Value>], _ order: [Int]) throws -> Candidate {
    let choosing = try Choosing()
    var candidates: [Candidate] = []
    defer {
        choosing.end()
        for candidate in candidates { choices[candidate.number].place.withdraw(candidate) }
    }
    // Offers first: whoever waits to see one in a channel is told at once, and must not be the chooser himself.
    let offers = order.filter { choices[$0].place.isOffer }
    for number in offers + order.filter({ !choices[$0].place.isOffer }) where !choosing.isDecided {
        let candidate = choosing.addCandidate(number)
        try choices[number].place.enlist(candidate)
        candidates.append(candidate)
    }
    return try choosing.wait()
}

/// The numbers below `count`, in an order of chance.
///
/// Not one after the other from some start: whoever stands behind many that are impossible would be chosen more often.
/// Nor by turns: greenlets that choose by turns would always get the same one.
@usableFromInline
func shuffled(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    let hub = Hub.current
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, hub.chance.below(last + 1)) }
    return order
}
