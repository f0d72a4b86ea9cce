// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for several greenlets at once; see WaitAll.swift for all else that can be waited for.

/// Waits until all of the greenlets have ended, or as many as asked for.
///
/// Switch point, unless they have.
///
/// - Parameters:
///   - greenlets: For whom to wait; one that is named twice counts once.
///   - timeout: At most how long; nil means for ever. Running out is no error: see what is returned.
///   - raisingErrors: Whether to throw the error of the first that ends with one, at that moment.
///   - count: How many to wait for; nil means all.
/// - Returns: Those that have ended, in the order they did.
/// - Throws: With `raisingErrors`, the first error; whatever the waiting greenlet is killed with.
///
/// gevent: `gevent.joinall`.
@discardableResult
@inlinable
public func joinAll<G: AnyGreenlet>(
    _ greenlets: some Sequence<G>,
    timeout: Duration? = nil,
    raisingErrors: Bool = false,
    count: Int? = nil
) throws -> [G] {
    // Inlined up to here, and no further: what is done for each of them must not ask for their type each time.
    let all: [AnyGreenlet] = greenlets.map { $0 }
    let finished = try joinEach(all, timeout: timeout, raisingErrors: raisingErrors, count: count)
    // Safe because they are some of those that were given.
    return finished.map { unsafeDowncast($0, to: G.self) }
}

@usableFromInline
func joinEach(
    _ greenlets: [AnyGreenlet],
    timeout: Duration?,
    raisingErrors: Bool,
    count: Int?
) throws -> [AnyGreenlet] {
    var seen = Set<ObjectIdentifier>(minimumCapacity: greenlets.count)
    let unique = greenlets.filter { seen.insert(ObjectIdentifier($0)).inserted }
    let collector = Collector(target: max(0, min(count ?? unique.count, unique.count)))
    var links: [LinkID?] = []
    links.reserveCapacity(unique.count)
    defer {
        if collector.finished.count < unique.count {
            for (greenlet, link) in zip(unique, links) { if let link { greenlet.removeLink(link) } }
        }
    }
    for greenlet in unique {
        greenlet.checkThread("joinAll")
        links.append(greenlet.onFinish(observing: raisingErrors) { collector.add(greenlet) })
    }
    let deadline = Deadline(after: timeout)
    while true {
        if raisingErrors, let error = collector.takeError() { throw error }
        if collector.isComplete { return collector.finished }
        let waiter = try Waiter()
        collector.waiter = waiter
        defer { collector.waiter = nil }
        guard try waiter.park(for: WaitReason("joinAll"), until: deadline) else { return collector.finished }
    }
}

/// Gathers greenlets as they end.
private final class Collector {
    private let target: Int
    private(set) var finished: [AnyGreenlet] = []
    private var looked = 0
    var waiter: Waiter?

    init(target: Int) {
        self.target = target
        finished.reserveCapacity(target)
    }

    var isComplete: Bool { finished.count >= target }

    func add(_ greenlet: AnyGreenlet) {
        if isComplete { return }  // enough have, though the one who waits has not run yet
        finished.append(greenlet)
        if isComplete || greenlet.failure != nil { waiter?.wake() }
    }

    /// The first error among those not looked at yet.
    func takeError() -> (any Error)? {
        while looked < finished.count {
            looked += 1
            if let error = finished[looked - 1].failure { return error }
        }
        return nil
    }
}
