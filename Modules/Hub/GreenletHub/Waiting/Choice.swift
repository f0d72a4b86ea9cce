// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What one can choose among: each a closure that knows its place, and what to do when it is served there.

import GreenletCore

/// One of the things that `choose(_:)` waits for, and what to do if it is this one.
///
/// May be used again, and by several greenlets.
///
/// gevent: none. Go: a `case` of `select`.
public struct Choice<Value> {
    // Closures, and no class for each kind of place: they are compiled where the types of elements are known, while what
    // a class has in its table is never specialised.

    /// Serves a greenlet that chooses, in steps; only `attempt` and `run` may have a value.
    @usableFromInline let serve: (ChoiceStep, Capture) throws -> Value?
    /// What `serve` would capture, if that were not an allocation.
    @usableFromInline let capture: Capture
    /// How it stands somewhere.
    @usableFromInline let kind: ChoiceKind

    @inlinable
    init(
        _ capture: Capture = Capture(),
        _ kind: ChoiceKind = .taking,
        _ serve: @escaping (ChoiceStep, Capture) throws -> Value?
    ) {
        self.serve = serve
        self.capture = capture
        self.kind = kind
    }

    /// Runs a body that was captured: it takes just that type, and returns just this choice's.
    @inlinable
    static func run<Item>(_ capture: Capture, _: Item.Type, _ item: Item) throws -> Value {
        let body = unsafeBitCast((capture.code, capture.context), to: ((Item) throws -> Value).self)
        return try body(item)
    }
}

/// A queue and a body of any types.
@usableFromInline
struct Capture {
    // Safe because who takes them out again is written beside who has put them in, with the same types; and a closure is
    // two words, its code and what it keeps alive.
    @usableFromInline let queue: AnyObject?
    @usableFromInline let code: UInt
    @usableFromInline let context: AnyObject?

    @inlinable
    init() { (queue, code, context) = (nil, 0, nil) }

    @inlinable
    init<Order: QueueOrder, Body>(_ queue: OrderedQueue<Order>, _ body: Body) {
        self.queue = queue
        (code, context) = unsafeBitCast(body, to: (UInt, AnyObject?).self)
    }

    @inlinable
    func queue<Order: QueueOrder>(_: Order.Type) -> OrderedQueue<Order> {
        unsafeDowncast(queue.unsafelyUnwrapped, to: OrderedQueue<Order>.self)
    }
}

/// How a choice stands somewhere.
@usableFromInline
enum ChoiceKind {
    /// With something in its hands that others can see.
    case offering
    case taking
    /// Where others say whether it is ready: they may do anything meanwhile.
    case asking
}

