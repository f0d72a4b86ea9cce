// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A moment on the monotonic clock. Public parameters take durations; only deadlines travel inside.

/// A moment on the monotonic clock, in nanoseconds.
///
/// Retries don't stretch it.
package struct Deadline: Comparable, Sendable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// `duration` from now; a negative one is now, one past the end of the clock is its end.
    package init(after duration: Duration) {
        self.init(nanoseconds: Deadline.now.nanoseconds &+ Deadline.nanoseconds(duration))
    }

    /// A duration in nanoseconds: zero for a negative one, 126 years at most.
    @inline(__always)
    static func nanoseconds(_ duration: Duration) -> UInt64 { wholeNanoseconds(duration).count }

    /// The same, and whether that is all of it.
    @inline(__always)
    package static func wholeNanoseconds(_ duration: Duration) -> (count: UInt64, isAll: Bool) {
        let attoseconds = duration.attoseconds
        let limit: UInt64 = 4_000_000_000 * 1_000_000_000
        if attoseconds < 0 { return (0, false) }
        if attoseconds >= Int128(limit) * 1_000_000_000 { return (limit, false) }
        // In two steps, as a division of 128 bits takes longer than all else: 1e9 is 512 times `divisor`, of 21 bits.
        let divisor: UInt64 = 1_953_125
        let upper = UInt64(truncatingIfNeeded: attoseconds >> 41)
        let lower = (upper % divisor) << 32 | UInt64(UInt32(truncatingIfNeeded: attoseconds >> 9))
        let isAll = lower % divisor == 0 && attoseconds & 511 == 0
        return ((upper / divisor) << 32 + lower / divisor, isAll)
    }

    /// Nil, which is never, for nil.
    @inline(__always)
    package init?(after duration: Duration?) {
        guard let duration else { return nil }
        self.init(after: duration)
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }

    /// What is left until then, in nanoseconds; zero if it is past.
    var nanosecondsLeft: Int64 {
        let now = Deadline.now.nanoseconds
        return Int64(nanoseconds > now ? min(nanoseconds - now, UInt64(Int64.max)) : 0)
    }

    /// What is left until then; zero if it is past.
    package var remaining: Duration { .nanoseconds(nanosecondsLeft) }
}
