// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What modules that do I/O need of the hub: the check of the thread, and fairness towards the others.

import CGreenletCore
import GreenletCore

extension Hub {
    /// How many I/O calls may succeed at once, without any wait, before the others get a turn.
    @inlinable package static var immediateLimit: Int { 128 }

    /// Traps if the calling thread's hub is another one, and names both threads.
    ///
    /// - Parameters:
    ///   - operation: What was tried, for the message.
    ///   - object: On what.
    @inline(__always)
    package func checkThread(_ operation: StaticString, _ object: AnyObject) {
        // Compared as pointers: this is on the way of each I/O call, and takes no reference.
        let present = cgreenlet_thread_if_started()?.pointee.hub
        if present != Unmanaged.passUnretained(self).toOpaque() { resumeOrTrap(operation, object) }
    }

    @inline(never)
    private func resumeOrTrap(_ operation: StaticString, _ object: AnyObject) {
        if resumeIfInherited() { return }
        // Not described by its own words: those may need its thread.
        if isGone, cgreenlet_thread_if_started() == record {
            fatalError("\(operation) on a \(type(of: object)) of a hub that was destroyed; make another one")
        }
        fatalError(
            "\(operation) on a \(type(of: object)) that belongs to \(thread.name), from \(GreenletThread.current.name): "
                + "it can be used on its own thread only"
        )
    }

    /// Lets the others run, and the loop look for events if greenlets have run for a while.
    ///
    /// Switch point.
    ///
    /// For a call that would succeed at once, after `immediateLimit` of those: a peer that is always ready must
    /// starve neither other greenlets nor timers.
    package func yieldAfterImmediateSuccesses() throws {
        immediateSuccesses.pointee = 0
        handOversLeft = 0  // so that the clock is looked at: these calls took longer than as many hand-overs
        try yieldNow()
    }
}
