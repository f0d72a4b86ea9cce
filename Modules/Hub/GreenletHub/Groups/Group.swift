// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that belong together: who is still at it, and an end for all of them.

public import GreenletCore

/// A set of greenlets that are waited for, or killed, together.
///
/// A member that has ended leaves by itself.
///
/// ```swift
/// let group = Group()
/// for number in 1...3 { group.spawn { try sleep(.milliseconds(number)) } }
/// try group.join()
/// ```
///
/// When not to use it: to limit how many run at once; a `Pool` does that.
///
/// gevent: `gevent.pool.Group`.
public final class Group {
    private struct Member {
        let order: Int
        let link: LinkID
        var isDying = false
    }

    private var table: [AnyGreenlet: Member] = [:]
    private var nextOrder = 0
    /// Greenlets that wait until nobody is left.
    private let joiners = WaitList()
    /// Called when a member has left.
    ///
    /// It may only wake somebody.
    var memberLeft: () -> Void = {}

    /// Creates an empty group.
    ///
    /// gevent: `Group()`.
    public init() {}

    /// Creates a group of greenlets.
    ///
    /// - Parameter greenlets: Its members; those that have ended are left out.
    ///
    /// gevent: `Group(*greenlets)`.
    public convenience init(_ greenlets: some Sequence<AnyGreenlet>) {
        self.init()
        for greenlet in greenlets { add(greenlet) }
    }

    /// Creates a member and schedules it for the next turn of the hub.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was spawned, for messages.
    ///   - line: Where it was spawned, for messages.
    ///   - body: What to run.
    /// - Returns: The greenlet.
    ///
    /// gevent: `Group.spawn`.
    @inlinable
    @discardableResult
    public func spawn<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) -> Greenlet<Value> {
        let greenlet = Greenlet(name: name, file: file, line: line, body)
        add(greenlet)
        greenlet.start()
        return greenlet
    }

    /// Makes a greenlet a member.
    ///
    /// Not a switch point. Does nothing if it is one, if it has ended, or if it never ends, as the main greenlet.
    ///
    /// - Parameter greenlet: Whom to add. It isn't started by this.
    ///
    /// gevent: `Group.add`.
    public func add(_ greenlet: AnyGreenlet) { _ = admit(greenlet) }

    /// The same; tells whether it is a member that it was not before.
    func admit(_ greenlet: AnyGreenlet) -> Bool {
        if greenlet.isReady || contains(greenlet) { return false }
        greenlet.checkThread("add")
        // Weak, both: a member that never starts must not keep the group, nor itself, alive.
        let link = greenlet.onFinish { [weak self, weak greenlet] in
            if let greenlet { self?.leave(greenlet) }
        }
        guard let link else { return false }
        table[greenlet] = Member(order: nextOrder, link: link)
        nextOrder += 1
        return true
    }

    /// Makes a greenlet no member any more; it runs on.
    ///
    /// Not a switch point. Does nothing if it is none.
    ///
    /// - Parameter greenlet: Whom to leave out.
    ///
    /// gevent: `Group.discard`.
    public func discard(_ greenlet: AnyGreenlet) {
        if let member = table[greenlet] { greenlet.removeLink(member.link) }
        leave(greenlet)
    }

    private func leave(_ greenlet: AnyGreenlet) {
        guard table.removeValue(forKey: greenlet) != nil else { return }
        memberLeft()
        if table.isEmpty { joiners.wakeAll() }
    }

    /// Waits until no member is left.
    ///
    /// Switch point, unless it is empty. Those that are added meanwhile are waited for, too; but a group that was
    /// empty for a moment has been joined, even if it has members again when this returns.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if it was empty, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block. Never an error of a member.
    ///
    /// gevent: `Group.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws -> Bool {
        if isEmpty || Hub.hasJustStartedOver() && isEmpty { return true }
        return try joiners.wait(for: WaitReason("join", self), until: Deadline(after: timeout))
    }

    /// Throws `error` in all members, and waits until none is left.
    ///
    /// Switch point, if `wait` is true and it isn't empty. Each member is killed once, however often this is called.
    /// Those that have not started never run. Those that are added while this waits are killed too. If the current
    /// greenlet is a member it is killed last: the error is thrown here.
    ///
    /// - Parameters:
    ///   - error: What to throw; `GreenletExit` ends them silently.
    ///   - wait: Whether to wait for their end.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Returns: Whether no member is left.
    /// - Throws: Whatever the waiting greenlet itself is killed with.
    ///
    /// gevent: `Group.kill`.
    @discardableResult
    public func kill(
        with error: any Error = GreenletExit(),
        wait: Bool = true,
        timeout: Duration? = nil
    ) throws -> Bool {
        let deadline = Deadline(after: timeout)
        while true {
            let hasKilled = try killNow(error)
            let others = members.filter { $0 !== AnyGreenlet.current }
            if !wait || others.isEmpty && !hasKilled { return isEmpty }
            if others.isEmpty {
                // None of them had begun, so nobody ran meanwhile: who waited for a place in their pool takes it now.
                if deadline?.remaining == .zero { return isEmpty }
                try yieldNow()
                continue
            }
            let ended = try joinAll(others, timeout: deadline?.remaining)
            if ended.count < others.count { return isEmpty }
        }
    }

    /// Kills those that were not killed before, and tells whether there were any.
    private func killNow(_ error: any Error) throws -> Bool {
        let running = AnyGreenlet.current
        var hasKilled = false
        for greenlet in members where greenlet !== running && markDying(greenlet) {
            try greenlet.kill(with: error, wait: false)
            hasKilled = true
        }
        if markDying(running) { throw error }
        return hasKilled
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
    /// gevent: `Group.killone`.
    @discardableResult
    public func killOne(
        _ greenlet: AnyGreenlet,
        with error: any Error = GreenletExit(),
        wait: Bool = true,
        timeout: Duration? = nil
    ) throws -> Bool {
        if markDying(greenlet) { try greenlet.kill(with: error, wait: false) }
        if wait && contains(greenlet) { try joinAll([greenlet], timeout: timeout) }
        return !contains(greenlet)
    }

    /// Whether it is a member that is killed for the first time.
    private func markDying(_ greenlet: AnyGreenlet) -> Bool {
        guard let member = table[greenlet], !member.isDying else { return false }
        table[greenlet]?.isDying = true
        return true
    }
}