/// What a choice is asked to do.
@usableFromInline
enum ChoiceStep {
    /// To take it and run the body, if that is possible at once; else there is no value.
    case attempt
    /// To stand there through a candidate.
    case enlist(Candidate)
    /// To leave nothing there, for the wait is over, in whatever way. Only offers are asked to.
    case withdraw(Candidate)
    /// To run the body, for the candidate was served; with an error, if it was woken by one.
    case run((any Error)?)
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
    ) -> Choice {
        Choice(Capture(queue, body)) { step, capture in
            let queue = capture.queue(Order.self)
            switch step {
            case .attempt:
                guard let item = try queue.tryGet() else { return nil }
                return try Self.run(capture, Order.Element.self, item)
            case .enlist(let candidate): try candidate.stand(in: queue.getters, "get from", queue)
            case .withdraw: break
            case .run(let failure):
                if let failure { throw failure }
                return try Self.run(capture, Order.Element.self, queue.state.takeHanded())
            }
            return nil
        }
    }

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
    ) -> Choice {
        Choice(Capture(queue, body)) { step, capture in
            let queue = capture.queue(Order.self)
            switch step {
            case .attempt:
                let item: Order.Element?
                var isClosed = false
                do { item = try queue.tryGet() } catch { (item, isClosed) = (nil, true) }
                if item == nil, !isClosed { return nil }
                return try Self.run(capture, Order.Element?.self, item)
            case .enlist(let candidate): try candidate.stand(in: queue.getters, "get from", queue)
            case .withdraw: break
            case .run(let failure):
                let item = failure == nil ? queue.state.takeHanded() : nil
                return try Self.run(capture, Order.Element?.self, item)
            }
            return nil
        }
    }

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
    ) -> Choice {
        Choice(Capture(), .offering) { step, _ in
            switch step {
            case .attempt: return try queue.tryPut(item) ? try body() : nil
            case .enlist(let candidate):
                candidate.offer = queue.state.offer(item, by: candidate.standWithOffer(queue))
                if queue.state.limit == 0, queue.peekers != nil { queue.wakePeekers() }
            case .withdraw(let candidate): _ = queue.state.withdrawOffer(candidate.offer)
            case .run(let failure):
                if let failure { throw failure }
                return try body()
            }
            return nil
        }
    }

    /// Waits until something is ready, and takes nothing.
    ///
    /// - Parameters:
    ///   - object: What to wait for; asked for its readiness once or twice. If others wait for it too, it may not be ready
    ///     any more when `body` runs.
    ///   - body: What to do then.
    /// - Returns: The choice.
    public static func wait(for object: some Waitable, _ body: @escaping () throws -> Value) -> Choice {
        waiting(for: object, observing: nil, body)
    }

    // What is observed is a greenlet whose error will be seen, if it is this one that is chosen.
    private static func waiting(
        for object: any Waitable,
        observing observed: AnyGreenlet?,
        _ body: @escaping () throws -> Value
    ) -> Choice {
        Choice(Capture(), .asking) { step, _ in
            switch step {
            case .attempt: return object.readiness.isReady ? try body() : nil
            case .enlist(let candidate):
                let readiness = object.readiness
                // What others wrote has run: it may have served the chooser at another place, or killed him.
                if candidate.choosing.isDecided { return nil }
                if readiness.isReady {
                    candidate.serve("wait for", object)
                    return nil
                }
                let list = try readiness.list()
                if candidate.choosing.isDecided {
                    list.tellIfAbandoned()
                } else {
                    try candidate.stand(in: list, "wait for", object)
                    if let observed { candidate.observe(observed) }
                }
            case .withdraw: break
            case .run: return try body()
            }
            return nil
        }
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
        waiting(for: greenlet, observing: greenlet, body)
    }

    /// Takes a permit.
    ///
    /// - Parameters:
    ///   - semaphore: From where.
    ///   - body: What to do with it; to release it is its business.
    /// - Returns: The choice.
    public static func acquire(_ semaphore: Semaphore, _ body: @escaping () throws -> Value) -> Choice {
        Choice { step, _ in
            switch step {
            case .attempt: return semaphore.tryAcquire() ? try body() : nil
            case .enlist(let candidate): try candidate.stand(in: semaphore.waiters, "acquire", semaphore)
            case .withdraw: break
            case .run: return try body()
            }
            return nil
        }
    }

    /// Takes a permit.
    ///
    /// - Parameters:
    ///   - semaphore: From where.
    ///   - body: What to do with it; to release it is its business.
    /// - Returns: The choice.
    public static func acquire(_ semaphore: BoundedSemaphore, _ body: @escaping () throws -> Value) -> Choice {
        acquire(semaphore.semaphore, body)
    }

    /// Waits for some time.
    ///
    /// - Parameters:
    ///   - delay: How long, from the call of `choose` on. Zero lets the other greenlets run once.
    ///   - body: What to do if nothing else could be chosen by then.
    /// - Returns: The choice.
    public static func after(_ delay: Duration, _ body: @escaping () throws -> Value) -> Choice {
        Choice { step, _ in
            switch step {
            case .attempt, .withdraw: return nil
            case .enlist(let candidate): candidate.stand(until: delay)
            case .run: return try body()
            }
            return nil
        }
    }
}
