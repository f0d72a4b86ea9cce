// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The pollers by descriptor number: how an event of the kernel finds whom it is for.

import CGreenletCore
import CGreenletPort
import GreenletCore

/// What the loop knows of one descriptor.
///
/// Each has a cache line of its own, for an event comes out of nowhere, and with many descriptors that line is in no
/// cache. Only the hub's thread touches it.
package struct PollerRecord {
    typealias Place = UnsafeMutablePointer<Unmanaged<AnyGreenlet>?>

    // Unretained. Safe because a greenlet that waits here is alive, and takes itself out before its wait returns.
    var reader: Unmanaged<AnyGreenlet>?
    var writer: Unmanaged<AnyGreenlet>?
    // Unretained. Safe because the table, and so this record, is the hub's.
    var hub: Unmanaged<Hub>
    let descriptor: CInt
    /// Of the present poller; 0 if the descriptor is not watched.
    package internal(set) var serial: UInt32 = 0
    /// What this descriptor number was when the poller was made: see `Hub.poller(for:generation:)`.
    var generation: UInt32 = 0
    /// Directions that were reported when nobody waited.
    var kept: UInt32 = 0
    package internal(set) var isUneven = false
    /// Whether somebody waits who found the places taken: see `PollerTable.others`.
    var hasOthers = false

    /// Whether anybody waits, or listens.
    var isAwaited: Bool { reader != nil || writer != nil || hasOthers }

    @inline(__always)
    mutating func takeKept(_ bits: UInt32) -> Bool {
        guard kept & bits != 0 else { return false }
        kept &= ~bits
        return true
    }
}

extension UnsafeMutablePointer<PollerRecord> {
    /// Where whoever waits in this direction stands.
    @inline(__always)
    func place(_ direction: Poller.Direction) -> PollerRecord.Place {
        // Safe because a record begins with these two, and never moves.
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: Unmanaged<AnyGreenlet>?.self)
            + (direction == .read ? 0 : 1)
    }

    /// The kernel has something to report; 1 if that woke somebody.
    @inline(__always)
    fileprivate func happened(_ what: UInt32) -> Int {
        if what & UInt32(CGREENLET_PORT_UNEVEN) != 0 { pointee.isUneven = true }
        let heard = wake(.read, what) | wake(.write, what)
        // Somebody who was woken already, by his deadline or a kill, may never look: then the news is kept.
        pointee.kept |= what & Poller.Directions.both.rawValue & ~heard
        return heard == 0 ? 0 : 1
    }

    /// Wakes who waits in this direction, if it is among `what`: the direction's bit if that woke somebody.
    @inline(__always)
    private func wake(_ direction: Poller.Direction, _ what: UInt32) -> UInt32 {
        guard what & direction.bit != 0, let waiting = place(direction).pointee else { return 0 }
        return waiting._withUnsafeGuaranteedRef { $0.wake(.ready) } ? direction.bit : 0
    }
}

/// One poller a descriptor, found without counting references.
///
/// Records lie in pages, dense and never moved.
final class PollerTable {
    private typealias Page = UnsafeMutableRawPointer
    private static let lineSize = 64
    private static let linesInPage = 64

    private var pages = UnsafeMutablePointer<Page?>.allocate(capacity: 0)
    private var pageCount = 0
    private(set) var count = 0
    private var lastSerial: UInt32 = 0
    /// Those who came second, or wait for either direction: rare, and only by `waitAmongOthers`.
    private var others: [CInt: [(waiter: Waiter, bits: UInt32)]] = [:]

    init() {
        precondition(MemoryLayout<PollerRecord>.size <= Self.lineSize)
        precondition(MemoryLayout<PollerRecord>.offset(of: \.writer) == MemoryLayout<PollerRecord.Place.Pointee>.stride)
    }

    deinit {
        for index in 0..<pageCount { pages[index]?.deallocate() }
        pages.deallocate()
    }

    /// The record of a descriptor, if that or a neighbour was ever watched.
    @inline(__always)
    private func record(_ descriptor: CInt) -> UnsafeMutablePointer<PollerRecord>? {
        let number = Int(UInt32(bitPattern: descriptor))  // below zero becomes too large
        guard number / Self.linesInPage < pageCount, let page = pages[number / Self.linesInPage] else { return nil }
        return (page + number % Self.linesInPage * Self.lineSize).assumingMemoryBound(to: PollerRecord.self)
    }

    /// The poller of a descriptor, if it is watched.
    subscript(_ descriptor: CInt) -> Poller? {
        guard let record = record(descriptor), record.pointee.serial != 0 else { return nil }
        return Poller(record: record, serial: record.pointee.serial)
    }

    /// A number for a new poller: an event of an earlier one of the same descriptor is told by it.
    func nextSerial() -> UInt32 {
        lastSerial &+= 1
        if lastSerial == Loop.bell { lastSerial = 1 }
        return lastSerial
    }

    /// The descriptor is watched from now on.
    func insert(_ descriptor: CInt, serial: UInt32, generation: UInt32, hub: Hub) -> Poller {
        let record = record(descriptor) ?? makePage(for: descriptor, hub)
        record.pointee.serial = serial
        record.pointee.generation = generation
        record.pointee.kept = 0
        record.pointee.isUneven = false
        count += 1
        return Poller(record: record, serial: serial)
    }

