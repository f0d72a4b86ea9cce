// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The loop itself.

import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct LoopTests {
    @Test(arguments: [-5, 0, 3])
    func aDeadlineEndsThePollAlsoIfItIsPastBeforeThePollBegins(milliseconds: Int) async {
        await onHub(limit: .seconds(10)) {
            let loop = Loop(of: "a test")
            let now = Int64(Deadline.now.nanoseconds)
            let deadline = Deadline(nanoseconds: UInt64(now + Int64(milliseconds) * 1_000_000))
            let duration = elapsed { loop.poll(until: deadline, waiting: true) }
            #expect(duration < .seconds(5))
            loop.close()
        }
    }
}
