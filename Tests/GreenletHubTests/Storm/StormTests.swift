// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Everything at once, at random: whatever happens, nothing is lost or doubled, nobody stands still, and every counter
// comes back to zero.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct StormTests {
    /// Set GREENLET_STORM_SECONDS to let it rage longer.
    private static let seconds = getenv("GREENLET_STORM_SECONDS").flatMap { Int(String(cString: $0)) } ?? 4

    @Test func nothingIsLostOrDoubledInAStorm() async {
        let seconds = Self.seconds
        await onHub(limit: .seconds(seconds + 120)) {
            let random = SeededRandom(for: "StormTests")
            Hub.current.errorHandler = { greenlet, error in
                if !(error is Killed) { Issue.record("\(greenlet): \(error)") }
            }
            // The thread sanitizer knows no more than some eight thousand at a time.
            let storm = Storm(population: isSanitized ? 1_000 : 10_000, random)
            try storm.rage(for: .seconds(seconds))
            let report = "\(storm)"
            try storm.calmDown()
            print("StormTests: \(report)")
            let repetition = "repeat with GREENLET_TEST_SEED=\(random.seed) GREENLET_STORM_SECONDS=\(seconds * 10)"
            for problem in storm.problems { Issue.record("\(problem); \(report); \(repetition)") }
            let isStorm = storm.operations > 1_000 && storm.kills > 100 && storm.timeouts > 100
            #expect(isStorm, "not much of a storm: \(report)")
        }
    }
}
