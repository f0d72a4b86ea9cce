// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// From the creation of a greenlet to its end, and who is told of that: all that does not depend on the type of its value.

import GreenletCore

/// What a greenlet runs; it puts the value into its greenlet by itself.
typealias Job = (AnyGreenlet) throws -> Void

/// How far a greenlet has come.
enum Stage: UInt8 {
    case created
    case scheduled
    /// The same, for another thread: it begins even if its hub ends.
    case submitted
    /// It will be scheduled when its `startTimer` fires, or when it gets a place in a pool.
    case delayed
    case running
    /// The thread's own stack, or the hub's: nobody sees its end.
    case endless
    // Ended, or never to run.
    case returned
    case failed
    case exited

    @inline(__always)
    var isFinal: Bool { rawValue >= Stage.returned.rawValue }
}

extension AnyGreenlet {
    /// Puts it into the run queue; does nothing if that happened before, or after the end.
    @usableFromInline
    final func schedule() {
        guard stage == .created else { return }
        checkThread("start")
        scheduleUntold()
        if hub.spawnCallbacks != nil { hub.tellOfSpawn(self) }
    }

    /// The same for one that nobody has spawned.
    @inline(__always)
    private final func scheduleUntold() {
        stage = .scheduled
        hub.register(self)
        hub.enqueue(self)
    }

    /// `schedule`, when `delay` is over.
    final func schedule(after delay: Duration) {
        guard stage == .created else { return }
        checkThread("start")
        startTimer = hub.addTimer(Deadline(after: delay), .start(.passUnretained(self)))
        expectStart()
    }

    /// Keeps it until `startNow()`.
    ///
    /// - Parameter reason: What it waits for, if that is no timer.
    final func expectStart(_ reason: WaitReason? = nil) {
        self.reason = reason
        hub.register(self)
        stage = .delayed
        if hub.spawnCallbacks != nil { hub.tellOfSpawn(self) }
    }

    /// What it waited for has come: from now on it stands in the run queue.
    final func startNow() {
        // Said here and now: whoever kills it from now on must leave it in the run queue.
        stage = .scheduled
        startTimer = .none
        hub.enqueue(self)
    }

    /// Runs its job, to the end of its life.
    @inline(__always)
    final func run() {
        stage = .running
        do {
            try runJob()
            if !pendingErrors.isEmpty { return finishAmongErrors() }
            finish(.returned)
        } catch {
            finish(with: error)
        }
    }

    /// What the body captured ends here, while it still runs: before anybody is told of its end.
    @inline(__always)
    private final func runJob() throws {
        guard let job = job.take() else { preconditionFailure("a greenlet that was abandoned runs") }
        try checkPending()
        try job(self)
    }

    /// A loop that was ended by an error is no success, if nothing has thrown that since.
    @inline(never)
    private final func finishAmongErrors() {
        guard let error = takeInterruption() else { return finish(.returned) }
        dropValue()
        finish(with: error)
    }

    /// Ends it before it ran.
    ///
    /// - Returns: Its job, which must end when all else is done: what the body captured may do anything then, and kill this
    ///   greenlet again.
    final func abandon(with error: any Error) -> Job? {
        let former = job.take()
        finish(with: error)
        return former
    }

    /// `abandon`, if it has not started: whether that was so.
    final func abandonUnstarted(with error: any Error) -> Bool {
        switch stage {
        case .created:
            _ = abandon(with: error)
        case .delayed:
            let job = abandon(with: error)
            hub.unregister(.passUnretained(self))
            withExtendedLifetime(job) {}
        case .scheduled where context == nil, .submitted where context == nil:
            _ = abandon(with: error)  // it stays in the run queue, and registered, until its turn comes
        default:
            return false
        }
        return true
    }

    @inline(never)
    private final func finish(with error: any Error) {
        if error is GreenletExit { return finish(.exited) }
        failure = error
        finish(.failed)
    }

    private final func finish(_ end: Stage) {
        if !startTimer.isNone { cancelStart() }
        stage = end
        endTimeouts()
        if joiners != nil || links != nil || end == .failed {
            tellAll()
        } else if let joiner {
            joiner._withUnsafeGuaranteedRef { $0.learn(endOf: self) }
        }
        if !pendingErrors.isEmpty { dropPending() }  // nothing will be thrown any more
        if hasExtras { dropExtras() }  // last: who is told of an error may look at them
    }

    @inline(never)
    private final func cancelStart() {
        hub.removeTimer(startTimer)
        startTimer = .none
    }

    @inline(never)
    private final func tellAll() {
        let unseen = failure != nil && !isErrorSeen ? failure : nil  // asked before those who wait are woken
        if let joiner { joiner._withUnsafeGuaranteedRef { $0.learn(endOf: self) } }
        joiners?.wakeAll()
        notifyLinks()
        if let unseen { hub.report(self, unseen) }
    }

