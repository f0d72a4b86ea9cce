// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiters whose greenlet waited for something else before it parked on them.

import CGreenletCore
import GreenletCore

/// A wait that was begun by a `Waiter`, and set aside when its greenlet waited for something else first.
struct OpenWait {
    enum State {
        case waiting
        case ready
        case failed(PendingError)
        /// It is parked on after all, as a wait with this ticket.
        case resumed(UInt32)
    }

    let ticket: UInt32
    var state: State
}

extension AnyGreenlet {
    /// A wait begins: if one is open that nobody has parked on, what becomes of that is kept.
    @inline(__always)
    func setAsideIfOpen() {
        if waitState.isOpen { setAside() }
    }

    @inline(never)
    private func setAside() {
        let extras = ensuredExtras
        // An error that was injected is not this wait's: it is thrown wherever the greenlet waits next.
        let isReady = waitState.phase == .ready
        if extras.openWaits.count == Waiter.openLimit { extras.openWaits.removeFirst() }
        extras.openWaits.append(OpenWait(ticket: waitState.ticket, state: isReady ? .ready : .waiting))
        waitState.reset()
    }

    /// Wakes it from a wait that was set aside; does nothing if there is none of this ticket.
    @inline(never)
    func wakeSetAside(_ ticket: UInt32, with error: PendingError?) -> Bool {
        guard let extras, let index = index(ofOpenWait: ticket) else { return false }
        switch extras.openWaits[index].state {
        case .waiting:
            extras.openWaits[index].state = error.map(OpenWait.State.failed) ?? .ready
            return true
        case .resumed(let present):
            if let error { return wake(throwing: error, ticket: present) }
            return wake(.ready, ticket: present)
        case .ready, .failed: return false
        }
    }

    /// Whether it is the one that runs on this thread.
    @inline(__always)
    var isRunning: Bool {
        guard let record = cgreenlet_thread_if_started() else { return false }
        return record.pointee.current == context
    }

    /// Parks on a `Waiter` that was woken already, or after other waits.
    ///
    /// Switch point, unless it was woken.
    @inline(never)
    func parkLate(_ ticket: UInt32, for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        if !isRunning {
            // Not a precondition: that says nothing in release.
            let current = AnyGreenlet.current
            fatalError(
                "\(current) of \(current.hub.thread.name) can't park on a waiter of \(self) of \(hub.thread.name): "
                    + "each greenlet makes its own"
            )
        }
        if waitState.ticket == ticket, waitState.isOpen { return try park(for: reason, until: deadline) }
        guard let state = takeOpenWait(ticket) else {
            fatalError(
                "\(self) can't park on a waiter whose wait is over: it has parked on it before, or made more than "
                    + "\(Waiter.openLimit) others since; make one for each wait"
            )
        }
        switch state {
        case .ready: return true
        case .failed(let error): throw raise(error)
        case .waiting, .resumed:
            let present = beginWait()
            ensuredExtras.openWaits.append(OpenWait(ticket: ticket, state: .resumed(present)))
            defer { _ = takeOpenWait(ticket) }
            return try park(for: reason, until: deadline)
        }
    }

    private func takeOpenWait(_ ticket: UInt32) -> OpenWait.State? {
        index(ofOpenWait: ticket).flatMap { extras?.openWaits.remove(at: $0).state }
    }

    private func index(ofOpenWait ticket: UInt32) -> Int? { extras?.openWaits.firstIndex { $0.ticket == ticket } }
}
