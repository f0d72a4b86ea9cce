// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A group with a limit: who wants to start one more waits until one ends.

public import GreenletCore

/// A group of at most so many greenlets.
///
/// Spawning one more waits until a member has ended.
///
/// ```swift
/// let pool = Pool(size: 10)
/// for page in pages { try pool.spawn { try fetch(page) } }
/// try pool.join()
/// ```
///
/// gevent: `gevent.pool.Pool`.
public final class Pool {
    /// How many members there may be; nil means any number.
    ///
    /// gevent: `Pool.size`.
    public let size: Int?
    /// The members.
    private let group = Group()
    /// One permit a place; nil if there is no limit.
    private let places: Semaphore?

    /// Creates an empty pool.
    ///
    /// - Parameter size: How many members there may be; nil means any number. In a pool of zero nothing ever runs.
    /// - Precondition: `size` is not negative.
    ///
    /// gevent: `Pool(size)`.
    public init(size: Int? = nil) {
        if let size { precondition(size >= 0, "the size of a pool must be 0 or more, not \(size)") }
        self.size = size
        places = size.map { Semaphore($0) }
        if let places { group.memberLeft = { places.release() } }
    }

    /// Creates a member and schedules it for the next turn of the hub, as soon as there is a place.
    ///
    /// Switch point, if the pool is full. Greenlets that wait for a place get it in the order they came.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was spawned, for messages.
    ///   - line: Where it was spawned, for messages.
    ///   - body: What to run.
    /// - Returns: The greenlet.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block. Nothing was spawned then.
    ///
    /// gevent: `Pool.spawn`.
    @discardableResult
    public func spawn<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) throws -> Greenlet<Value> {
        try places?.acquire()
        return group.spawn(name: name, file: file, line: line, body)
    }

    /// Creates a member and schedules it for the next turn of the hub, if there is a place.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was spawned, for messages.
    ///   - line: Where it was spawned, for messages.
    ///   - body: What to run.
    /// - Returns: The greenlet; nil if the pool is full.
    ///
    /// gevent: `Pool.start(greenlet, blocking=False)`.
    public func trySpawn<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) -> Greenlet<Value>? {
        guard places?.tryAcquire() ?? true else { return nil }
        return group.spawn(name: name, file: file, line: line, body)
    }

    /// Makes a greenlet a member, as soon as there is a place.
    ///
    /// Switch point, if the pool is full. Does nothing if it is a member, or has ended, now or then.
    ///
    /// - Parameters:
    ///   - greenlet: Whom to add. It isn't started by this.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if it is a member or has ended; false if the time ran out, or if it never ends, as the main
    ///   greenlet: it would keep its place for ever.
    /// - Throws: As `spawn(name:file:line:_:)`.
    ///
    /// gevent: `Pool.add`.
    @discardableResult
    public func add(_ greenlet: AnyGreenlet, timeout: Duration? = nil) throws -> Bool {
        if greenlet.isReady || contains(greenlet) { return true }
        if greenlet.stage == .endless { return false }
        guard try places?.acquire(timeout: timeout) ?? true else { return false }
        if !group.admit(greenlet) { places?.release() }
        return true
    }

    /// Makes a greenlet no member any more; it runs on, and its place is free.
    ///
    /// Not a switch point. Does nothing if it is none.
    ///
    /// - Parameter greenlet: Whom to leave out.
    ///
    /// gevent: `Pool.discard`.
    public func discard(_ greenlet: AnyGreenlet) { group.discard(greenlet) }

    /// Waits until there is a place, without taking it.
    ///
    /// Switch point, if the pool is full. Places that go straight to greenlets in `spawn(name:file:line:_:)` are not
    /// free in between.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: How many places are free now; `Int.max` if there is no limit, 0 if the time ran out.
    /// - Throws: As `spawn(name:file:line:_:)`.
    ///
    /// gevent: `Pool.wait_available`.
    @discardableResult
    public func waitAvailable(timeout: Duration? = nil) throws -> Int { try places?.wait(timeout: timeout) ?? .max }

    /// Waits until no member is left.
    ///
    /// Switch point, unless it is empty.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if it was empty, false if the time ran out.
    /// - Throws: As `Group.join(timeout:)`.
    ///
    /// gevent: `Pool.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws -> Bool { try group.join(timeout: timeout) }

    /// Throws `error` in all members, and waits until none is left.
    ///
    /// Switch point, if `wait` is true and it isn't empty. See `Group.kill(with:wait:timeout:)`.
    ///
    /// - Parameters:
    ///   - error: What to throw; `GreenletExit` ends them silently.
    ///   - wait: Whether to wait for their end.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Returns: Whether no member is left.
    /// - Throws: Whatever the waiting greenlet itself is killed with.
    ///
    /// gevent: `Pool.kill`.
    @discardableResult
    public func kill(
        with error: any Error = GreenletExit(),
        wait: Bool = true,
        timeout: Duration? = nil
    ) throws -> Bool {
        try group.kill(with: error, wait: wait, timeout: timeout)
    }

    /// Throws `error` in one member, unless that was done before, and waits for its end.
    ///
    /// Switch point, if `wait` is true and it has not ended.
    ///
    /// - Parameters:
    ///   - greenlet: Whom to kill; if it is no member, nothing happens.
    ///   - error: What to throw; `GreenletExit` ends it silently.
    ///   - wait: Whether to wait for its end.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Returns: Whether it is no member any more.
    /// - Throws: Whatever the waiting greenlet itself is killed with.
    ///
    /// gevent: `Pool.killone`.
    @discardableResult
    public func killOne(
        _ greenlet: AnyGreenlet,
        with error: any Error = GreenletExit(),
        wait: Bool = true,
        timeout: Duration? = nil
    ) throws -> Bool {
        try group.killOne(greenlet, with: error, wait: wait, timeout: timeout)
    }
}

