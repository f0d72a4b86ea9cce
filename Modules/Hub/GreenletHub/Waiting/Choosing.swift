// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One greenlet that waits at several places and is served at exactly one of them.

import GreenletCore

/// The wait of a greenlet that chooses.
///
/// It stands in each list through a candidate. The first of them to be woken decides: in that moment, before anybody runs,
/// all the others leave their lists. If the greenlet is woken by its deadline or by an error, all of them do. So nobody
/// ever serves a greenlet that has been served, or has given up.
///
/// Its hub keeps it, with its candidates, for the next who chooses: by then none of them stands anywhere.
@usableFromInline
final class Choosing {
    /// Which of the choices was served, and with what if that is an error.
    @usableFromInline
    struct Served {
        @usableFromInline let number: Int
        @usableFromInline let failure: (any Error)?
    }

    // Safe because only the hub's thread touches it, and never across a switch.

    /// Safe because it is the one that waits here.
    @exclusivity(unchecked) private unowned(unsafe) var greenlet: AnyGreenlet
    // The first `count` are of this wait, the others left from earlier ones. Retained till the end.
    @exclusivity(unchecked) @usableFromInline private(set) var candidates: [Unmanaged<Candidate>] = []
    @exclusivity(unchecked) @usableFromInline private(set) var count = 0
    /// How many of those may stand somewhere.
    @exclusivity(unchecked) private var standing = 0
    /// Whether one of those stands with something in its hands.
    @exclusivity(unchecked) @usableFromInline fileprivate(set) var hasOffers = false
    /// Safe because it is one of the candidates.
    @exclusivity(unchecked) private(set) unowned(unsafe) var taken: Candidate?
    @exclusivity(unchecked) private var deadline: Deadline?
    // Whose time the deadline is. Safe because it is one of the candidates.
    @exclusivity(unchecked) private unowned(unsafe) var timer: Candidate?
    /// Whether something outside of this thread's greenlets may serve it.
    @exclusivity(unchecked) fileprivate var isExternal = false

    private init(of greenlet: AnyGreenlet) { self.greenlet = greenlet }

    deinit { for candidate in candidates { candidate.release() } }

    /// Begins a wait of the current greenlet.
    ///
    /// - Throws: An error that arrived earlier; `GreenletError` where nothing may block.
    @usableFromInline
    static func begin() throws -> Choosing {
        let greenlet = try Hub.current.parkable()
        try greenlet.checkPending()
        greenlet.beginSpread()
        guard let choosing = greenlet.hub.spareChoosings.popLast() else { return Choosing(of: greenlet) }
        choosing.greenlet = greenlet
        return choosing
    }

    /// Somebody to stand at one of the places.
    @usableFromInline
    func addCandidate(_ number: Int) -> Candidate {
        if count == candidates.count { candidates.append(.passRetained(Candidate(on: greenlet.hub, of: self))) }
        let candidate = candidates[count].takeUnretainedValue()
        count += 1
        standing = count
        candidate.begin(number)
        greenlet.nextWaiter = .passUnretained(candidate)
        return candidate
    }

    /// One of the places is a time.
    fileprivate func setTimer(_ delay: Duration, _ candidate: Candidate) {
        let end = Deadline(after: delay)
        if let deadline, deadline <= end { return }
        deadline = end
        timer = candidate
    }

    /// Waits until one is served.
    ///
    /// Switch point.
    ///
    /// - Returns: Which.
    /// - Throws: What the greenlet is killed with: none is served then.
    @usableFromInline
    func wait() throws -> Served {
        if isExternal { greenlet.hub.externalWaits += 1 }
        defer { if isExternal { greenlet.hub.externalWaits -= 1 } }
        let isServed = try greenlet.parkSpread(for: WaitReason("choose", self), until: deadline)
        guard let served = isServed ? taken : timer else { preconditionFailure("\(greenlet) was woken by nobody") }
        return Served(number: served.number, failure: served.takePending())
    }

    /// The wait is over, however it ended.
    @usableFromInline
    func leave() {
        leaveAll()
        greenlet.nextWaiter = nil
        if greenlet.waitState.isWaiting { greenlet.waitState.reset() }
    }

