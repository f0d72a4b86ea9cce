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
        for watcher in signalWatchers.values { watcher.takeUnretainedValue().cancel() }
        // Whoever closes a descriptor later, on whatever thread, finds it unwatched. Those that still wait are woken, for
        // a run queue that nobody looks at again.
        loop.pollers.closeAll()
        if !unfinished.isEmpty {
            let names = unfinished.map(\.description).joined(separator: ", ")
            writeToStandardError("greenlet: \(thread.name) ended, and these did not end with it: \(names)")
            _ = Unmanaged.passRetained(self)  // their stacks may still refer to the hub: better to leak it
            return
        }
        loop.close()
        main.context?.pointee.scheduled = nil
        thread.record.pointee.hub = nil
        thread.retire(context)
        letGo()
        // Raw greenlets that were left by hand may end later, when there is no hub to tell.
        thread.releaseScheduled = { Unmanaged<AnyGreenlet>.fromOpaque($0).release() }
    }

    /// Whoever still runs, waits for this hub, or was woken and waits for its turn.
    ///
    /// A raw greenlet that was left by hand is none of its business.
    private var unfinished: [AnyGreenlet] { alive + visitors.filter { $0.isQueued || $0.waitState.isWaiting } }
}
