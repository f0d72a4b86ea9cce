// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The table of all blocking calls of GreenletHub: a new one gets a row here, or a test says that it has none.

import GreenletCore
import GreenletHub
import GreenletTestSupport

enum HubCalls {
    static let all = ofQueues + ofLocks + ofEvents + ofGreenlets + ofGroups + ofSeveral + ofWatchers + ofThreads

    /// Documented as switch points, and not in the table.
    static let others: Set<String> = [
        "yieldNow()",  // waits for nothing
        "idle()",  // waits for a turn in which nobody else can run, and so for nobody
        "Hub.destroy()",  // the main greenlet's: it ends all others, and waits a second for them
    ]
}

/// A greenlet that survives being killed, until its gate opens.
struct Stubborn {
    let greenlet: Greenlet<Void>
    private let gate = Event()

    init() {
        let gate = gate
        greenlet = spawn { try shield { _ = try gate.wait() } }
    }

    /// Lets it end, before anybody runs who is told of that.
    func end() throws {
        gate.set()
        try yieldNow()
    }
}

/// A greenlet that never runs; it ends when it is killed, at once.
func unstarted() -> Greenlet<Void> { Greenlet {} }
