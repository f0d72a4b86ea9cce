// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How the hooks wait: the table by which C reaches this thread's hub.

import CGeventMonkey
import Glibc
import GreenletCore
import GreenletHub

/// The functions that the hooks call.
///
/// No Swift error leaves them: it stays with the greenlet, for its next switch point.
enum CooperativeCalls {
    /// Lives for ever, as the C side asks.
    ///
    /// Safe because nobody changes it after it was made.
    nonisolated(unsafe) static let table: UnsafePointer<cgevent_scheduler> = {
        let table = UnsafeMutablePointer<cgevent_scheduler>.allocate(capacity: 1)
        table.initialize(
            to: cgevent_scheduler(
                may_park: { Hub.ifPresent?.mayPark ?? false },
                wait_fd: { descriptor, events, timeout in CooperativeCalls.wait(descriptor, events, timeout) },
                sleep: { nanoseconds in CooperativeCalls.sleep(nanoseconds) },
                closing: { descriptor in Hub.ifPresent?.forget(descriptor) },
                io_done: { _ = CooperativeCalls.sleep(0) }
            )
        )
        return UnsafePointer(table)
    }()

    private static func wait(_ descriptor: CInt, _ events: CShort, _ timeout: Int64) -> CInt {
        attempt { hub, greenlet in
            let poller = try hub.poller(for: descriptor, generation: cgevent_fd_generation(descriptor))
            var directions: Poller.Directions = []
            if events & CShort(POLLIN) != 0 { directions.insert(.read) }
            if events & CShort(POLLOUT) != 0 { directions.insert(.write) }
            let deadline = timeout < 0 ? nil : Deadline(after: .nanoseconds(timeout))
            let reason = WaitReason(directions == .write ? "a patched write" : "a patched read", poller)
            let isReady = try greenlet.holdingErrors {
                try poller.waitAmongOthers(directions, for: reason, until: deadline)
            }
            if poller.isClosed { return EBADF }
            return isReady ? 0 : ETIMEDOUT
        }
    }

    private static func sleep(_ nanoseconds: Int64) -> CInt {
        attempt { _, greenlet in
            try greenlet.holdingErrors { try GreenletHub.sleep(.nanoseconds(nanoseconds)) }
            return 0
        }
    }

    /// The error number of what `body` did.
    private static func attempt(_ body: (Hub, AnyGreenlet) throws -> CInt) -> CInt {
        let hub = Hub.current
        do {
            return try body(hub, hub.currentGreenlet)
        } catch is ErrorHeld {
            return ECANCELED
        } catch let error as GreenletError where error.cause != 0 {
            return error.cause
        } catch {
            return ECANCELED
        }
    }
}
