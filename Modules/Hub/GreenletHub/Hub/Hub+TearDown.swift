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
        for greenlet in alive { _ = try? greenlet.kill(wait: false) }
        while aliveCount > 0, Deadline.now < patience {
            _ = try? joinAll(alive, timeout: .milliseconds(100))
        }
        if aliveCount > 0 {
            let names = alive.map(\.description).joined(separator: ", ")
            writeToStandardError("greenlet: \(thread.name) ended, and these did not end with it: \(names)")
            return  // their stacks may still refer to the hub: better to leak it
        }
        loop.close()
        main.context?.pointee.scheduled = nil
        thread.record.pointee.hub = nil
        thread.retire(context)
    }
}
