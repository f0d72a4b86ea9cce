// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Durations in nanoseconds, against a division of 128 bits.

import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct DeadlineTests {
    @Test func aDurationIsRoundedDownToNanoseconds() {
        var random = SeededRandom(for: "DeadlineTests")
        for bits in 0..<92 {
            for _ in 0..<200 {
                let attoseconds = Int128.random(in: 0...(1 << bits), using: &random)
                let (count, isAll) = Deadline.wholeNanoseconds(Duration(attoseconds: attoseconds))
                let (quotient, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
                guard quotient < 4_000_000_000_000_000_000 else { continue }
                #expect(Int128(count) == quotient && isAll == (rest == 0), "\(attoseconds) attoseconds")
                #expect(Deadline.wholeNanoseconds(.nanoseconds(Int64(quotient))) == (UInt64(quotient), true))
            }
        }
    }

    @Test func negativeDurationsAreNoneAndLongOnes126Years() {
        #expect(Deadline.wholeNanoseconds(.nanoseconds(-1)) == (0, false))
        #expect(Deadline.wholeNanoseconds(.seconds(Int64.max)) == (4_000_000_000_000_000_000, false))
        let longest = Duration.seconds(4_000_000_000) - .nanoseconds(1)
        #expect(Deadline.wholeNanoseconds(longest) == (3_999_999_999_999_999_999, true))
    }
}