extension Pool {
    /// How many places are free; `Int.max` if there is no limit.
    ///
    /// gevent: `Pool.free_count`.
    public var freeCount: Int { places?.value ?? .max }

    /// Whether spawning one more would wait.
    ///
    /// gevent: `Pool.full`.
    public var isFull: Bool { freeCount == 0 }

    /// How many members there are.
    ///
    /// gevent: `len(pool)`.
    public var count: Int { group.count }

    /// Whether there are no members.
    public var isEmpty: Bool { group.isEmpty }

    /// The members now, in the order they were added.
    ///
    /// gevent: `iter(pool)`.
    public var members: [AnyGreenlet] { group.members }

    /// Whether a greenlet is a member.
    ///
    /// - Parameter greenlet: Which.
    /// - Returns: Whether it is one; no longer when it has ended.
    ///
    /// gevent: `greenlet in pool`.
    public func contains(_ greenlet: AnyGreenlet) -> Bool { group.contains(greenlet) }

    /// Runs `body` in a new member, and waits for what it returns.
    ///
    /// Switch point. Called by a member, it runs `body` here and now: it would wait for itself in a full pool.
    ///
    /// - Parameters:
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - body: What to run.
    /// - Returns: What `body` returns.
    /// - Throws: As `Greenlet.get(timeout:)`: what `body` throws, and `GreenletError` with `.exited` if the member is
    ///   killed; as `spawn(name:file:line:_:)`.
    ///
    /// gevent: `Pool.apply`.
    public func apply<Value>(
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) throws -> Value {
        if contains(AnyGreenlet.current) { return try body() }
        return try spawn(file: file, line: line, body).get()
    }

    /// Runs `transform` on each item, each in a member of its own, and waits for all.
    ///
    /// Switch point. If one fails, those that were begun run on. Don't call it from a member: in a full pool it would
    /// wait for itself.
    ///
    /// - Parameters:
    ///   - items: What to transform.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, in the order of the items.
    /// - Throws: The error of the first item, in their order, that fails, or `GreenletError` with `.exited` if its
    ///   greenlet was killed; as `spawn(name:file:line:_:)`. Other errors that items failed with until then are dropped,
    ///   later ones are reported.
    ///
    /// gevent: `Pool.map`.
    public func map<Item, Result>(
        _ items: some Sequence<Item>,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) throws -> [Result] {
        try group.gather(items) { item in try spawn(file: file, line: line) { try transform(item) } }
    }
}

extension Pool: CustomStringConvertible {
    /// `<Pool 0x7f… 3 of 10 members>`.
    public var description: String { describe(self, size.map { "\(count) of \($0) members" } ?? "\(count) members") }
}

/// Ready when all its greenlets have ended.
extension Pool: Waitable {
    /// Whether all have ended.
    public var readiness: Readiness { group.readiness }
}

@available(*, unavailable)
extension Pool: Sendable {}
