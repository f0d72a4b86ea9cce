// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Parking and waking, performed: every blocking call of every module goes through here.

import CGreenletCore
import GreenletCore

/// An error on its way into a greenlet, and who may take it back.
package struct PendingError {
    let error: any Error
    let sender: AnyObject?
    /// How many shields the greenlet had opened when this began: it passes those, and no later one.
    var shieldCount: Int
    /// Whether it has ended a wait that couldn't throw it, of a loop or below C: then it must not be forgotten.
    var hasEndedWait = false

    package init(_ error: any Error, from sender: AnyObject? = nil, shieldCount: Int = .max) {
        self.error = error
        self.sender = sender
        self.shieldCount = shieldCount
    }
}

/// Errors on their way into a greenlet, in order.
///
/// No array while there are none, which is nearly always: looking costs one word, making and ending it nothing.
struct PendingErrors {
    private var list: [PendingError]?

    init(_ list: [PendingError]? = nil) { self.list = list }

    @inline(__always)
    var isEmpty: Bool { list == nil }

    mutating func append(_ pending: PendingError) { list = (list ?? []) + [pending] }

    mutating func putBack(_ pending: PendingError) { list = [pending] + (list ?? []) }

    /// The first one that passes a shield; 0 is none.
    func index(passing shield: Int, where isWanted: (PendingError) -> Bool = { _ in true }) -> Int? {
        list?.firstIndex { $0.shieldCount >= shield && isWanted($0) }
    }

    mutating func remove(at index: Int) -> PendingError? {
        let removed = list?.remove(at: index)
        if list?.isEmpty == true { list = nil }
        return removed
    }

    /// Removes those of a sender, but for one that is on its way, and maybe those that have ended a wait already.
    mutating func removeAll(from sender: AnyObject, but departing: Int?, keepingInterruption isKept: Bool) {
        let rest = (list ?? []).enumerated().filter {
            $0.element.sender !== sender || $0.offset == departing || isKept && $0.element.hasEndedWait
        }
        list = rest.isEmpty ? nil : rest.map(\.element)
    }

    /// Takes out those that have ended loops.
    mutating func takeInterruptions() -> PendingErrors {
        let all = list ?? []
        let (taken, rest) = (all.filter(\.hasEndedWait), all.filter { !$0.hasEndedWait })
        list = rest.isEmpty ? nil : rest
        return PendingErrors(taken)
    }

    /// What would be thrown.
    var errors: [any Error] { list?.map(\.error) ?? [] }

    /// They won't be thrown any more, or have been: the timeouts among their senders are over.
    func end(in greenlet: AnyGreenlet) {
        for timeout in (list ?? []).compactMap({ $0.sender as? Timeout }) { timeout.wasThrown(in: greenlet) }
    }

    /// Lets one pass all shields.
    mutating func exempt(_ index: Int) { list?[index].shieldCount = .max }
}

/// What becomes of an error that arrives in a greenlet.
enum Delivery: UInt8 {
    case thrown
    /// It stays until C code has returned: see `Hub.waitBelowC`.
    case held
    /// A loop catches it, with all that is known of it, and ends: see `LoopStep`.
    case caughtByLoop
}

/// Thrown instead of an error that arrived below C, where it can't pass: see `Hub.waitBelowC`.
struct ErrorHeld: Error {}

extension AnyGreenlet {
    /// A new wait begins: from now on it can be woken.
    ///
    /// Returns its ticket.
    @discardableResult
    @inline(__always)
    func beginWait() -> UInt32 {
        setAsideIfOpen()
        return waitState.begin()
    }

    /// A wait begins that stands at several places: see `Choosing`.
    func beginSpread() {
        setAsideIfOpen()
        waitState.beginSpread()
    }

    /// Gives up the CPU until woken.
    ///
    /// Switch point, unless it was woken already.
    ///
    /// - Returns: True if woken, false if the deadline came first.
    /// - Throws: An error that was injected, now or earlier.
    @inline(__always)
    func park(for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        if let deadline { return try park(for: reason, withTimer: deadline) }
        return try park(for: reason)
    }

