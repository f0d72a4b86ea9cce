// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One descriptor that the loop watches: armed once and kept so, one reader and one writer.

import CGreenletUV
import Glibc
package import GreenletCore

/// Readiness of one descriptor.
///
/// Starting and stopping a `uv_poll_t` costs a system call each, at once. So it is started when somebody first waits,
/// and stays armed between waits. An event that nobody waits for disarms its direction; so a steady conversation
/// needs no call at all.
package final class Poller: CustomStringConvertible {
    package enum Direction {
        case read
        case write

        fileprivate var event: CInt {
            switch self {
            case .read: return CInt(UV_READABLE.rawValue)
            case .write: return CInt(UV_WRITABLE.rawValue)
            }
        }
    }

    /// One direction or both.
    package struct Directions: OptionSet {
        package let rawValue: CInt
        package init(rawValue: CInt) { self.rawValue = rawValue }
        package static let read = Directions(rawValue: CInt(UV_READABLE.rawValue))
        package static let write = Directions(rawValue: CInt(UV_WRITABLE.rawValue))
        package static let both: Directions = [.read, .write]
    }

    package let descriptor: CInt
    private let hub: Hub
    private let handle: UnsafeMutablePointer<uv_poll_t>
    // Safe because only the hub's thread touches them, and never across a switch.
    @exclusivity(unchecked) private var armed: CInt = 0
    // Unretained. Safe because a greenlet that waits here is alive, and is taken out before `wait` returns.
    @exclusivity(unchecked) private var reader: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) private var writer: Unmanaged<AnyGreenlet>?
    /// Those who came second, or wait for either direction: rare, and only by `waitAmongOthers`.
    private var others: [(waiter: Waiter, events: CInt)] = []
    @exclusivity(unchecked) package private(set) var isClosed = false
    /// What this descriptor number was when the poller was made: see `Hub.poller(for:generation:)`.
    let generation: UInt32

    /// - Throws: `GreenletError` with `.loopFailed` if the descriptor can't be polled (a regular file, a closed one).
    fileprivate init(_ descriptor: CInt, hub: Hub, generation: UInt32, isNonBlocking: Bool) throws(GreenletError) {
        self.descriptor = descriptor
        self.hub = hub
        self.generation = generation
        let flags = isNonBlocking ? O_NONBLOCK : fcntl(descriptor, F_GETFL)
        handle = .allocate(capacity: 1)
        let status = uv_poll_init(hub.loop.handle, handle, descriptor)
        // uv_poll_init makes the descriptor non-blocking. Somebody else's must stay as he made it.
        if flags >= 0, flags & O_NONBLOCK == 0 { _ = fcntl(descriptor, F_SETFL, flags) }
        guard status == 0 else {
            handle.deallocate()
            throw GreenletError.loop("watching descriptor \(descriptor)", status)
        }
        hub.loop.openHandles += 1
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { close() }

    /// Waits until the descriptor is ready.
    ///
    /// Switch point.
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
        if isClosed { return true }
        if let other = waiting(direction) { throw concurrentUse(direction, other, reference) }
        try arm(direction)
        setWaiting(direction, reference)
        hub.externalWaits += 1
        defer {
            hub.externalWaits -= 1
            setWaiting(direction, nil)
        }
        return try reference._withUnsafeGuaranteedRef { greenlet in
            greenlet.beginWait()
            return try greenlet.park(for: reason, until: deadline)
        }
    }

    /// Waits until the descriptor is ready for any of `directions`, however many others do.
    ///
    /// Switch point.
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
        if isClosed { return true }
        let waiter = try Waiter()
        if armed & directions.rawValue != directions.rawValue { try watch(armed | directions.rawValue) }
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
        uv_poll_stop(handle)
        handle.pointee.data = Unmanaged.passUnretained(hub).toOpaque()
        let raw = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
        uv_close(raw) { closed in
            guard let closed else { return }
            Unmanaged<Hub>.fromOpaque(closed.pointee.data).takeUnretainedValue().loop.openHandles -= 1
            UnsafeMutableRawPointer(closed).assumingMemoryBound(to: uv_poll_t.self).deallocate()
        }
        reader?.takeUnretainedValue().wake(.ready)
        writer?.takeUnretainedValue().wake(.ready)
        for other in others { other.waiter.wake() }
    }

    @inline(__always)
    private func arm(_ direction: Direction) throws {
        if armed & direction.event == 0 { try watch(armed | direction.event) }
    }

    @inline(never)
    private func watch(_ events: CInt) throws(GreenletError) {
        let status = events == 0 ? uv_poll_stop(handle) : uv_poll_start(handle, events, pollerCallback)
        guard status == 0 else { throw GreenletError.loop("watching descriptor \(descriptor)", status) }
        armed = events
    }

    fileprivate func happened(_ status: CInt, _ events: CInt) {
        // An error on the descriptor: libuv has stopped the handle. Let the system call say what it is.
        if status < 0 { armed = 0 }
        let events = status < 0 ? Directions.both.rawValue : events
        var unwanted = unwanted(events, .read, reader) | unwanted(events, .write, writer)
        if !others.isEmpty { unwanted &= ~wakeOthers(events) }
        if unwanted != 0 { try? watch(armed & ~unwanted) }
    }

    /// Wakes whoever waits in one direction; returns the event to disarm if nobody does.
    @inline(__always)
    private func unwanted(_ events: CInt, _ direction: Direction, _ greenlet: Unmanaged<AnyGreenlet>?) -> CInt {
        guard events & direction.event != 0 else { return 0 }
        guard let greenlet else { return armed & direction.event }
        if greenlet._withUnsafeGuaranteedRef({ $0.wake(.ready) }) { hub.wokenByLoop += 1 }
        return 0
    }

    @inline(never)
    private func wakeOthers(_ events: CInt) -> CInt {
        var wanted: CInt = 0
        for other in others where other.events & events != 0 {
            if other.waiter.wake() { hub.wokenByLoop += 1 }
            wanted |= other.events
        }
        return wanted
    }

    private func waiting(_ direction: Direction) -> Unmanaged<AnyGreenlet>? {
        direction == .read ? reader : writer
    }

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
            "\(greenlet.takeUnretainedValue()) can't wait to \(direction) on descriptor \(descriptor): \(other.takeUnretainedValue()) "
                + "already does; one reader and one writer at a time"
        )
    }

    /// `descriptor 7`.
    package var description: String { "descriptor \(descriptor)" }
}

