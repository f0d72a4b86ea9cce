// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The run queue, the hand-over from greenlet to greenlet, and the turns of the loop.

import CGreenletCore
import Glibc
import GreenletCore

/// What a deadline does when it comes.
enum TimerAction {
    // Unretained. Safe because both take the timer out before they end.
    case wake(Unmanaged<AnyGreenlet>, ticket: UInt32)
    case start(Unmanaged<AnyGreenlet>)
    /// Retained: a timeout that nobody else holds is thrown all the same.
    case expire(Unmanaged<Timeout>, shieldCount: UInt32)

    /// It won't come.
    func drop() {
        guard case .expire(let timeout, _) = self else { return }
        timeout.takeRetainedValue().wasDropped()
    }
}

private enum Turn {
    /// Hand-overs between two looks at the clock.
    static let handOvers = 64
}

extension Hub {
    /// Puts a greenlet at the end of the run queue.
    @inline(__always)
    func enqueue(_ greenlet: AnyGreenlet) {
        greenlet.isQueued = true
        runnable.append(.passUnretained(greenlet))
    }

    /// Takes a greenlet out of the run queue, wherever it stands: somebody resumed it by hand before its turn.
    @inline(never)
    func dequeue(_ greenlet: AnyGreenlet) {
        runnable.remove(.passUnretained(greenlet))
        greenlet.isQueued = false
    }

    /// Leaves the running greenlet for whoever is next.
    ///
    /// Returns when it is resumed.
    @inline(__always)
    func switchAway() {
        let origin = record.pointee.current
        let destination = nextContext()
        if destination != origin { cgreenlet_switch(origin, destination) }
    }

    /// Who runs next: the first of the run queue, or the hub if there is none or the turn's budget is spent.
    @inline(__always)
    func nextContext() -> Context {
        handOversLeft -= 1
        if handOversLeft < 0, !extendTurn() { return context }
        while let link = runnable.popFirst() {
            let next = link._withUnsafeGuaranteedRef { greenlet in
                greenlet.isQueued = false
                return greenlet.context
            }
            if let next { return next }
            if let fresh = start(link) { return fresh }
        }
        return context
    }

    @inline(never)
    private func extendTurn() -> Bool {
        if isInherited { startOverInChild() }
        if Deadline.now.nanoseconds &- turnBegan.nanoseconds > budget { return false }
        handOversLeft = Turn.handOvers
        return true
    }

    /// Gives a greenlet that runs for the first time its stack.
    ///
    /// Nil if there is none: the greenlet has failed then.
    @inline(never)
    private func start(_ greenlet: Unmanaged<AnyGreenlet>) -> Context? {
        if greenlet._withUnsafeGuaranteedRef({ $0.isReady }) {
            unregister(greenlet)  // killed before its turn came
            return nil
        }
        if stacks == .shared { return startOnSharedStack(greenlet) }
        guard let fresh = cgreenlet_acquire(0) else { return abandon(greenlet, errno) }
        cgreenlet_prepare(fresh, greenletEntry, greenlet.toOpaque())
        fresh.pointee.scheduled = greenlet.toOpaque()
        greenlet._withUnsafeGuaranteedRef { $0.context = fresh }
        return fresh
    }

    /// The same of one that shares its stack; see `Stacks`.
    @inline(never)
    private func startOnSharedStack(_ greenlet: Unmanaged<AnyGreenlet>) -> Context? {
        guard let fresh = cgreenlet_acquire_shared() else { return abandon(greenlet, errno) }
        cgreenlet_prepare_shared(fresh, greenletEntry, greenlet.toOpaque())
        fresh.pointee.scheduled = greenlet.toOpaque()
        greenlet._withUnsafeGuaranteedRef { $0.context = fresh }
        return fresh
    }

    /// There is no stack for it.
    @inline(never)
    private func abandon(_ greenlet: Unmanaged<AnyGreenlet>, _ code: CInt) -> Context? {
        let job = greenlet._withUnsafeGuaranteedRef { $0.abandon(with: GreenletError.outOfStacks(0, code)) }
        unregister(greenlet)
        withExtendedLifetime(job) {}
        return nil
    }

    @inline(never)
    func addTimer(_ deadline: Deadline, _ action: consuming TimerAction) -> TimerID { timers.insert(deadline, action) }

    @inline(never)
    func removeTimer(_ id: TimerID) { timers.remove(id) }

    /// How many timers run: tests look whether any is left behind.
    package var timerCount: Int { timers.count }

    /// Runs `callback` in the hub, in the next turn.
    ///
    /// It must not block.
    package func runSoon(_ callback: @escaping () -> Void) { callbacks.append(callback) }