    /// `park` without a deadline: the way of most waits, and short, for its frame stays on the stack of each sleeper.
    @inline(__always)
    private func park(for reason: WaitReason) throws -> Bool {
        if waitState.shouldPark() {
            try throwPending()
            self.reason = reason
            hub.switchAway()
            if isQueued { resumedByHand() }
        }
        if waitState.endIfReady() { return true }
        return try endOtherwise()
    }

    /// `park` for a wait at several places: see `StandIn`.
    ///
    /// Switch point.
    func parkSpread(for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        let timer = deadline.map { hub.addTimer($0, .wake(.passUnretained(self), ticket: waitState.ticket)) }
        defer { if let timer { hub.removeTimer(timer) } }
        self.reason = reason
        hub.switchAway()
        if isQueued { resumedByHand() }
        if waitState.endIfReady() { return true }
        return try endOtherwise()
    }

    @inline(never)
    private func park(for reason: WaitReason, withTimer deadline: Deadline) throws -> Bool {
        guard waitState.phase == .waiting else { return try endOtherwise() }
        let timer = hub.addTimer(deadline, .wake(.passUnretained(self), ticket: waitState.ticket))
        defer { hub.removeTimer(timer) }
        return try park(for: reason)
    }

    /// The wait is over in some way.
    @inline(never)
    private func endOtherwise() throws -> Bool {
        switch waitState.end() {
        case .ready: return true
        case .timedOut: return false
        case .injected:
            guard let error = takePending() else { preconditionFailure("\(self) was woken by an error that is gone") }
            throw error
        case nil: throw leaveAfterIntrusion()
        }
    }

    /// Lets the others run once, whatever arrives meanwhile: errors stay pending.
    ///
    /// Switch point.
    @inline(__always)
    func yield() {
        setAsideIfOpen()
        waitState.beginYield()
        hub.enqueue(self)
        hub.switchAway()
        if isQueued { resumedByHand() }
        waitState.reset()
    }

    /// What it waits for, if it does.
    var currentReason: WaitReason? {
        waitState.phase == .parked || waitState.phase == .spread || stage == .delayed ? reason : nil
    }

    func raise(_ pending: PendingError) -> any Error {
        switch delivery {
        case .thrown: break
        case .caughtByLoop: return Interruption(pending)
        case .held:
            hold(pending)
            return ErrorHeld()
        }
        if let timeout = deadline(of: pending) {
            pendingErrors.append(timeout.pendingError)  // at the end, so that a kill has its turn
        } else if let timeout = pending.sender as? Timeout {
            timeout.wasThrown(in: self)
        }
        return pending.error
    }

    /// The deadline that sent it, if that is still in force here.
    private func deadline(of pending: PendingError) -> Timeout? {
        guard let timeout = pending.sender as? Timeout, timeout.repeats(in: self) else { return nil }
        return timeout
    }

    /// Wakes this greenlet from its present wait.
    @discardableResult
    package func wake(_ cause: WakeCause) -> Bool { wake(cause, ticket: waitState.ticket) }

    /// Wakes this greenlet from the wait that `ticket` names; does nothing if that is over.
    @inline(__always)
    @discardableResult
    func wake(_ cause: WakeCause, ticket: UInt32) -> Bool {
        switch waitState.wake(ticket: ticket, cause) {
        case .ignore:
            return false
        case .noted:
            leaveWaitList()
            return true
        case .enqueue:
            leaveWaitList()
            hub.enqueue(self)
            return true
        case .leaveAll:
            return wokenAtSeveralPlaces()
        }
    }

    @inline(__always)
    func leaveWaitList() {
        if let waitList { waitList._withUnsafeGuaranteedRef { $0.remove(self) } }
    }

    /// Wakes this greenlet from its present wait, with an error.
    @discardableResult
    func wake(throwing pending: PendingError) -> Bool { wake(throwing: pending, ticket: waitState.ticket) }

