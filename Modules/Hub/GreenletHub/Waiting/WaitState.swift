// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The decisions of parking and waking, without any switch: a struct that says what to do.

/// How a wait ended.
package enum WakeCause {
    case ready
    case timedOut
    case injected(PendingError)
}

/// Whether a greenlet waits, for which turn, and what woke it.
///
/// It only decides; `AnyGreenlet` performs.
package struct WaitState {
    package enum Phase {
        /// Running, runnable, or not started.
        case idle
        /// `begin` was called: the greenlet registers itself where it wants to be woken, or is parked.
        case waiting
        /// Woken, and not yet running again. Whoever comes later comes too late.
        case woken(WakeCause)
    }

    package private(set) var phase = Phase.idle
    /// Counts waits, so that a wake-up meant for an earlier wait is recognised.
    package private(set) var ticket: UInt32 = 0
    /// Whether the greenlet has given up the CPU for this wait.
    private var isParked = false

    package init() {}

    /// A new wait begins; returns its ticket.
    package mutating func begin() -> UInt32 {
        phase = .waiting
        isParked = false
        ticket &+= 1
        return ticket
    }

    /// Whether to give up the CPU: not if the wake-up has come already.
    package mutating func shouldPark() -> Bool {
        guard case .waiting = phase else { return false }
        isParked = true
        return true
    }

    package enum WakeDecision {
        /// Too late, or for another wait: nothing changes.
        case ignore
        /// The greenlet has not parked yet and will notice by itself.
        case noted
        /// Put it into the run queue.
        case enqueue
    }

    package mutating func wake(ticket: UInt32, _ cause: WakeCause) -> WakeDecision {
        guard ticket == self.ticket, case .waiting = phase else { return .ignore }
        phase = .woken(cause)
        return isParked ? .enqueue : .noted
    }

    /// The wait is over: what ended it.
    ///
    /// Nil if the greenlet was entered without having been woken.
    package mutating func end() -> WakeCause? {
        defer {
            phase = .idle
            isParked = false
        }
        if case .woken(let cause) = phase { return cause }
        return nil
    }

    package var isWaiting: Bool {
        if case .waiting = phase { return true }
        return false
    }
}