    /// The descriptor is no longer watched: whoever waits for it is woken.
    ///
    /// Returns whether it was.
    @discardableResult
    func remove(_ descriptor: CInt) -> Bool {
        guard let record = record(descriptor), record.pointee.serial != 0 else { return false }
        record.pointee.serial = 0
        count -= 1
        record.pointee.reader?.takeUnretainedValue().wake(.ready)
        record.pointee.writer?.takeUnretainedValue().wake(.ready)
        (record.pointee.reader, record.pointee.writer) = (nil, nil)
        for other in others.removeValue(forKey: descriptor) ?? [] { other.waiter.wake() }
        record.pointee.hasOthers = false
        return true
    }

    /// Throws `error` in whoever waits for the descriptor; listeners learn it when it is removed.
    func throwInAll(waitingFor descriptor: CInt, _ error: any Error) {
        guard let record = record(descriptor), record.pointee.serial != 0 else { return }
        for direction in [Poller.Direction.read, .write] {
            record.place(direction).pointee?.takeUnretainedValue().wake(throwing: PendingError(error))
        }
        for other in others[descriptor] ?? [] {
            if let listener = other.waiter.greenlet as? DescriptorListener {
                listener.refuse(with: error)
            } else {
                other.waiter.wake(throwing: error)
            }
        }
    }

    private func makePage(for descriptor: CInt, _ hub: Hub) -> UnsafeMutablePointer<PollerRecord> {
        let index = Int(descriptor) / Self.linesInPage
        if index >= pageCount { grow(to: max(16, index + 1, pageCount * 2)) }
        let size = Self.lineSize * Self.linesInPage
        let page = Page.allocate(byteCount: size, alignment: size)
        for line in 0..<Self.linesInPage {
            let record = PollerRecord(hub: .passUnretained(hub), descriptor: CInt(index * Self.linesInPage + line))
            (page + line * Self.lineSize).initializeMemory(as: PollerRecord.self, to: record)
        }
        pages[index] = page
        return (page + Int(descriptor) % Self.linesInPage * Self.lineSize).assumingMemoryBound(to: PollerRecord.self)
    }

    private func grow(to size: Int) {
        let larger = UnsafeMutablePointer<Page?>.allocate(capacity: size)
        larger.moveInitialize(from: pages, count: pageCount)
        (larger + pageCount).initialize(repeating: nil, count: size - pageCount)
        pages.deallocate()
        pages = larger
        pageCount = size
    }

    /// Calls `body` with the record of each descriptor that is watched.
    func forEachWatched(_ body: (UnsafeMutablePointer<PollerRecord>) -> Void) {
        for descriptor in 0..<CInt(pageCount * Self.linesInPage) {
            if let record = record(descriptor), record.pointee.serial != 0 { body(record) }
        }
    }

    /// Of those who came second, only `staying` still wait, and listeners, who call somebody else.
    ///
    /// Returns how many of `staying` do.
    func keepOthers(of staying: Set<AnyGreenlet>) -> Int {
        var waits = 0
        for descriptor in Array(others.keys) {
            let kept = others[descriptor]?.filter { other in
                if staying.contains(other.waiter.greenlet) {
                    waits += 1
                    return true
                }
                return other.waiter.greenlet is DescriptorListener
            }
            let isEmpty = kept?.isEmpty ?? true
            others[descriptor] = isEmpty ? nil : kept
            record(descriptor)?.pointee.hasOthers = !isEmpty
        }
        return waits
    }

    func closeAll() {
        for descriptor in 0..<CInt(pageCount * Self.linesInPage) { remove(descriptor) }
    }
}

// Events.
extension PollerTable {
    /// Asks for the memory that events further down the list will need.
    ///
    /// With many descriptors neither an event's record nor the greenlet that waits there is in any cache. An event takes
    /// some ten nanoseconds, memory a hundred.
    @inline(__always)
    func fetchAhead(_ events: UnsafeMutablePointer<cgreenlet_port_event>, _ index: Int, of count: Int) {
        if index + 16 < count, let record = record(events[index + 16].descriptor) { cgreenlet_prefetch(record) }
        if index + 8 < count, let reader = record(events[index + 8].descriptor)?.pointee.reader {
            cgreenlet_prefetch(reader.toOpaque())
            cgreenlet_prefetch(reader.toOpaque() + 64)
        }
    }

    /// Tells the poller of an event; 1 if that woke somebody.
    @inline(__always)
    func happened(_ event: cgreenlet_port_event) -> Int {
        guard let record = record(event.descriptor), record.pointee.serial == event.serial else { return 0 }
        let woken = record.happened(event.what)
        return record.pointee.hasOthers ? woken | wakeOthers(record, event.what) : woken
    }

    @inline(never)
    private func wakeOthers(_ record: UnsafeMutablePointer<PollerRecord>, _ what: UInt32) -> Int {
        var woken = 0
        for other in others[record.pointee.descriptor] ?? [] where other.bits & what != 0 && other.waiter.wake() {
            record.pointee.kept &= ~(other.bits & what)
            woken = 1
        }
        return woken
    }

    /// Somebody waits who found the places taken.
    func addOther(_ waiter: Waiter, _ directions: Poller.Directions, at poller: Poller) {
        others[poller.descriptor, default: []].append((waiter, directions.rawValue))
        poller.record.pointee.hasOthers = true
    }

    /// He no longer does.
    func removeOther(_ waiter: Waiter, at poller: Poller) {
        guard var left = others.removeValue(forKey: poller.descriptor) else { return }
        left.removeAll { $0.waiter.greenlet === waiter.greenlet }
        poller.record.pointee.hasOthers = !left.isEmpty
        if !left.isEmpty { others[poller.descriptor] = left }
    }
}