    /// Wakes this greenlet from the wait that `ticket` names, with an error; does nothing if that is over.
    func wake(throwing pending: PendingError, ticket: UInt32) -> Bool {
        guard wake(.injected, ticket: ticket) else { return false }
        pendingErrors.append(pending)
        return true
    }

    /// An error that waits to be thrown ends the wait before it begins.
    @inline(__always)
    private func throwPending() throws {
        if !pendingErrors.isEmpty { try throwFirstPending() }
    }

    @inline(never)
    private func throwFirstPending() throws {
        guard let index = nextPending, let pending = pendingErrors.remove(at: index) else { return }
        let error = raise(pending)
        leaveWaitList()
        _ = waitState.end()
        // Or a loop that catches it and tries again would keep the thread from all others. The other two see to that.
        if delivery == .thrown, deadline(of: pending) != nil { hub.yieldRegardless(self) }
        throw error
    }

    /// The error that ended a wait which couldn't throw it, if that is still to be thrown and no shield keeps it out.
    @inline(never)
    func takeInterruption() -> (any Error)? {
        let index = pendingErrors.index(passing: extras?.shield ?? 0) { $0.hasEndedWait }
        guard let index, let pending = pendingErrors.remove(at: index) else { return nil }
        return raise(pending)
    }

    /// The first error that no shield keeps out.
    func takePending() -> (any Error)? {
        guard let index = nextPending, let pending = pendingErrors.remove(at: index) else { return nil }
        return raise(pending)
    }

    /// Which error comes next, if there is one that no shield keeps out.
    var nextPending: Int? {
        if pendingErrors.isEmpty { return nil }
        return pendingErrors.index(passing: extras?.shield ?? 0)
    }

    /// Somebody switched into this greenlet by hand when it was woken, but before its turn: it goes on as woken.
    @inline(never)
    func resumedByHand() {
        hub.dequeue(self)
        if let error = hub.thread.takeDelivery() { inject(error) }
    }

    /// Somebody switched into this greenlet by hand while it waited.
    @inline(never)
    private func leaveAfterIntrusion() -> any Error {
        leaveWaitList()
        if let error = hub.thread.takeDelivery() { return error }
        return GreenletError(
            .invalidSwitch,
            "\(self) was switched into by hand while it waited; only the hub may resume a waiting greenlet"
        )
    }

    /// Stops whatever the greenlet waits for by throwing `error` there; if it does not wait, at its next switch point.
    ///
    /// Not a switch point. A `shield` holds it up, but for what the greenlet puts back for itself.
    ///
    /// - Parameter error: What to throw.
    package func inject(_ error: any Error) {
        let isOwn = hub.record.pointee.current == context
        inject(PendingError(error, shieldCount: isOwn ? extras?.shieldCount ?? 0 : 0))
    }

    func inject(_ pending: PendingError) {
        let isHeld = pending.shieldCount < extras?.shield ?? 0
        if isHeld || !wake(throwing: pending) { pendingErrors.append(pending) }
    }

    /// Takes back what `sender` injected, unless a wait has been ended for it.
    ///
    /// - Parameters:
    ///   - sender: Whose.
    ///   - isForgotten: Whether to take back also what has ended a wait that couldn't throw it.
    @inline(__always)
    func withdraw(_ sender: AnyObject, forgettingInterruption isForgotten: Bool) {
        if !pendingErrors.isEmpty { withdrawPending(sender, isForgotten) }
    }

    @inline(never)
    private func withdrawPending(_ sender: AnyObject, _ isForgotten: Bool) {
        let departing = waitState.phase == .injected ? nextPending : nil
        pendingErrors.removeAll(from: sender, but: departing, keepingInterruption: !isForgotten)
    }

    /// No error that arrived will be thrown any more.
    @inline(never)
    func dropPending() {
        reportInterruptions()
        let dropped = pendingErrors
        pendingErrors = PendingErrors()
        dropped.end(in: self)
    }

    /// Throws an error that arrived earlier, if there is one: for switch points that have nothing to wait for.
    package func checkPending() throws {
        if pendingErrors.isEmpty { return }
        setAsideIfOpen()
        try throwFirstPending()
    }
}
