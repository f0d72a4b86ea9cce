// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One descriptor that the loop watches: one reader and one writer, woken by the kernel's edges.

import CGreenletCore
import CGreenletPort
package import GreenletCore

/// Readiness of one descriptor.
///
/// It is registered once, for both directions, and reported when something changes for the better. So a steady
/// conversation needs no system call beyond its own. What is reported while nobody waits is kept for whoever comes
/// next: he returns at once, and his call finds out. Hence the rule for callers: after a wait, try; before a wait, have
/// tried, or know from a short read that there is nothing.
///
/// A handle, free to copy: what it stands for lies in the loop's table, in one cache line. It may be kept as long as the
/// hub, and knows when the descriptor has become another one.
package struct Poller: CustomStringConvertible {
    /// One direction or both.
    package struct Directions: OptionSet {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static var read: Directions { Directions(rawValue: UInt32(CGREENLET_PORT_READABLE)) }
        package static var write: Directions { Directions(rawValue: UInt32(CGREENLET_PORT_WRITABLE)) }
        package static var both: Directions { [.read, .write] }
    }

    package enum Direction {
        case read
        case write

        var bit: UInt32 { self == .read ? Directions.read.rawValue : Directions.write.rawValue }
    }

    package let record: UnsafeMutablePointer<PollerRecord>
    /// Tells this poller from others that this number has had or will have.
    package let serial: UInt32

    /// Whether it is no longer watched: the descriptor was closed, and may be another one by now.
    package var isClosed: Bool { record.pointee.serial != serial }

    /// Whether the end, an error or urgent data was reported: a short read doesn't mean then that nothing is left.
    package var isUneven: Bool { record.pointee.isUneven }

    /// Which descriptor.
    package var descriptor: CInt { record.pointee.descriptor }

    /// `descriptor 7`.
    package var description: String { "descriptor \(descriptor)" }
}

extension Poller {
    /// Waits until the descriptor is ready.
    ///
    /// Switch point, unless it was reported ready since the last wait.
    ///
    /// - Returns: True if it is, maybe spuriously; false if the deadline came first.
    /// - Throws: `GreenletError` with `.concurrentUse` if another greenlet waits in this direction already; whatever
    ///   the greenlet is killed with. If the poller is closed meanwhile it returns true; look at `isClosed`.
    package func wait(
        _ direction: Direction,
        for reason: WaitReason,
        until deadline: Deadline? = nil
    ) throws -> Bool {
        let reference = try record.pointee.hub._withUnsafeGuaranteedRef { try $0.parkableReference() }
        if isClosed || record.pointee.takeKept(direction.bit) { return true }
        let place = record.place(direction)
        if let other = place.pointee, other._withUnsafeGuaranteedRef({ $0.waitState.isWaiting }) {
            throw concurrentUse(direction, other, reference)
        }
        /// Inlined, for each frame here is one on the stack of every greenlet that waits.
        @inline(__always)
        func waitThere(_ greenlet: AnyGreenlet) throws -> Bool {
            place.pointee = reference
            greenlet.awaited = UnsafeRawPointer(place)
            greenlet.hub.externalWaits += 1
            defer {
                greenlet.hub.externalWaits -= 1
                // Another one may have come meanwhile: whoever was killed keeps his place only until somebody wants it.
                if place.pointee?.toOpaque() == reference.toOpaque() { place.pointee = nil }
            }
            greenlet.beginWait()
            return try greenlet.park(for: reason, until: deadline)
        }
        return try reference._withUnsafeGuaranteedRef(waitThere)
    }

    /// Waits until the descriptor is ready for any of `directions`, however many others do.
    ///
    /// Switch point, unless it was reported ready since the last wait.
    ///
    /// - Returns: True if it is, maybe because another one has just been served; false if the deadline came first.
    /// - Throws: Whatever the greenlet is killed with. If the poller is closed meanwhile it returns true.
    package func waitAmongOthers(
        _ directions: Directions,
        for reason: WaitReason,
        until deadline: Deadline? = nil
    ) throws -> Bool {
        if directions == .read, record.pointee.reader == nil { return try wait(.read, for: reason, until: deadline) }
        if directions == .write, record.pointee.writer == nil { return try wait(.write, for: reason, until: deadline) }
        return try waitAsOneMore(directions, for: reason, until: deadline)
    }

    @inline(never)
    private func waitAsOneMore(
        _ directions: Directions,
        for reason: WaitReason,
        until deadline: Deadline?
    ) throws -> Bool {
        if isClosed || record.pointee.takeKept(directions.rawValue) { return true }
        let waiter = try Waiter()
        let hub = waiter.greenlet.hub
        hub.loop.pollers.addOther(waiter, directions, at: self)
        hub.externalWaits += 1
        defer {
            hub.externalWaits -= 1
            hub.loop.pollers.removeOther(waiter, at: self)
        }
        return try waiter.park(for: reason, until: deadline)
    }

    @inline(never)
    private func concurrentUse(
        _ direction: Direction,
        _ other: Unmanaged<AnyGreenlet>,
        _ greenlet: Unmanaged<AnyGreenlet>
    ) -> GreenletError {
        GreenletError(
            .concurrentUse,
            "\(greenlet.takeUnretainedValue()) can't wait to \(direction) on descriptor \(descriptor): "
                + "\(other.takeUnretainedValue()) already does; one reader and one writer at a time"
        )
    }
}

extension Hub {
    /// The poller of a descriptor, made if there is none.
    ///
    /// - Parameters:
    ///   - descriptor: Which.
    ///   - generation: Counts what this number has been; a poller of an earlier one is closed and replaced.
    /// - Returns: The one poller of this descriptor.
    /// - Throws: `GreenletError` with `.loopFailed` if the descriptor can't be watched (a regular file, a closed one).
    package func poller(for descriptor: CInt, generation: UInt32 = 0) throws(GreenletError) -> Poller {
        if isGone { throw gone("watch descriptor \(descriptor)") }
        if let poller = loop.pollers[descriptor] {
            if poller.record.pointee.generation == generation { return poller }
            if try takeOver(poller, generation) { return poller }
            forget(descriptor)
        }
        let serial = loop.pollers.nextSerial()
        try loop.watch(descriptor, serial: serial)
        return loop.pollers.insert(descriptor, serial: serial, generation: generation, hub: self)
    }

    /// Stops watching a descriptor, before it is closed: whoever waits for it returns.
    ///
    /// Not a switch point.
    package func forget(_ descriptor: CInt) {
        if loop.pollers.remove(descriptor) { loop.forget(descriptor) }
    }

    /// A descriptor is about to be closed: stops watching it, if this thread's hub does.
    ///
    /// Not a switch point. In the child of a fork not a use of the hub: most close what they inherited, and call `exec`.
    package static func closing(_ descriptor: CInt) {
        guard let record = cgreenlet_thread_if_started(),
            let hub = record.pointee.hub ?? record.pointee.inherited_hub
        else { return }
        Unmanaged<Hub>.fromOpaque(hub)._withUnsafeGuaranteedRef { hub in
            if !hub.isGone { hub.forget(descriptor) }
        }
    }

    /// How many descriptors are watched.
    package var pollerCount: Int { loop.pollers.count }
}
