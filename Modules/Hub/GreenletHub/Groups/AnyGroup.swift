// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What groups and pools have in common: who is still at it, and an end for all of them.

public import GreenletCore

/// A set of greenlets that are waited for, or killed, together: a ``Group`` or a ``Pool``.
///
/// A member that has ended leaves by itself.
///
/// ```swift
/// func stop(_ groups: [AnyGroup]) throws {
///     for group in groups { try group.kill(timeout: .seconds(5)) }
/// }
/// ```
///
/// gevent: `gevent.pool.Group`, of which `Pool` is a subclass.
public class AnyGroup {
    private struct Member {
        let order: Int
        let link: LinkID
        var isDying = false
    }

    /// How many members there may be; nil means any number, as in each `Group`.
    ///
    /// gevent: `Pool.size`.
    public final let size: Int?
    private var table: [AnyGreenlet: Member] = [:]
    private var nextOrder = 0
    /// Greenlets that wait until nobody is left.
    private let joiners = WaitList()
    /// One permit a place; nil if there is no limit.
    final let places: Semaphore?

    init(size: Int?) {
        self.size = size
        places = size.map { Semaphore($0) }
    }

    /// Makes a greenlet a member, in a place that was taken for it; tells whether it is one that it was not before.
    @usableFromInline
    final func admit(_ greenlet: AnyGreenlet) -> Bool {
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

    /// Makes a greenlet no member any more; it runs on, and its place is free.
    ///
    /// Not a switch point. Does nothing if it is none.
    ///
    /// - Parameter greenlet: Whom to leave out.
    ///
    /// gevent: `Group.discard`.
    public final func discard(_ greenlet: AnyGreenlet) {
        if let member = table[greenlet] { greenlet.removeLink(member.link) }
        leave(greenlet)
    }

    private func leave(_ greenlet: AnyGreenlet) {
        guard table.removeValue(forKey: greenlet) != nil else { return }
        places?.release()  // first: who stands in line is a member at once, and the group never was empty
        if table.isEmpty { joiners.wakeAll() }
    }

    /// Waits until no member is left.
    ///
    /// Switch point, unless it is empty. Those that are added meanwhile are waited for, too; but a group that was
    /// empty for a moment has been joined, even if it has members again when this returns.
    ///
    /// - Parameters:
    ///   - timeout: At most how long; nil means for ever.
    ///   - raisingErrors: Whether to throw, when the waiting is over, the error of the first that failed of those that were
    ///     members when it began. Errors of others are reported as ever. To have it at once, use
    ///     `joinAll(_:timeout:raisingErrors:count:)` on `members`.
    /// - Returns: True if it was empty, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   where nothing may block; with `raisingErrors`, the error of a member.
    ///
    /// gevent: `Group.join`.
    @discardableResult
    public final func join(timeout: Duration? = nil, raisingErrors: Bool = false) throws -> Bool {
        if isEmpty || Hub.hasJustStartedOver() && isEmpty { return true }
        let first = raisingErrors ? FirstFailure(among: members) : nil
        defer { first?.end() }
        let wasEmpty = try joiners.wait(for: WaitReason("join", self), until: Deadline(after: timeout))
        if let error = first?.takeError() { throw error }
        return wasEmpty
    }

    /// Throws `error` in all members, and waits until none is left.
    ///
    /// Switch point, if `wait` is true, unless it is empty and no place was just given to anybody. Each member is killed
    /// once, however often this is called. Those that have not started never run, nor do those that stand in line for a
    /// place: see `applyAsync(name:file:line:_:)`. Those that are added while this waits are killed too, also by whoever
    /// waited for a place: while somebody spawns on and on this goes on, unless it has a timeout. If the current greenlet
    /// is a member it is killed last: the error is thrown here.
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
    public final func kill(
        with error: any Error = GreenletExit(),
        wait: Bool = true,
        timeout: Duration? = nil
    ) throws -> Bool {
        let deadline = Deadline(after: timeout)
        while true {
            try killNow(error)
            if !wait { return isEmpty }
            let others = members.filter { $0 !== AnyGreenlet.current }
            if !others.isEmpty {
                let ended = try joinAll(others, timeout: deadline?.remaining)
                if ended.count < others.count { return isEmpty }
            } else {
                // Who waited for a place in their pool has been given it, and adds a member in this turn.
                if !isPlaceOnItsWay || deadline?.remaining == .zero { return isEmpty }
                try yieldNow()
            }
        }
    }

    /// Kills those that were not killed before.
    private func killNow(_ error: any Error) throws {
        let running = AnyGreenlet.current
        // Members first: they may wait for those in line, and shall end by this error, not by theirs.
        for greenlet in members + standingInLine where greenlet !== running {
            if contains(greenlet) && !markDying(greenlet) { continue }
            try greenlet.kill(with: error, wait: false)
        }
        if markDying(running) { throw error }
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
    public final func killOne(
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

extension AnyGroup {
    /// How many members there are.
    ///
    /// gevent: `len(group)`.
    public final var count: Int { table.count }

    /// Whether there are no members.
    ///
    /// gevent: `not group`.
    public final var isEmpty: Bool { table.isEmpty }

    /// Whether one more would have to wait for a place; never in a `Group`, nor in a `Pool` without a size.
    ///
    /// gevent: `Group.full`, `Pool.full`.
    public final var isFull: Bool { places?.value == 0 }

    /// The members now, in the order they were added.
    ///
    /// gevent: `iter(group)`.
    public final var members: [AnyGreenlet] { table.sorted { $0.value.order < $1.value.order }.map(\.key) }

    /// Whether a greenlet is a member.
    ///
    /// - Parameter greenlet: Which.
    /// - Returns: Whether it is one; no longer when it has ended.
    ///
    /// gevent: `greenlet in group`.
    public final func contains(_ greenlet: AnyGreenlet) -> Bool { table[greenlet] != nil }
}

/// Ready when all its greenlets have ended.
extension AnyGroup: Waitable {
    /// Whether all have ended.
    public final var readiness: Readiness { Readiness(isEmpty, tells: self.joiners) }
}

extension AnyGroup: CustomStringConvertible {
    /// `<Group 0x7f… 3 members>`, `<Pool 0x7f… 10 of 10 members, 2 waiting>`.
    public final var description: String {
        let members = size.map { "\(count) of \($0) members" } ?? "\(count) members"
        let waiting = places?.waiters.count ?? 0
        return describe(self, members, waiting == 0 ? nil : "\(waiting) waiting")
    }
}

@available(*, unavailable)
extension AnyGroup: Sendable {}

/// The error of the first of several greenlets that fails, which is not reported; those of the others are.
private final class FirstFailure {
    private var links: [(greenlet: AnyGreenlet, link: LinkID)] = []
    /// Who failed.
    private var failed: AnyGreenlet?

    init(among greenlets: [AnyGreenlet]) {
        for greenlet in greenlets {
            let link = greenlet.onFinish(observing: true) { [unowned self, unowned greenlet] in
                if greenlet.failure != nil { learn(endOf: greenlet) }
            }
            if let link { links.append((greenlet, link)) }
        }
    }

    private func learn(endOf greenlet: AnyGreenlet) {
        failed = greenlet
        removeLinks()
    }

    private func removeLinks() {
        for (greenlet, link) in links { greenlet.removeLink(link) }
        links = []
    }

    func takeError() -> (any Error)? { failed.take()?.failure }

    /// Who waited is gone, and reports what he can't throw any more.
    func end() {
        removeLinks()
        if let failed, let error = failed.failure { failed.hub.report(failed, error) }
    }
}
