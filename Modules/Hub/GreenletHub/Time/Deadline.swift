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
    static func nanoseconds(_ duration: Duration) -> UInt64 {
        let limit: Int128 = 4_000_000_000 * 1_000_000_000
        return UInt64(truncatingIfNeeded: max(0, min(duration.attoseconds / 1_000_000_000, limit)))
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
