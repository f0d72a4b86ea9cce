// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Doing nothing for a while.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct SleepTests {
    @Test func sleepersWakeInTheOrderOfTheirTimes() async {
        await onHub {
            var order: [Int] = []
            let times = [75, 25, 50, 0]
            let sleepers = times.map { time in
                spawn {
                    try sleep(.milliseconds(time))
                    order.append(time)
                }
            }
            try joinAll(sleepers)
            #expect(order == times.sorted())
        }
    }

    @Test func sleepNeverReturnsEarly() async {
        await onHub {
            for time in [1, 2, 5] {
                let duration = try elapsed { try sleep(.milliseconds(time)) }
                #expect(duration >= .milliseconds(time))
            }
            let short = try elapsed { try sleep(.microseconds(100)) }
            #expect(short >= .microseconds(100))
        }
    }

    /// Half of many, so that a machine that stands still for a moment is no failure.
    @Test(arguments: [Duration.microseconds(700), .milliseconds(3)])
    func sleepIsNotLate(duration: Duration) async {
        await onHub {
            let late = try (0..<21).map { _ in try elapsed { try sleep(duration) } - duration }.sorted()
            #expect(late[0] >= .zero)
            #expect(late[10] < .milliseconds(1), "\(late)")
        }
    }

    @Test(arguments: [Duration.zero, .milliseconds(-5)])
    func sleepingForNoTimeLetsTheOthersRunOnce(duration: Duration) async {
        await onHub {
            var order: [String] = []
            let other = spawn {
                order.append("other 1")
                try yieldNow()
                order.append("other 2")
            }
            try sleep(duration)
            order.append("me")
            try other.join()
            #expect(order == ["other 1", "me", "other 2"])
        }
    }

    @Test func yieldingAloneReturns() async {
        await onHub { for _ in 0..<1_000 { try yieldNow() } }
    }
}