    /// Whether somebody will see the error that it ends with: a link, who throws it himself, or one whose wait for it hasn't
    /// been ended otherwise.
    private final var isErrorSeen: Bool {
        if extras?.endsProcess == true { return false }  // they never run
        if links?.isObserved == true || failsWithWhatIsThrownOn { return true }
        if let joiner, joiner._withUnsafeGuaranteedRef({ $0.seesError(of: self) }) { return true }
        return joiners?.contains { $0.seesError(of: self) } ?? false
    }
}

// Who waits for the end.
extension AnyGreenlet {
    /// Waits until it has ended.
    ///
    /// Switch point, unless it has.
    ///
    /// - Returns: Whether it has.
    final func waitForEnd(timeout: Duration?) throws -> Bool { try waitForEnd(timeout: timeout, getting: false) }

    @inline(__always)
    private final func waitForEnd(timeout: Duration?, getting: Bool) throws -> Bool {
        if isReady { return true }
        if checkThread("join"), isReady { return true }
        let deadline = Deadline(after: timeout)
        // In the order they come: the first place is free again only when nobody is behind it.
        if joiner != nil || joiners?.isEmpty == false { return try waitBehindOthers(until: deadline, getting) }
        let reference = try Hub.parkableReference()
        joiner = reference
        defer { joiner = nil }
        return try reference._withUnsafeGuaranteedRef { greenlet in
            if getting { greenlet.isGetting = true }
            defer { if getting { greenlet.isGetting = false } }
            greenlet.beginWait()
            _ = try greenlet.park(for: WaitReason("join", self), until: deadline)
            return isReady
        }
    }

    @inline(never)
    private final func waitBehindOthers(until deadline: Deadline?, _ getting: Bool) throws -> Bool {
        let greenlet = try hub.parkable()
        greenlet.isGetting = getting
        defer { greenlet.isGetting = false }
        _ = try joinerList.wait(for: WaitReason("join", self), until: deadline)
        return isReady
    }

    /// Where those stand who wait behind the first.
    final var joinerList: WaitList {
        let list = joiners ?? WaitList()
        joiners = list
        return list
    }

    /// Waits until it has ended with a value, and throws if it has not.
    @usableFromInline
    final func waitForValue(timeout: Duration?) throws {
        let hasEnded = try waitForEnd(timeout: timeout, getting: true)
        if !hasEnded { throw Timeout.expired(after: timeout, "get", self) }
        if let failure { throw failure }
        if stage == .exited { throw GreenletError.noValue("\(self)") }
    }

    /// Calls `callback` at the end, at once if that is past.
    ///
    /// - Parameters:
    ///   - observing: Whether the caller looks at the error that it ends with, so that it need not be reported.
    ///   - callback: What to call. It may only wake somebody.
    /// - Returns: A name for `removeLink(_:)`; nil if the end is past, or will not come.
    @discardableResult
    package final func onFinish(observing: Bool = false, _ callback: @escaping () -> Void) -> LinkID? {
        if stage == .endless { return nil }
        if !isReady { return addLink(.direct(callback), observes: observing) }
        callback()
        return nil
    }

    /// Calls `callback` at the end in a greenlet of its own; in the next turn if the end is past.
    final func link(observes: Bool, _ callback: @escaping Links.Callback) -> LinkID {
        let id = addLink(.user(callback), observes: observes)
        if isReady { notifyLinks() }
        return id
    }

    /// Calls `callback` at the end in the hub; in its next turn if the end is past.
    final func linkRaw(_ callback: @escaping (AnyGreenlet) -> Void) -> LinkID {
        let id = addLink(.raw(callback), observes: true)
        if isReady { notifyLinks() }
        return id
    }

    /// Takes a link back; does nothing if it was called or taken back before.
    package final func removeLink(_ id: LinkID) {
        let removed = links?.remove(id)
        withExtendedLifetime(removed) {}
    }

    /// Takes all links back that users made.
    final func removeAllLinks() {
        let removed = links?.removeUsers()
        withExtendedLifetime(removed) {}
    }

    /// Whether a user's link is still to be called.
    final var hasUsersLinks: Bool { links?.hasUsers ?? false }

    private final func addLink(_ call: Links.Call, observes: Bool) -> LinkID {
        if links == nil { links = Links() }
        // Safe because it has just been made if it wasn't there.
        return links!.add(call, observes: observes, hub.spawnTree)
    }

    final func notifyLinks() {
        for link in links?.take() ?? [] {
            switch link.call {
            case .direct(let callback): callback()
            case .user:
                let place = origin ?? SpawnSite(#fileID, #line)
                let greenlet = Greenlet(name: "link of \(name)", file: place.file, line: place.line) { [self] in
                    try links?.takeCallback(link.id)?(self)
                }
                greenlet.extras = Hub.inheritance(of: link.tree)
                greenlet.scheduleUntold()
            case .raw: hub.runNext { [self] in try? links?.takeCallback(link.id)?(self) }
            }
        }
    }
}
