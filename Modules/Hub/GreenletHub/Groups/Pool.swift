// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A group with a limit: who wants to start one more waits until one ends.

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
public final class Pool: AnyGroup {
    /// Creates an empty pool.
    ///
    /// - Parameter size: How many members there may be; nil means any number. In a pool of zero nothing ever runs.
    /// - Precondition: `size` is not negative.
    ///
    /// gevent: `Pool(size)`.
    public override init(size: Int? = nil) {
        if let size { precondition(size >= 0, "the size of a pool must be 0 or more, not \(size)") }
        super.init(size: size)
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
    @inlinable
    @discardableResult
    public func spawn<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) throws -> Greenlet<Value> {
        try takePlace()
        let greenlet = Greenlet(name: name, file: file, line: line, body)
        startInPlace(greenlet)
        return greenlet
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
    @inlinable
    public func trySpawn<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) -> Greenlet<Value>? {
        guard tryTakePlace() else { return nil }
        let greenlet = Greenlet(name: name, file: file, line: line, body)
        startInPlace(greenlet)
        return greenlet
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
        try add(greenlet) { try places?.acquire(timeout: timeout) ?? true }
    }

    /// Makes a greenlet a member, if there is a place.
    ///
    /// Not a switch point.
    ///
    /// - Parameter greenlet: Whom to add. It isn't started by this.
    /// - Returns: As `add(_:timeout:)`; false if the pool is full.
    ///
    /// gevent: `Pool.add(greenlet, blocking=False)`.
    public func tryAdd(_ greenlet: AnyGreenlet) -> Bool { add(greenlet) { tryTakePlace() } }

    /// Makes a greenlet a member, and schedules it for the next turn of the hub, as soon as there is a place.
    ///
    /// Switch point, if the pool is full. One that was started before becomes a member when there is a place, and runs on,
    /// also meanwhile; one that has ended, now or then, is left alone.
    ///
    /// ```swift
    /// let greenlet = Greenlet { try fetch(page) }
    /// guard try pool.start(greenlet, timeout: .seconds(5)) else { throw Overloaded() }
    /// ```
    ///
    /// - Parameters:
    ///   - greenlet: Whom to start.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if it is a member or has ended; false if the time ran out: it was not started then.
    /// - Throws: As `spawn(name:file:line:_:)`. It was not started then.
    ///
    /// gevent: `Pool.start`, which throws `PoolFull` in place of false.
    @discardableResult
    public func start(_ greenlet: AnyGreenlet, timeout: Duration? = nil) throws -> Bool {
        guard try add(greenlet, timeout: timeout) else { return false }
        greenlet.schedule()
        return true
    }

    /// Makes a greenlet a member, and schedules it for the next turn of the hub, if there is a place.
    ///
    /// Not a switch point.
    ///
    /// - Parameter greenlet: Whom to start.
    /// - Returns: As `start(_:timeout:)`; false if the pool is full.
    ///
    /// gevent: `Pool.start(greenlet, blocking=False)`.
    public func tryStart(_ greenlet: AnyGreenlet) -> Bool {
        guard tryAdd(greenlet) else { return false }
        greenlet.schedule()
        return true
    }

    private func add(_ greenlet: AnyGreenlet, _ takePlace: () throws -> Bool) rethrows -> Bool {
        if greenlet.isReady || contains(greenlet) { return true }
        if greenlet.stage == .endless { return false }
        guard try takePlace() else { return false }
        if !admit(greenlet) { places?.release() }
        return true
    }

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

    /// How many places are free; `Int.max` if there is no limit.
    ///
    /// gevent: `Pool.free_count`.
    public var freeCount: Int { places?.value ?? .max }
}