extension Group {
    /// How many members there are.
    ///
    /// gevent: `len(group)`.
    public var count: Int { table.count }

    /// Whether there are no members.
    public var isEmpty: Bool { table.isEmpty }

    /// The members now, in the order they were added.
    ///
    /// gevent: `iter(group)`.
    public var members: [AnyGreenlet] { table.sorted { $0.value.order < $1.value.order }.map(\.key) }

    /// Whether a greenlet is a member.
    ///
    /// - Parameter greenlet: Which.
    /// - Returns: Whether it is one; no longer when it has ended.
    ///
    /// gevent: `greenlet in group`.
    public func contains(_ greenlet: AnyGreenlet) -> Bool { table[greenlet] != nil }

    /// Runs `body` in a new member, and waits for what it returns.
    ///
    /// Switch point. Called by a member, it runs `body` here and now, so that it can't wait for itself.
    ///
    /// - Parameters:
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - body: What to run.
    /// - Returns: What `body` returns.
    /// - Throws: As `Greenlet.get(timeout:)`: what `body` throws, and `GreenletError` with `.exited` if the member is killed.
    ///
    /// gevent: `Group.apply`.
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
    /// Switch point. If one fails, the others run on.
    ///
    /// - Parameters:
    ///   - items: What to transform.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, in the order of the items.
    /// - Throws: The error of the first item, in their order, that fails, or `GreenletError` with `.exited` if its
    ///   greenlet was killed; whatever the waiting greenlet is killed with. Other errors that items failed with until then
    ///   are dropped, later ones are reported.
    ///
    /// gevent: `Group.map`.
    public func map<Item, Result>(
        _ items: some Sequence<Item>,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) throws -> [Result] {
        try gather(items) { item in spawn(file: file, line: line) { try transform(item) } }
    }

    /// Begins with each item, then collects what became of them, in order.
    func gather<Item, Result>(
        _ items: some Sequence<Item>,
        _ begin: (Item) throws -> Greenlet<Result>
    ) throws -> [Result] {
        var begun: [(greenlet: Greenlet<Result>, link: LinkID?)] = []
        defer { for (greenlet, link) in begun { if let link { greenlet.removeLink(link) } } }
        for item in items {
            let greenlet = try begin(item)
            begun.append((greenlet, greenlet.onFinish(observing: true) {}))
        }
        try checkInterruption()  // or half of the items would be taken for all
        return try begun.map { try $0.greenlet.get() }
    }
}

extension Group: CustomStringConvertible {
    /// `<Group 0x7f… 3 members>`.
    public var description: String { describe(self, "\(count) members") }
}

/// Ready when all its greenlets have ended.
extension Group: Waitable {
    /// Whether all have ended.
    public var readiness: Readiness { Readiness(isEmpty, tells: self.joiners) }
}

@available(*, unavailable)
extension Group: Sendable {}
