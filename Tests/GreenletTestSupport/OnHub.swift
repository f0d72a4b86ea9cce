// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Tests run in tasks on a shared pool, where nobody may switch: each body gets a thread, and a hub, of its own.

import CGreenletCore
import Glibc
import GreenletCore
package import GreenletHub
package import Testing

/// What is left behind by a body that ran on a hub.
package struct Leftovers: Equatable, CustomStringConvertible {
    package var greenlets = 0
    package var stacks = 0
    package var pollers = 0
    package var handles = 0
    package var externalWaits = 0
    package var descriptors = 0

    package static func count(on hub: Hub) -> Leftovers {
        // The hub's own stack is in use, and a retired stack is one that nobody stands on.
        Leftovers(
            greenlets: hub.aliveCount,
            stacks: hub.thread.stackCounts.live,
            pollers: hub.pollerCount,
            handles: hub.loop.openHandles,
            externalWaits: hub.externalWaits
        )
    }

    package var description: String {
        "\(greenlets) greenlets, \(stacks) stacks, \(pollers) pollers, \(handles) handles, \(externalWaits) waits"
    }
}

/// Runs `body` on a fresh thread with a hub of its own, and fails the test if it leaves anything behind.
///
/// - Parameters:
///   - limit: After how long the process is ended, because a hub that hangs can't be stopped from outside.
///   - leaks: Whether greenlets and stacks may be left, for tests of just that.
///   - location: Where the test is.
///   - body: What to test. It runs on the thread's main greenlet.
package func onHub(
    limit: Duration = .seconds(60),
    allowingLeftovers leaks: Bool = false,
    sourceLocation location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable () throws -> Void
) async {
    let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<ThreadOutcome, Never>) in
        startWatchedThread(limit: limit, name: "\(location)") {
            let hub = Hub.current
            if let berths = berthsForAll { hub.shareStacks(among: berths) }
            let before = Leftovers.count(on: hub)
            var outcome = ThreadOutcome()
            do { try body() } catch { outcome.error = error }
            // Closed handles are let go in the loop's next turns.
            for _ in 0..<3 { try? sleep(.milliseconds(1)) }
            outcome.before = before
            outcome.after = Leftovers.count(on: hub)
            continuation.resume(returning: outcome)
        }
    }
    if let error = outcome.error { Issue.record(error, sourceLocation: location) }
    if !leaks { #expect(outcome.after == outcome.before, "left behind", sourceLocation: location) }
}

/// How many stacks all greenlets of the tests share.
///
/// Set GREENLET_TEST_BERTHS to see what the whole suite makes of that; else each has its own.
private let berthsForAll = getenv("GREENLET_TEST_BERTHS").flatMap { Int(String(cString: $0)) }

extension Hub {
    /// Makes the greenlets that start from now on share `berths` stacks.
    package func shareStacks(among berths: Int) {
        cgreenlet_limit_berths(berths)
        stacks = .shared
    }
}

private struct ThreadOutcome: Sendable {
    var error: (any Error)?
    var before = Leftovers()
    var after = Leftovers()
}