private let pollerCallback: uv_poll_cb = { handle, status, events in
    // Safe because `close` stops the handle before the poller can go.
    guard let data = handle?.pointee.data else { return }
    Unmanaged<Poller>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.happened(status, events) }
}

extension Hub {
    /// The poller of a descriptor, made if there is none.
    ///
    /// - Parameters:
    ///   - descriptor: Which.
    ///   - generation: Counts what this number has been; a poller of an earlier one is closed and replaced.
    ///   - isNonBlocking: Whether the descriptor is known to be non-blocking, and may be.
    /// - Returns: The poller, which is not armed yet if it is new.
    /// - Throws: `GreenletError` with `.loopFailed` if the descriptor can't be polled.
    package func poller(
        for descriptor: CInt,
        generation: UInt32 = 0,
        isNonBlocking: Bool = false
    ) throws(GreenletError) -> Poller {
        let index = Int(descriptor)
        if index >= 0, index < loop.pollers.count, let poller = loop.pollers[index] {
            if poller.generation == generation && !poller.isClosed { return poller }
            poller.close()
        }
        let poller = try Poller(descriptor, hub: self, generation: generation, isNonBlocking: isNonBlocking)
        if index >= loop.pollers.count {
            loop.pollers += Array(repeating: nil, count: max(64, index + 1 - loop.pollers.count))
        }
        loop.pollers[index] = poller
        return poller
    }

    /// Stops watching a descriptor, before it is closed: whoever waits for it returns.
    ///
    /// Not a switch point.
    package func forget(_ descriptor: CInt) {
        let index = Int(descriptor)
        guard index >= 0, index < loop.pollers.count, let poller = loop.pollers[index] else { return }
        loop.pollers[index] = nil
        poller.close()
    }

    /// How many descriptors are watched.
    package var pollerCount: Int { loop.pollers.count { $0 != nil } }
}
