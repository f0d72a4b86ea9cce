// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One descriptor that the loop watches: one reader and one writer, woken by the kernel's edges.

import CGreenletPort
import Glibc
package import GreenletCore

/// Readiness of one descriptor.
///
/// It is registered once, for both directions, and reported when something changes for the better. So a steady
/// conversation needs no system call beyond its own. What is reported while nobody waits is kept for whoever comes
/// next: he returns at once, and his call finds out. Hence the rule for callers: after a wait, try; before a wait, have
/// tried, or know from a short read that there is nothing.
package final class Poller: CustomStringConvertible {
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

        fileprivate var bit: UInt32 { self == .read ? Directions.read.rawValue : Directions.write.rawValue }
    }

    // Safe because only the hub's thread touches them, and never across a switch.
    package let descriptor: CInt
    /// Tells this poller's events from those of an earlier one.
    let serial: UInt32
    private let hub: Hub
    // Unretained. Safe because a greenlet that waits here is alive, and is taken out before `wait` returns.
    @exclusivity(unchecked) private var reader: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) private var writer: Unmanaged<AnyGreenlet>?
    /// Directions that were reported when nobody waited.
    @exclusivity(unchecked) private var kept: UInt32 = 0
    @exclusivity(unchecked) package private(set) var isClosed = false
    /// Whether the end, an error or urgent data was reported: a short read doesn't mean then that nothing is left.
    @exclusivity(unchecked) package private(set) var isUneven = false
    /// Those who came second, or wait for either direction: rare, and only by `waitAmongOthers`.
    private var others: [(waiter: Waiter, bits: UInt32)] = []
    /// What this descriptor number was when the poller was made: see `Hub.poller(for:generation:)`.
    let generation: UInt32

    /// - Throws: `GreenletError` with `.loopFailed` if the descriptor can't be watched (a regular file, a closed one).
    fileprivate init(_ descriptor: CInt, hub: Hub, generation: UInt32) throws(GreenletError) {
        self.descriptor = descriptor
        self.hub = hub
        self.generation = generation
        serial = hub.loop.pollers.nextSerial()
        try hub.loop.watch(descriptor, serial: serial)
    }

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
        let reference = try hub.parkableReference()
        if isClosed || takeKept(direction.bit) { return true }
        if let other = waiting(direction), other._withUnsafeGuaranteedRef({ $0.waitState.isWaiting }) {
            throw concurrentUse(direction, other, reference)
        }
        setWaiting(direction, reference)
        hub.externalWaits += 1
        defer {
            hub.externalWaits -= 1
            // Another one may have come meanwhile: whoever was killed keeps his place only until somebody wants it.
            if waiting(direction)?.toOpaque() == reference.toOpaque() { setWaiting(direction, nil) }
        }
        return try reference._withUnsafeGuaranteedRef { greenlet in
            greenlet.beginWait()
            return try greenlet.park(for: reason, until: deadline)
        }
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
        if directions == .read, reader == nil { return try wait(.read, for: reason, until: deadline) }
        if directions == .write, writer == nil { return try wait(.write, for: reason, until: deadline) }
        if isClosed || takeKept(directions.rawValue) { return true }
        let waiter = try Waiter()
        others.append((waiter, directions.rawValue))
        hub.externalWaits += 1
        defer {
            hub.externalWaits -= 1
            others.removeAll { $0.waiter.greenlet === waiter.greenlet }
        }
        return try waiter.park(for: reason, until: deadline)
    }

    /// Stops watching and lets whoever waits return.
    ///
    /// Not a switch point.
    package func close() {
        if isClosed { return }
        isClosed = true
        hub.loop.forget(descriptor)
        reader?.takeUnretainedValue().wake(.ready)
        writer?.takeUnretainedValue().wake(.ready)
        for other in others { other.waiter.wake() }
    }

    /// The kernel has something to report; 1 if that woke somebody.
    @inline(__always)
    func happened(_ what: UInt32) -> Int {
        var unheard = what & Directions.both.rawValue
        var woken = 0
        if what & UInt32(CGREENLET_PORT_UNEVEN) != 0 { isUneven = true }
        // Somebody who was woken already, by his deadline or a kill, may never look: then the news is kept.
        if unheard & Direction.read.bit != 0, let reader, reader._withUnsafeGuaranteedRef({ $0.wake(.ready) }) {
            unheard &= ~Direction.read.bit
            woken = 1
        }
        if unheard & Direction.write.bit != 0, let writer, writer._withUnsafeGuaranteedRef({ $0.wake(.ready) }) {
            unheard &= ~Direction.write.bit
            woken = 1
        }
        kept |= unheard
        if !others.isEmpty { woken |= wakeOthers(what) }
        return woken
    }

    @inline(never)
    private func wakeOthers(_ what: UInt32) -> Int {
        var woken = 0
        for other in others where other.bits & what != 0 && other.waiter.wake() {
            kept &= ~(other.bits & what)
            woken = 1
        }
        return woken
    }

    @inline(__always)
    private func takeKept(_ bits: UInt32) -> Bool {
        guard kept & bits != 0 else { return false }
        kept &= ~bits
        return true
    }

    @inline(__always)
    private func waiting(_ direction: Direction) -> Unmanaged<AnyGreenlet>? {
        direction == .read ? reader : writer
    }

    @inline(__always)
    private func setWaiting(_ direction: Direction, _ greenlet: Unmanaged<AnyGreenlet>?) {
        if direction == .read { reader = greenlet } else { writer = greenlet }
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

    /// `descriptor 7`.
    package var description: String { "descriptor \(descriptor)" }
}

extension Hub {
    /// The poller of a descriptor, made if there is none.
    ///
    /// - Parameters:
    ///   - descriptor: Which.
    ///   - generation: Counts what this number has been; a poller of an earlier one is closed and replaced.
    /// - Returns: The one poller of this descriptor.
    /// - Throws: `GreenletError` with `.loopFailed` if the descriptor can't be watched.
    package func poller(for descriptor: CInt, generation: UInt32 = 0) throws(GreenletError) -> Poller {
        if let poller = loop.pollers[descriptor] {
            if poller.generation == generation && !poller.isClosed { return poller }
            forget(descriptor)
        }
        let poller = try Poller(descriptor, hub: self, generation: generation)
        loop.pollers.insert(poller)
        return poller
    }

    /// Stops watching a descriptor, before it is closed: whoever waits for it returns.
    ///
    /// Not a switch point.
    package func forget(_ descriptor: CInt) { loop.pollers.remove(descriptor)?.close() }

    /// How many descriptors are watched.
    package var pollerCount: Int { loop.pollers.count }
}
