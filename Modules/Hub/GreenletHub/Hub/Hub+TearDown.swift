// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The end of a hub, with its thread or before: greenlets unwind, the loop closes.

import CGreenletCore
import GreenletCore

extension Hub {
    /// The thread ends.
    ///
    /// Runs on the thread's own stack, as its last act.
    func tearDown() {
        if isInherited { startOverInChild() }
        main.reportInterruptions()
        shutDown("ended")
        // Raw greenlets that were left by hand end now. Until they have, this is still the thread's hub, so that whoever
        // waits in a `defer` there learns that it is too late.
        thread.releaseScheduled = { Unmanaged<AnyGreenlet>.fromOpaque($0).release() }
        thread.buryScheduler = { [self] in bury() }
    }

    /// Ends all greenlets of this thread, closes the loop, and lets go of both: the next use makes a new hub.
    ///
    /// Switch point: greenlets get a `GreenletExit` where they wait, and have a second to end. Those that go on after that
    /// are named on standard error, and never run again. Timers and signal watchers end without being called; whoever
    /// waits for a descriptor is among the greenlets, and the descriptor stays open. Sockets of this hub can only be
    /// closed from now on. Called again it does nothing.
    ///
    /// Nobody need call it: a thread that ends does the same. It is for a thread that goes on without greenlets, and for
    /// tests.
    ///
    /// - Throws: `GreenletError` with `.notMainGreenlet`, where another greenlet than the thread's main one calls it, and
    ///   with `.blockingInHub` or `.blockingInTask` where nothing may block; as `checkInterruption()`. Nothing has happened
    ///   then.
    /// - Precondition: It is this thread's hub.
    ///
    /// gevent: `Hub.destroy(destroy_loop=True)`.
    public func destroy() throws {
        if isGone { return }
        checkThread("destroy", self)
        let caller = try parkable()
        if caller !== main {
            throw GreenletError(
                .notMainGreenlet,
                "\(caller) can't destroy the hub of \(thread.name), which runs it; the thread's main greenlet can"
            )
        }
        try checkInterruption()
        let scopes = main.extras
        shutDown("lost its hub")
        bury { record.pointee.hub = nil }
        Unmanaged.passUnretained(self).release()  // what the record held
        if let scopes, scopes.isInScope { Hub.current.enter(scopes) }
    }

    /// The main greenlet is in scopes that it entered with the thread's former hub.
    private func enter(_ scopes: Extras) {
        looksAtSpawns = true
        main.extras = scopes
    }

    /// Ends all greenlets by `GreenletExit` and closes the loop.
    ///
    /// - Parameter event: What happens to the thread, for the report on those that don't end.
    private func shutDown(_ event: StaticString) {
        let patience = Deadline(after: .seconds(1))
        // What other threads have submitted, and do in this moment, begins, and ends itself: see `HubHandle.submit`.
        loop.errands.refuseWork()
        for greenlet in unfinished where greenlet.stage != .submitted { _ = try? greenlet.kill(wait: false) }
        if loop.errands.isLeft { inLoop { $0.errands.run() } }
        waitForUnfinished(until: patience)
        stopMonitoring()
        takeBackExternalLinks()
        for watch in watches.values { watch.stop() }
        if loop.errands.shut() { inLoop { $0.errands.finish() } }
        waitForUnfinished(until: patience)
        // Whoever closes a descriptor later, on whatever thread, finds it unwatched. Those that still wait are woken, for
        // a run queue that nobody looks at again.
        let refusals = unfinished.map(refusal)
        // They leave all places where they wait: who serves those later, with another hub, finds nobody.
        for greenlet in unfinished { greenlet.wake(.ready) }
        loop.pollers.closeAll()
        dropOwnExtras()
        isGone = true
        detachVisitors()
        if unfinished.isEmpty {
            loop.close()
            thread.giveBack(context)
        } else {
            let names = refusals.joined(separator: "; ")
            writeToStandardError(
                "greenlet: \(thread.name) \(event), and a second later these greenlets had not ended: \(names). "
                    + "The hub resumes them no more, and they keep their stacks; let GreenletExit through where errors are caught"
            )
            loop.errands.breakPromises()
            _ = Unmanaged.passRetained(self)  // their stacks may still refer to the hub: better to leak it
        }
    }

    /// Has the loop itself do something that calls others' code, which may not block there.
    private func inLoop(_ task: @escaping (Loop) -> Void) {
        // Not where a raw greenlet was the first to want a hub, in the last moments of its thread.
        guard mayPark, record.pointee.current == mainContext else { return task(loop) }
        runNext { [loop] in task(loop) }
        main.yield()
    }

    private func waitForUnfinished(until patience: Deadline) {
        while !unfinished.isEmpty || !callbacks.isEmpty || loop.errands.isLeft, Deadline.now < patience {
            _ = try? yieldNow()  // those that never began have ended, but leave the run queue only in their turn
            // What was spawned by a `defer` may still run, but nobody waits till its time has come.
            for greenlet in unfinished where greenlet.stage == .delayed { _ = try? greenlet.kill(wait: false) }
            _ = try? joinAll(unfinished, timeout: .milliseconds(100))
        }
    }

    /// Who has not ended, and where he stands.
    private func refusal(_ greenlet: AnyGreenlet) -> String {
        if let reason = greenlet.currentReason { return "\(greenlet) waits for \(reason.description)" }
        return greenlet.isQueued ? "\(greenlet), about to run" : "\(greenlet), left by a switch by hand"
    }

    /// Nobody can wait any more; raw greenlets that waited at some time are on their own.
    private func detachVisitors() {
        main.context?.pointee.scheduled = nil
        for visitor in visitors where !visitor.isQueued && !visitor.waitState.isWaiting {
            // `visitors` keeps it till the end: an outer frame of its stack may still be in the midst of a wait.
            visitor.context?.pointee.scheduled = nil
            visitor.context = nil
            Unmanaged.passUnretained(visitor).release()
        }
    }

    /// The thread's last raw greenlet has ended.
    ///
    /// - Parameter detach: Called when nobody's code will ask for this hub any more: until then it is the thread's, so that
    ///   whoever does is told that it is gone.
    private func bury(_ detach: () -> Void = {}) {
        // Those that are abandoned may have links, and error handlers, that spawn; not for ever.
        for _ in 0..<4 {
            for greenlet in alive where [.scheduled, .submitted, .delayed].contains(greenlet.stage) {
                let isQueued = greenlet.stage != .delayed
                // Spawned by one of the last. It stays registered only if its turn is still to come, and it never will.
                if greenlet.abandonUnstarted(with: gone("run \(greenlet)")), isQueued {
                    unregister(.passUnretained(greenlet))
                }
            }
        }
        if let visitor = thread.mainContext.pointee.scheduled {
            thread.mainContext.pointee.scheduled = nil
            Unmanaged<AnyGreenlet>.fromOpaque(visitor).release()
        }
        detach()
        if aliveCount == 0 { letGo() }
    }

    /// What is said to whoever comes too late.
    func gone(_ operation: String) -> GreenletError {
        GreenletError(
            .hubDestroyed,
            "can't \(operation) on \(thread.name), which is ending: its hub has ended before; "
                + "end greenlets that wait in their defers before their thread returns"
        )
    }

    /// Whoever still runs, waits for this hub, or was woken and waits for its turn.
    ///
    /// A raw greenlet that was left by hand is none of its business.
    private var unfinished: [AnyGreenlet] { alive + visitors.filter { $0.isQueued || $0.waitState.isWaiting } }
}
