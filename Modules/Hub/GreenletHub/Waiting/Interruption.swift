// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What interrupts a wait that can't throw, as that of a loop: it ends, and the error is thrown as soon as something can.

import CGreenletCore
import Glibc
import GreenletCore

/// Throws the error that ended a wait early which couldn't throw it, as a kill or a ``Timeout`` does; does nothing if none
/// did.
///
/// `for item in queue` can't throw, nor can `Array(queue)` and all else that goes through a sequence, nor C code below which a
/// patched call has failed with `ECANCELED`. The error is thrown at the next switch point, at the end of
/// ``withTimeout(_:_:)`` or ``withDeadline(_:_:)``, or at the end of the greenlet's body, whichever comes first. Where
/// nothing can throw it any more, as `main` returns or a raw greenlet ends, it is reported as ``Hub/errorHandler`` has
/// it, and a program that would have exited with 0 does with 1. Here it is
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

extension AnyGreenlet {
    /// Keeps an error that has ended a wait which couldn't throw it, for the next who can.
    func hold(_ pending: PendingError) {
        var pending = pending
        // No shield that opens later lets it in.
        pending.shieldCount = min(pending.shieldCount, extras?.shieldCount ?? 0)
        pending.hasEndedWait = true
        watchExit
        pendingErrors.putBack(pending)
    }

    /// Tells the error handler of errors that ended such waits, if nothing can throw them any more.
    ///
    /// - Returns: Whether there were any.
    @discardableResult
    func reportInterruptions() -> Bool {
        if pendingErrors.isEmpty { return false }
        let lost = pendingErrors.takeInterruptions()
        lost.end(in: self)
        let errors = lost.errors.filter { !($0 is GreenletExit) }
        for error in errors { hub.isGone ? hub.printError(of: self, error) : hub.report(self, error) }
        return !errors.isEmpty
    }
}

/// Makes sure that a program doesn't end as if all were well while such an error is held: the greenlet that ends it, or
/// the main one, had a wait ended, and has come to no place since that could throw.
///
/// Done once. The status is changed from 0 to 1; glibc allows for an `exit` in here, and goes on with the others.
private let watchExit: Void = {
    on_exit(
        { status, _ in
            guard let hub = cgreenlet_thread_if_started()?.pointee.hub else { return }
            let isAnyLost = Unmanaged<Hub>.fromOpaque(hub)._withUnsafeGuaranteedRef { $0.reportInterruptionsAtExit() }
            if isAnyLost && status == 0 { exit(1) }
        },
        nil
    )
}()

extension Hub {
    fileprivate func reportInterruptionsAtExit() -> Bool {
        if isGone { return false }
        // In the child of a fork the main one may be the parent's.
        let ending: [AnyGreenlet] = hasLeftMain ? [currentGreenlet] : [main, currentGreenlet]
        return ending.map { $0.reportInterruptions() }.contains(true)
    }
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
