// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How the hooks wait: the table by which C reaches this thread's hub.

import CGeventMonkey
import Glibc
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
                may_park: { Hub.mayParkHere },
                wait_fd: { descriptor, events, timeout in
                    let result = Hub.waitBelowC(
                        descriptor,
                        input: events & CShort(POLLIN) != 0,
                        output: events & CShort(POLLOUT) != 0,
                        generation: cgevent_fd_generation(descriptor),
                        timeout: timeout
                    )
                    guard result == Hub.readyAndUneven else { return result }
                    cgevent_fd_uneven(descriptor)
                    return 0
                },
                sleep: { nanoseconds in Hub.sleepBelowC(nanoseconds) },
                closing: { descriptor in Hub.closing(descriptor) },
                io_done: { Hub.yieldBelowC() }
            )
        )
        return UnsafePointer(table)
    }()
}
