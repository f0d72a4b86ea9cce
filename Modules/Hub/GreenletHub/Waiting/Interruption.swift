// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What interrupts a wait that can't throw, as that of a loop: it ends, and the error is thrown as soon as something can.

/// Throws the error that ended a wait early which couldn't throw it, as a kill or a ``Timeout`` does; does nothing if none
/// did.
///
/// `for item in queue` can't throw, nor can `Array(queue)` and all else that goes through a sequence, nor C code below which a
/// patched call has failed with `ECANCELED`. The error is thrown at the next switch point, at the end of
/// ``withTimeout(_:_:)`` or ``withDeadline(_:_:)``, or at the end of the greenlet's body, whichever comes first. Here it is
/// thrown sooner:
///
/// ```swift
/// let items = Array(queue)
/// try checkInterruption()
/// try file.write(items)
/// ```
///
/// Not a switch point. It is thrown once. `Timeout.cancel()` leaves it to be thrown, but can't tell: so between `start()` and
/// `cancel()` call this behind such a wait.
///
/// - Throws: What ended the wait.
public func checkInterruption() throws {
    guard let greenlet = Hub.ifPresent?.currentGreenlet, !greenlet.pendingErrors.isEmpty else { return }
    if let error = greenlet.takeInterruption() { throw error }
}

/// Thrown to a `LoopStep` instead of an error from outside.
struct Interruption: Error, @unchecked Sendable {
    // Safe because the step that it is thrown to catches it, in the greenlet that it is thrown in.
    let pending: PendingError

    init(_ pending: PendingError) { self.pending = pending }
}

/// One step of a loop that can't throw, in the current greenlet.
///
/// To be ended by `end()`.
@usableFromInline
struct LoopStep {
    // Unretained. Safe because a greenlet lives as long as its stack.
    private let greenlet: Unmanaged<AnyGreenlet>
    private let outer: Delivery

    /// Begins it.
    ///
    /// Switch point, if an error waits to be thrown: one loop after the other, of which each ends at once, must not keep
    /// the thread from all others.
    ///
    /// - Precondition: It is called where a greenlet may block.
    @usableFromInline
    init() {
        do { greenlet = try Hub.parkableReference() } catch { preconditionFailure("\(error)") }
        outer = greenlet._withUnsafeGuaranteedRef { greenlet in
            if !greenlet.pendingErrors.isEmpty, greenlet.nextPending != nil { greenlet.hub.yieldRegardless(greenlet) }
            defer { greenlet.delivery = .caughtByLoop }
            return greenlet.delivery
        }
    }

    @usableFromInline
    func end() { greenlet._withUnsafeGuaranteedRef { $0.delivery = outer } }

    /// Keeps the error that the step threw, for the next who can throw it; not that of a queue that was closed.
    @usableFromInline
    func postpone(_ error: any Error) {
        greenlet._withUnsafeGuaranteedRef { greenlet in
            let interruption = error as? Interruption
            let pending = interruption?.pending ?? PendingError(error)
            // Not what a user throws in, though it be the same.
            if pending.error is QueueClosed, interruption == nil || pending.sender is WaitList { return }
            greenlet.hold(pending)
        }
    }
}
