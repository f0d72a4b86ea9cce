// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What few timeouts have, so that the others, of which there may be one for each request, are small.

/// The length of a timeout, in a word.
struct TimeoutLength {
    private static var never: UInt64 { 1 << 62 }
    private static var details: UInt64 { 1 << 63 }

    private let bits: UInt64

    /// - Parameters:
    ///   - duration: Nil means never.
    ///   - hasDetails: Whether there are any, even if nanoseconds can tell `duration`.
    @inline(__always)
    init(_ duration: Duration?, hasDetails: Bool) {
        guard let duration else {
            bits = Self.never | (hasDetails ? Self.details : 0)
            return
        }
        let (count, isAll) = Deadline.wholeNanoseconds(duration)
        bits = count | (hasDetails || !isAll ? Self.details : 0)
    }

    /// Whether there are details.
    @inline(__always)
    var hasDetails: Bool { bits & Self.details != 0 }

    /// Nil means never.
    @inline(__always)
    var nanoseconds: UInt64? { bits & Self.never == 0 ? bits & ~Self.details : nil }

    /// To the nanosecond; nil means never.
    var duration: Duration? { nanoseconds.map { .nanoseconds(Int64($0)) } }
}

/// What few timeouts have.
final class TimeoutDetails {
    let duration: Duration?
    /// What to throw instead of the timeout.
    let error: (any Error)?
    /// Whose time limit it was.
    let operation: String?
    /// Whether it is that of a deadline.
    let repeats: Bool
    // Safe because the hub's thread alone touches them.
    @exclusivity(unchecked) var greenlet: Unmanaged<AnyGreenlet>?
    /// How many shields that had opened at the start: it passes those.
    @exclusivity(unchecked) private(set) var shieldCount = 0
    /// Whether the hub goes on for it.
    let keepsHubAlive: Bool
    /// The hub while it is among its timers, but is not counted: unretained, for that holds its timeouts.
    @exclusivity(unchecked) private var uncountedOn: Unmanaged<Hub>?

    init(
        _ duration: Duration?,
        error: (any Error)? = nil,
        operation: String? = nil,
        repeats: Bool = false,
        keepsHubAlive: Bool = true
    ) {
        self.duration = duration
        self.error = error
        self.operation = operation
        self.repeats = repeats
        self.keepsHubAlive = keepsHubAlive
    }

    @inline(never)
    func replaceGreenlet(by greenlet: Unmanaged<AnyGreenlet>?) -> Unmanaged<AnyGreenlet>? {
        defer { self.greenlet = greenlet }
        isOver()
        return self.greenlet
    }

    /// Its time begins.
    func isStarted(_ shieldCount: Int, on hub: Hub) {
        self.shieldCount = shieldCount
        if keepsHubAlive { return }
        hub.uncountedTimers += 1
        uncountedOn = .passUnretained(hub)
    }

    /// Its time is over, or taken back.
    func isOver() { uncountedOn.take()?._withUnsafeGuaranteedRef { $0.uncountedTimers -= 1 } }

    /// For a word that holds it.
    func retained() -> UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passRetained(self).toOpaque()) }
}

// A greenlet is held by all its timeouts together, and by one reference: the first takes it, and it is given back when
// the greenlet has ended and none is left. So who arms and cancels, again and again, counts no references.
extension AnyGreenlet {
    /// One more is to be thrown in it.
    @inline(__always)
    final func addTimeout() {
        if timeoutCount == 0 { holdForTimeouts() }
        timeoutCount += 1
    }

    @inline(never)
    private final func holdForTimeouts() {
        _ = Unmanaged.passRetained(self)
        if isReady { return }
        timeoutCount = 1
        countsAsTimeout = true
    }

    /// How many timeouts are to be thrown in it.
    final var timeLimitCount: Int { Int(timeoutCount) - (countsAsTimeout ? 1 : 0) }

    /// It ends, and those that may still begin in it count by themselves; it is held by somebody else here.
    @inline(__always)
    final func endTimeouts() {
        if !countsAsTimeout { return }
        hub.leftTimeouts += timeLimitCount
        countsAsTimeout = false
        Unmanaged<AnyGreenlet>.passUnretained(self).removeTimeout()
    }
}

extension Unmanaged<AnyGreenlet> {
    /// One less is to be thrown in it; if that was the last, it may be gone afterwards.
    @inline(__always)
    func removeTimeout() {
        let isLast = _withUnsafeGuaranteedRef { greenlet in
            greenlet.timeoutCount -= 1
            return greenlet.timeoutCount == 0
        }
        if isLast { release() }
    }
}