    /// Nothing is left anywhere: the next may have it.
    @usableFromInline
    func end() {
        let hub = greenlet.hub
        // What is rarely needed is not kept: waits at many places, and as many waits as there seldom are at once.
        if candidates.count > RandomOrder.few || hub.spareChoosings.count >= 16 || hub.isGone { return }
        (count, taken, deadline, timer) = (0, nil, nil, nil)
        (hasOffers, isExternal) = (false, false)
        hub.spareChoosings.append(self)
    }

    /// Its turn has come at one place.
    fileprivate func take(_ candidate: Candidate) -> Bool {
        guard greenlet.wake(.ready) else { return false }
        taken = candidate
        return true
    }

    /// Whether it is the wait of this greenlet.
    func isOf(_ greenlet: AnyGreenlet) -> Bool { self.greenlet === greenlet }

    /// Whether its turn has come, or it was killed: it must not stand anywhere from then on.
    @usableFromInline var isDecided: Bool { taken != nil || !greenlet.waitState.isWaiting }

    func leaveAll() {
        for index in 0..<standing { candidates[index]._withUnsafeGuaranteedRef { $0.leavePlace() } }
        standing = 0
    }
}

extension Choosing: CustomStringConvertible {
    /// The places.
    @usableFromInline var description: String {
        candidates.prefix(count).map { $0.takeUnretainedValue().place }.joined(separator: ", ")
    }
}

/// Stands at one place for a greenlet that chooses.
@usableFromInline
final class Candidate: StandIn {
    /// Which of the choices.
    @exclusivity(unchecked) @usableFromInline fileprivate(set) var number = 0
    /// Safe because it takes this out of all lists before it goes.
    unowned(unsafe) let choosing: Choosing
    /// The number of its offer, if it puts.
    @exclusivity(unchecked) @usableFromInline var offer: UInt64 = 0
    /// A greenlet whose error will be seen, as long as this one stands there.
    @exclusivity(unchecked) private var observed: AnyGreenlet?
    // Where it stands, in words.
    @exclusivity(unchecked) private var verb: StaticString = ""
    /// Safe because it is kept alive by the choices of the very call that waits.
    @exclusivity(unchecked) private unowned(unsafe) var object: AnyObject?
    @exclusivity(unchecked) private var delay: Duration?

    init(on hub: Hub, of choosing: Choosing) {
        self.choosing = choosing
        super.init(on: hub)
    }

    override func wokenAtSeveralPlaces() -> Bool { choosing.take(self) }

    /// It is used again, and stands nowhere yet.
    fileprivate func begin(_ number: Int) {
        self.number = number
        (verb, object, delay) = ("", nil, nil)
    }

    /// Stands in `list`.
    @usableFromInline
    func stand(in list: WaitList, _ verb: StaticString, _ object: AnyObject) throws {
        (self.verb, self.object) = (verb, object)
        try stand(in: list)
        if list.keepsHubAlive { choosing.isExternal = true }
    }

    /// Its turn has come before it stood anywhere.
    func serve(_ verb: StaticString, _ object: AnyObject) {
        (self.verb, self.object) = (verb, object)
        waitState.beginSpread()
        wake(.ready)
    }

    /// From now on the error of a greenlet will be seen.
    func observe(_ greenlet: AnyGreenlet) { observed = greenlet }

    override func seesError(of greenlet: AnyGreenlet) -> Bool { observed === greenlet }

    /// Stands with something in its hands.
    @usableFromInline
    func standWithOffer(_ object: AnyObject) -> Waiter {
        (verb, self.object) = ("put into", object)
        waitState.beginSpread()
        choosing.hasOffers = true
        return Waiter(of: self)
    }

    /// Waits for a time.
    func stand(until delay: Duration) {
        (verb, self.delay) = ("after", delay)
        choosing.setTimer(delay, self)
    }

    /// From now on nobody can wake it, and it knows of nobody.
    fileprivate func leavePlace() {
        leave()
        if observed != nil { observed = nil }
    }

    /// Gives back what it was given where it stood: see `HandsOver`.
    func giveBackAsServed() {
        guard pendingErrors.isEmpty, delay == nil, let place = object as? any HandsOver else { return }
        place.takeBack(from: self, "\(verb)")
    }

    /// Where it stands, in words.
    fileprivate var place: String {
        let what = delay.map { "\($0)" } ?? object.map { "\($0)" } ?? "nothing"
        return "\(verb) \(what)"
    }
}
