// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The pace of a server that can't accept.

import GreenletNet
import Testing

@Suite struct AcceptBackOffTests {
    @Test func delaysDoubleUpToASecond() {
        var backOff = AcceptBackOff()
        let delays = (0..<9).map { _ in backOff.failed().delay }
        #expect(delays.map { $0 / Duration.milliseconds(1) } == [10, 20, 40, 80, 160, 320, 640, 1000, 1000])
        backOff.succeeded()
        let next = backOff.failed().delay
        #expect(next == .milliseconds(10))
    }

    @Test func anEpisodeIsReportedOnceAtEachEnd() {
        var backOff = AcceptBackOff()
        var reports = [backOff.emptied(), backOff.failed().isFirst]
        #expect(reports == [false, true])
        backOff.succeeded()
        reports = [backOff.failed().isFirst, backOff.emptied(), backOff.emptied(), backOff.failed().isFirst]
        #expect(reports == [false, true, false, true])
    }
}
