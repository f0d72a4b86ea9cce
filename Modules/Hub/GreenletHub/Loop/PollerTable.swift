// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The pollers by descriptor number: how an event of the kernel finds whom it is for.

import CGreenletCore
import CGreenletPort

/// One poller a descriptor, found without counting references.
final class PollerTable {
    private var slots = UnsafeMutablePointer<Unmanaged<Poller>?>.allocate(capacity: 0)
    private var capacity = 0
    private(set) var count = 0
    private var lastSerial: UInt32 = 0

    deinit { slots.deallocate() }

    subscript(_ descriptor: CInt) -> Poller? {
        let index = Int(descriptor)
        guard index >= 0, index < capacity else { return nil }
        return slots[index]?.takeUnretainedValue()
    }

    /// A number for a new poller: an event of an earlier one of the same descriptor is told by it.
    func nextSerial() -> UInt32 {
        lastSerial &+= 1
        if lastSerial == 0 { lastSerial = 1 }
        return lastSerial
    }

    func insert(_ poller: Poller) {
        let index = Int(poller.descriptor)
        if index >= capacity { grow(to: max(64, index + 1, capacity * 2)) }
        remove(poller.descriptor)
        slots[index] = Unmanaged.passRetained(poller)
        count += 1
    }

    @discardableResult
    func remove(_ descriptor: CInt) -> Poller? {
        let index = Int(descriptor)
        guard index >= 0, index < capacity, let poller = slots[index] else { return nil }
        slots[index] = nil
        count -= 1
        return poller.takeRetainedValue()
    }

    private func grow(to size: Int) {
        let larger = UnsafeMutablePointer<Unmanaged<Poller>?>.allocate(capacity: size)
        larger.moveInitialize(from: slots, count: capacity)
        (larger + capacity).initialize(repeating: nil, count: size - capacity)
        slots.deallocate()
        slots = larger
        capacity = size
    }

    func closeAll() {
        for index in 0..<capacity { remove(CInt(index))?.close() }
    }

    /// Tells the poller of an event; 1 if that woke somebody.
    @inline(__always)
    func happened(_ event: cgreenlet_port_event) -> Int {
        let index = Int(event.descriptor)
        guard index < capacity, let poller = slots[index] else { return 0 }
        return poller._withUnsafeGuaranteedRef { $0.serial == event.serial ? $0.happened(event.what) : 0 }
    }
}