    /// The same, and the turn that goes on ends with the next switch, whoever else could still run in it.
    func runNext(_ callback: @escaping () -> Void) {
        runSoon(callback)
        handOversLeft = 0
        turnBegan = Deadline(nanoseconds: 0)
    }
}

extension Hub {
    /// The hub's body: turn after turn.
    fileprivate func runForever() -> Never {
        while true {
            if isInherited { startOverInChild() }
            runCallbacks()
            if isInherited { continue }  // one of them has forked
            fireTimers()
            let isIdle = runnable.isEmpty && callbacks.isEmpty
            var woken = 0
            if isIdle && !idlers.isEmpty {
                woken = wakeIdlers()
            } else if isIdle && externalWaits == 0 && !loop.errands.isLeft && awaitsNoTimer {
                if joiners.isEmpty { reportDeadlock() } else { joiners.wakeAll() }
            } else {
                // Looked at again, as timeouts that were dropped may have woken somebody.
                let sleeps = runnable.isEmpty && callbacks.isEmpty
                woken = loop.poll(until: timers.firstDeadline, waiting: sleeps)
                if !isInherited { fireTimers() }
            }
            if isInherited { continue }
            turnBegan = Deadline.now
            loop.pulse?.beat()
            // Whoever the loop has woken is served before it looks again, however long that takes.
            handOversLeft = max(Turn.handOvers, woken)
            let next = nextContext()
            if next != context { cgreenlet_switch(context, next) }
        }
    }

    /// Nobody can run: looks for events, and if there is none it is the idlers' turn.
    private func wakeIdlers() -> Int {
        let woken = loop.poll(until: nil, waiting: false)
        if isInherited { return 0 }
        fireTimers()
        if runnable.isEmpty && callbacks.isEmpty && !isInherited { idlers.wakeAll() }
        return woken
    }

    private func runCallbacks() {
        // Those that come meanwhile wait for the next turn, or one that calls itself again would keep out all others.
        if callbacks.isEmpty { return }
        let (batch, forkCount) = (callbacks, loop.forkCount)
        callbacks = []
        for callback in batch {
            callback()
            if isInherited || loop.forkCount != forkCount { return }  // the others are the parent's
        }
    }

    private func fireTimers() {
        guard let first = timers.firstDeadline else { return }
        let now = Deadline.now
        guard first <= now else { return }
        while let action = timers.popDue(now) { perform(action) }
    }

    private func perform(_ action: TimerAction) {
        switch action {
        case .wake(let greenlet, let ticket):
            greenlet._withUnsafeGuaranteedRef { _ = $0.wake(.timedOut, ticket: ticket) }
        case .start(let greenlet): greenlet._withUnsafeGuaranteedRef { $0.startNow() }
        case .expire(let timeout, let shieldCount): timeout.takeRetainedValue().expire(shieldCount: shieldCount)
        }
    }
}

/// The first function on the hub's stack.
func hubEntry(_ argument: UnsafeMutableRawPointer?) {
    // Safe because `init` passed the hub, which lives until its stack is gone.
    // Without a reference of its own: this stack is never unwound, so nobody would give it back.
    Unmanaged<Hub>.fromOpaque(argument!)._withUnsafeGuaranteedRef { $0.runForever() }
}

/// The first function on a greenlet's stack.
///
/// Only raw pointers are alive when it leaves for good.
private func greenletEntry(_ argument: UnsafeMutableRawPointer?) {
    let (context, next) = runGreenlet(argument!)
    cgreenlet_leave(context, next)
}

/// Not a closure, as that might be left a function of its own, with a frame on each stack.
@inline(__always)
private func runToTheEnd(_ greenlet: AnyGreenlet) -> Unmanaged<Hub> {
    greenlet.run()
    greenlet.context = nil
    return Unmanaged.passUnretained(greenlet.hub)
}

@inline(never)
private func runGreenlet(_ reference: UnsafeMutableRawPointer) -> (Context, Context) {
    // Safe because a greenlet that was started is retained until it ends here, and the hub as long as its thread runs.
    let greenlet = Unmanaged<AnyGreenlet>.fromOpaque(reference)
    let hub = greenlet._withUnsafeGuaranteedRef(runToTheEnd)
    return hub._withUnsafeGuaranteedRef { hub in
        let context = hub.record.pointee.current
        context.pointee.scheduled = nil
        // One that never was switched into by hand has nobody to tell.
        if context.pointee.owner != nil { hub.thread.finish(context) }
        hub.unregister(greenlet)
        let next = hub.nextContext()
        hub.thread.giveBack(context)
        return (context, next)
    }
}
