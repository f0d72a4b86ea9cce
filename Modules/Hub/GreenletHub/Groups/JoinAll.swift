// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for several greenlets at once; see WaitAll.swift for all else that can be waited for.

/// Waits until all of the greenlets have ended, or as many as asked for.
///
/// Switch point, unless they have.
///
/// - Parameters:
///   - greenlets: For whom to wait; one that is named twice counts once.
///   - timeout: At most how long; nil means for ever. Running out is no error: see what is returned.
///   - raisingErrors: Whether to throw the error of the first that ends with one, at that moment. Errors of others are
///     reported as if nobody waited.
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
    let all = Array(greenlets)
    // This keeps them, and no reference is counted below.
    defer { withExtendedLifetime(all) {} }
    let references = all.map { Unmanaged<AnyGreenlet>.passUnretained($0) }
    let finished = try joinEach(references, timeout: timeout, raisingErrors: raisingErrors, count: count)
    // Safe because they are some of those that were given.
    return finished.map { unsafeDowncast($0.takeUnretainedValue(), to: G.self) }
}

@usableFromInline
func joinEach(
    _ greenlets: [Unmanaged<AnyGreenlet>],
    timeout: Duration?,
    raisingErrors: Bool,
    count: Int?
) throws -> [Unmanaged<AnyGreenlet>] {
    guard let first = greenlets.first?.takeUnretainedValue() else { return [] }
    first.checkThread("joinAll")  // before its hub is used
    let gathering = Gathering(of: greenlets, on: first.hub, observing: raisingErrors)
    defer { gathering.end() }
    try gathering.begin(wanting: count)
    let deadline = Deadline(after: timeout)
    while true {
        if raisingErrors, let error = gathering.takeError() { throw error }
        if gathering.isComplete { return gathering.finished }
        let waiter = try Waiter()
        gathering.waiter = waiter
        defer { gathering.waiter = nil }
        guard try waiter.park(for: WaitReason("joinAll", gathering), until: deadline) else { return gathering.finished }
    }
}

/// Gathers greenlets as they end: the joiner of each, for whoever waits for all of them.
///
/// It has no stack and never runs.
private final class Gathering: AnyGreenlet {
    // Safe because the hub's thread alone touches it, and never across a switch.
    private let greenlets: [Unmanaged<AnyGreenlet>]
    private let isObserving: Bool
    @exclusivity(unchecked) private var target = Int.max
    @exclusivity(unchecked) private(set) var finished: [Unmanaged<AnyGreenlet>] = []
    @exclusivity(unchecked) private var looked = 0
    @exclusivity(unchecked) var waiter: Waiter?
    /// Whether one has failed: that is whose error will be seen.
    @exclusivity(unchecked) private var hasFailed = false
    /// Who stands for it behind those who join a greenlet already; nil if that has ended.
    private var behindOthers: [ObjectIdentifier: GatheringMember?] = [:]

    init(of greenlets: [Unmanaged<AnyGreenlet>], on hub: Hub, observing: Bool) {
        self.greenlets = greenlets
        isObserving = observing
        super.init(hub: hub, context: nil, stage: .endless)
    }

    /// For whom it still waits; the first few.
    override var description: String {
        firstFew(of: greenlets.map { $0.takeUnretainedValue() }.filter { !$0.isReady })
    }

    var isComplete: Bool { finished.count >= target }

    /// Stands at all of them.
    func begin(wanting count: Int?) throws {
        finished.reserveCapacity(greenlets.count)
        var unique = 0
        for greenlet in greenlets where try greenlet._withUnsafeGuaranteedRef({ try stand(at: $0) }) { unique += 1 }
        target = max(0, min(count ?? unique, unique))
        if finished.count > target { finished.removeLast(finished.count - target) }
    }

    /// - Returns: False if it stands there already.
    private func stand(at greenlet: AnyGreenlet) throws -> Bool {
        greenlet.checkThread("joinAll")
        if let joiner = greenlet.joiner {
            if joiner.toOpaque() == Unmanaged.passUnretained(self).toOpaque() { return false }
            return try stand(behindOthersAt: greenlet)
        }
        if greenlet.joiners?.isEmpty == false { return try stand(behindOthersAt: greenlet) }
        greenlet.joiner = .passUnretained(self)
        if greenlet.isReady { finished.append(.passUnretained(greenlet)) }
        return true
    }

    @inline(never)
    private func stand(behindOthersAt greenlet: AnyGreenlet) throws -> Bool {
        let name = ObjectIdentifier(greenlet)
        if behindOthers.keys.contains(name) { return false }
        if greenlet.isReady {
            finished.append(.passUnretained(greenlet))
            behindOthers.updateValue(nil, forKey: name)
        } else {
            let member = GatheringMember(of: self, at: greenlet)
            behindOthers.updateValue(member, forKey: name)
            try member.stand(in: greenlet.joinerList)
        }
        return true
    }

    /// Leaves all of them.
    func end() {
        let address = Unmanaged.passUnretained(self).toOpaque()
        for greenlet in greenlets {
            greenlet._withUnsafeGuaranteedRef { if $0.joiner?.toOpaque() == address { $0.joiner = nil } }
        }
        for case let member? in behindOthers.values { member.leave() }
    }

    override func learn(endOf greenlet: AnyGreenlet) {
        if isComplete { return }  // enough have, though the one who waits has not run yet
        finished.append(.passUnretained(greenlet))
        if isObserving, greenlet.failure != nil { hasFailed = true }
        if isComplete || hasFailed { waiter?.wake() }
    }

    /// Only of the first that fails, and only while nothing else has ended the wait.
    override func seesError(of greenlet: AnyGreenlet) -> Bool {
        isObserving && !isComplete && !hasFailed && waiter?.isWaiting == true
    }

    /// The first error among those not looked at yet.
    func takeError() -> (any Error)? {
        while looked < finished.count {
            looked += 1
            if let error = finished[looked - 1]._withUnsafeGuaranteedRef({ $0.failure }) { return error }
        }
        return nil
    }
}

/// Stands for a gathering behind others who join one of its greenlets.
private final class GatheringMember: StandIn {
    // Safe because it leaves the greenlet before they go.
    private unowned(unsafe) let gathering: Gathering
    private unowned(unsafe) let greenlet: AnyGreenlet

    init(of gathering: Gathering, at greenlet: AnyGreenlet) {
        self.gathering = gathering
        self.greenlet = greenlet
        super.init(on: gathering.hub)
    }

    override func wokenAtSeveralPlaces() -> Bool {
        leave()
        gathering.learn(endOf: greenlet)
        return true
    }

    override func seesError(of greenlet: AnyGreenlet) -> Bool { gathering.seesError(of: greenlet) }
}
