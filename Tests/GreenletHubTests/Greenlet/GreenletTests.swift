// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Spawning, ending, waiting for the end.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct GreenletTests {
    @Test func greenletsStartInTheOrderTheyWereSpawnedAndNotBefore() async {
        await onHub {
            var events: [String] = []
            let greenlets = (1...3).map { number in spawn { events.append("run \(number)") } }
            events.append("spawned")
            try joinAll(greenlets)
            #expect(events == ["spawned", "run 1", "run 2", "run 3"])
        }
    }

    @Test func sleepersOverlap() async {
        await onHub {
            let clock = ContinuousClock()
            let elapsed = try clock.measure {
                try joinAll((0..<100).map { _ in spawn { try sleep(.milliseconds(50)) } })
            }
            #expect(elapsed >= .milliseconds(50) && elapsed < .milliseconds(500))
        }
    }
}
