// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The end of a hub, when its thread ends: greenlets unwind, the loop closes.

import CGreenletCore
import GreenletCore

extension Hub {
    /// Ends all greenlets by `GreenletExit` and closes the loop.
    ///
    /// Runs on the thread's own stack, as its last act.
    func tearDown() {
        let patience = Deadline(after: .seconds(1))
        for greenlet in unfinished { _ = try? greenlet.kill(wait: false) }
        while !unfinished.isEmpty, Deadline.now < patience {
            _ = try? joinAll(unfinished, timeout: .milliseconds(100))
        }
        for end in watchers.values { end() }
        // Whoever closes a descriptor later, on whatever thread, finds it unwatched. Those that still wait are woken, for
        // a run queue that nobody looks at again.
        loop.pollers.closeAll()
        dropOwnExtras()
        isGone = true
        detachVisitors()
        let unfinished = unfinished
        if unfinished.isEmpty {
            loop.close()
            thread.giveBack(context)
        } else {
            let names = unfinished.map(\.description).joined(separator: ", ")
            writeToStandardError("greenlet: \(thread.name) ended, and these did not end with it: \(names)")
            _ = Unmanaged.passRetained(self)  // their stacks may still refer to the hub: better to leak it
        }
        // Raw greenlets that were left by hand end now. Until they have, this is still the thread's hub, so that whoever
        // waits in a `defer` there learns that it is too late.
        thread.releaseScheduled = { Unmanaged<AnyGreenlet>.fromOpaque($0).release() }
        thread.buryScheduler = { [self] in bury() }
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
    private func bury() {
        for greenlet in alive where greenlet.stage == .scheduled || greenlet.stage == .delayed {
            let isQueued = greenlet.stage == .scheduled
            // Spawned by one of the last. It stays registered only if its turn is still to come, and it never will.
            if greenlet.abandonUnstarted(with: gone("run \(greenlet)")), isQueued {
                unregister(.passUnretained(greenlet))
            }
        }
        if let visitor = thread.mainContext.pointee.scheduled {
            thread.mainContext.pointee.scheduled = nil
            Unmanaged<AnyGreenlet>.fromOpaque(visitor).release()
        }
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
