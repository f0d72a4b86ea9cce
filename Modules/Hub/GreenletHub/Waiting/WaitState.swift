// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The decisions of parking and waking, without any switch: a struct that says what to do.

/// How a wait ended.
package enum WakeCause {
    case ready
    case timedOut
    /// An error is to be thrown: the first of the greenlet's pending ones.
    case injected
}

/// Whether a greenlet waits, for which turn, and what woke it.
///
/// It only decides; `AnyGreenlet` performs. Eight bytes, because each greenlet has one and each wait touches it.
package struct WaitState {
    package enum Phase: UInt8 {
        /// Running, runnable, or not started.
        case idle
        /// `begin` was called: the greenlet registers itself where it wants to be woken.
        case waiting
        /// It has given up the CPU.
        case parked
        /// It has given up the CPU, and others stand for it at several places; or it is one of those.
        case spread
        /// It lets the others run, and waits for nothing.
        case yielding
        // Woken, and not yet running again. Whoever comes later comes too late.
        case ready
        case timedOut
        case injected
    }

    /// Counts waits, so that a wake-up meant for an earlier wait is recognised.
    package private(set) var ticket: UInt32 = 0
    package private(set) var phase = Phase.idle

    package init() {}

    /// A new wait begins; returns its ticket.
    package mutating func begin() -> UInt32 {
        phase = .waiting
        ticket &+= 1
        return ticket
    }

    /// A wait begins that stands at several places, and has given up the CPU.
    package mutating func beginSpread() {
        phase = .spread
        ticket &+= 1
    }

    /// It gives up the CPU for a moment: nobody can wake it, nor end this.
    mutating func beginYield() {
        phase = .yielding
        ticket &+= 1
    }

    /// The wait is over, whatever ended it.
    mutating func reset() { phase = .idle }

    /// Whether to give up the CPU: not if the wake-up has come already.
    @inline(__always)
    package mutating func shouldPark() -> Bool {
        guard isWaiting else { return false }
        phase = .parked
        return true
    }

    package enum WakeDecision {
        /// Too late, or for another wait: nothing changes.
        case ignore
        /// The greenlet has not parked yet and will notice by itself.
        case noted
        /// Put it into the run queue.
        case enqueue
        /// Leave all places where somebody stands for it, and then the same.
        case leaveAll
    }

    @inline(__always)
    package mutating func wake(ticket: UInt32, _ cause: WakeCause) -> WakeDecision {
        guard ticket == self.ticket, isWaiting else { return .ignore }
        let decision: WakeDecision = phase == .parked ? .enqueue : phase == .waiting ? .noted : .leaveAll
        switch cause {
        case .ready: phase = .ready
        case .timedOut: phase = .timedOut
        case .injected: phase = .injected
        }
        return decision
    }

    /// The wait is over in the usual way: whether it is.
    package mutating func endIfReady() -> Bool {
        guard phase == .ready else { return false }
        phase = .idle
        return true
    }

    /// The wait is over: what ended it.
    ///
    /// Nil if the greenlet was entered without having been woken.
    package mutating func end() -> WakeCause? {
        let ended = phase
        phase = .idle
        switch ended {
        case .ready: return .ready
        case .timedOut: return .timedOut
        case .injected: return .injected
        case .idle, .waiting, .parked, .spread, .yielding: return nil
        }
    }

    /// Whether a wait has begun, and not ended in a park.
    @inline(__always)
    var isOpen: Bool { phase != .idle }

    package var isWaiting: Bool { phase == .waiting || phase == .parked || phase == .spread }
}
