// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for a descriptor, or for time, from C code: no Swift error passes, and nothing is counted on the way.

import CGreenletCore
import Glibc
import GreenletCore

extension Hub {
    /// Whether the code that runs now may block on a hub of this thread.
    package static var mayParkHere: Bool {
        presentReference?._withUnsafeGuaranteedRef { $0.mayPark } ?? false
    }

    /// What `waitBelowC` returns for 0 where a short read no longer means that nothing is left.
    package static var readyAndUneven: CInt { -1 }

    /// Waits until a descriptor is ready.
    ///
    /// Switch point. An error that arrives meanwhile stays with the greenlet, for its next switch point in Swift.
    ///
    /// - Parameters:
    ///   - descriptor: Which.
    ///   - input: Whether to wait for input.
    ///   - output: Whether to wait for room for output.
    ///   - generation: Counts what this number has been; see `poller(for:generation:isNonBlocking:)`.
    ///   - timeout: At most how many nanoseconds; below zero means for ever.
    /// - Returns: 0 or `readyAndUneven`, maybe spuriously, or an error number: `ETIMEDOUT`; `ECANCELED` for an error that arrived; `EBADF`
    ///   for a descriptor closed meanwhile; what the loop said to one that can't be watched.
    package static func waitBelowC(
        _ descriptor: CInt,
        input: Bool,
        output: Bool,
        generation: UInt32,
        timeout: Int64
    ) -> CInt {
        guard let present = presentReference else { return ECANCELED }
        return present._withUnsafeGuaranteedRef { hub in
            hub.errorNumber { greenlet in
                let poller = try hub.poller(for: descriptor, generation: generation)
                let isReady = try poller.waitAmongOthers(
                    input ? (output ? .both : .read) : .write,
                    for: WaitReason(input ? "a patched read" : "a patched write", descriptor: descriptor),
                    until: timeout < 0 ? nil : Deadline(after: .nanoseconds(timeout))
                )
                if poller.isClosed { return EBADF }
                if isReady && input && poller.isUneven { return Hub.readyAndUneven }
                return isReady ? 0 : ETIMEDOUT
            }
        }
    }

    /// Waits for some time.
    ///
    /// Switch point. Errors stay with the greenlet, as in `waitBelowC(_:input:output:generation:timeout:)`.
    ///
    /// - Parameter nanoseconds: How long; zero lets the others run once.
    /// - Returns: 0, or `ECANCELED`.
    package static func sleepBelowC(_ nanoseconds: Int64) -> CInt {
        Hub.current.errorNumber { greenlet in
            greenlet.beginWait()
            _ = try greenlet.park(for: WaitReason("a patched sleep"), until: Deadline(after: .nanoseconds(nanoseconds)))
            return 0
        }
    }

    /// Lets the others run, and the loop look for events if greenlets have run for a while.
    ///
    /// Switch point. It comes back in any case: errors that have arrived stay where they are.
    package static func yieldBelowC() {
        guard let reference = try? parkableReference() else { return }
        reference._withUnsafeGuaranteedRef { $0.hub.yieldRegardless($0) }
    }

    func yieldRegardless(_ greenlet: AnyGreenlet) {
        immediateSuccesses.pointee = 0
        handOversLeft = 0
        greenlet.yield()
    }

    /// Runs `body` with errors held, and turns what it throws into an error number.
    @inline(__always)
    private func errorNumber(_ body: (AnyGreenlet) throws -> CInt) -> CInt {
        do {
            return try parkableReference()._withUnsafeGuaranteedRef { greenlet in
                let outer = greenlet.delivery
                greenlet.delivery = .held
                defer { greenlet.delivery = outer }
                // A loop that takes no notice of failing calls must not keep the thread from all others.
                if !greenlet.pendingErrors.isEmpty, greenlet.nextPending != nil { yieldRegardless(greenlet) }
                return try body(greenlet)
            }
        } catch let error as GreenletError where error.cause != 0 {
            return error.cause
        } catch {
            return ECANCELED
        }
    }
}
