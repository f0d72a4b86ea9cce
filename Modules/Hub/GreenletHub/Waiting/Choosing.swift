// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One greenlet that waits at several places and is served at exactly one of them.

import GreenletCore

/// The wait of a greenlet that chooses.
///
/// It stands in each list through a candidate. The first of them to be woken decides: in that moment, before anybody runs,
/// all the others leave their lists. If the greenlet is woken by its deadline or by an error, all of them do. So nobody
/// ever serves a greenlet that has been served, or has given up.
@usableFromInline
final class Choosing {
    /// Safe because it is the one that waits here.
    private unowned(unsafe) let greenlet: AnyGreenlet
    private(set) var candidates: [Candidate] = []
    private(set) var taken: Candidate?
    private var deadline: Deadline?
    private var timer: Candidate?
    /// Whether something outside of this thread's greenlets may serve it.
    fileprivate var isExternal = false

    /// Begins a wait of the current greenlet.
    ///
    /// - Throws: An error that arrived earlier; `GreenletError` where nothing may block.
    @usableFromInline
    init() throws {
        greenlet = try Hub.current.parkable()
        try greenlet.checkPending()
        greenlet.beginSpread()
    }

    /// Somebody to stand at one of the places.
    @usableFromInline
    func addCandidate(_ number: Int) -> Candidate {
        let candidate = Candidate(on: greenlet.hub, number, of: self)
        candidates.append(candidate)
        greenlet.nextWaiter = .passUnretained(candidate)
        return candidate
    }

    /// One of the places is a time.
    func setTimer(_ delay: Duration, _ candidate: Candidate) {
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
    func wait() throws -> Candidate {
        if isExternal { greenlet.hub.externalWaits += 1 }
        defer { if isExternal { greenlet.hub.externalWaits -= 1 } }
        let isServed = try greenlet.parkSpread(for: WaitReason("choose", self), until: deadline)
        guard let served = isServed ? taken : timer else { preconditionFailure("\(greenlet) was woken by nobody") }
        return served
    }

    /// The wait is over, however it ended.
    @usableFromInline
    func end() {
        leaveAll()
        greenlet.nextWaiter = nil
        if greenlet.waitState.isWaiting { greenlet.waitState.reset() }
    }

    /// Its turn has come at one place.
    fileprivate func take(_ candidate: Candidate) -> Bool {
        guard greenlet.wake(.ready) else { return false }
        taken = candidate
        return true
    }

    /// Whether its turn has come, or it was killed: it must not stand anywhere from then on.
    @usableFromInline var isDecided: Bool { taken != nil || !greenlet.waitState.isWaiting }

    func leaveAll() {
        for candidate in candidates {
            candidate.leave()
            candidate.observed = nil
        }
    }
}

extension Choosing: CustomStringConvertible {
    /// The places.
    @usableFromInline var description: String { candidates.map(\.place).joined(separator: ", ") }
}

/// Stands at one place for a greenlet that chooses.
@usableFromInline
final class Candidate: StandIn {
    /// Which of the choices.
    @usableFromInline let number: Int
    /// Safe because it takes this out of all lists before it goes.
    unowned(unsafe) let choosing: Choosing
    /// The number of its offer, if it puts.
    @usableFromInline var offer: UInt64 = 0
    /// Where it stands, in words.
    var place: String { "\(verb) \(what)" }
    private var verb: StaticString = ""
    private var what: Any = ()
    /// A greenlet whose error will be seen, as long as this one stands there.
    var observed: AnyGreenlet? {
        didSet {
            oldValue?.getters -= 1
            observed?.getters += 1
        }
    }

    init(on hub: Hub, _ number: Int, of choosing: Choosing) {
        self.number = number
        self.choosing = choosing
        super.init(on: hub)
    }

    override func wokenAtSeveralPlaces() -> Bool { choosing.take(self) }

    /// Stands in `list`.
    @usableFromInline
    func stand(in list: WaitList, _ verb: StaticString, _ object: AnyObject) throws {
        note(verb, object)
        try stand(in: list)
        if list.isExternal { choosing.isExternal = true }
    }

    /// Stands with something in its hands.
    @usableFromInline
    func standWithOffer(_ object: AnyObject) -> Waiter {
        note("put into", object)
        waitState.beginSpread()
        return Waiter(of: self)
    }

    /// Waits for a time.
    func stand(until delay: Duration) {
        note("after", delay)
        choosing.setTimer(delay, self)
    }

    private func note(_ verb: StaticString, _ what: Any) {
        self.verb = verb
        self.what = what
    }

    /// Gives back what it was given where it stood: see `HandsOver`.
    func giveBackAsServed() {
        guard pendingErrors.isEmpty, let place = what as? any HandsOver else { return }
        place.takeBack(from: self, "\(verb)")
    }

    /// Throws what it was woken with, if that is an error.
    @usableFromInline
    func check() throws {
        if let error = takePending() { throw error }
    }
}
