// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Room for a value whose type only its owner knows: an optional of a generic type would be looked up for each greenlet.

/// Room for one value: a small one lies here, a larger one in memory of its own.
///
/// The owner keeps in mind whether there is one, and of which type.
@usableFromInline
struct ValueSlot {
    @usableFromInline var words: (UInt, UInt) = (0, 0)

    /// Nothing is in it.
    @inlinable
    init() {}

    @inlinable
    @inline(__always)
    static func isRoomy<Value>(for type: Value.Type) -> Bool {
        MemoryLayout<Value>.size <= 2 * MemoryLayout<UInt>.size
            && MemoryLayout<Value>.alignment <= MemoryLayout<UInt>.alignment
    }

    /// Puts a value into the empty slot, which must never be moved from now on.
    @inlinable
    mutating func put<Value>(_ value: consuming Value) {
        if !Self.isRoomy(for: Value.self) {
            words.0 = UInt(bitPattern: UnsafeMutablePointer<Value>.allocate(capacity: 1))
        }
        place(of: Value.self).initialize(to: value)
    }

    /// Where the value lies.
    @inlinable
    @inline(__always)
    mutating func place<Value>(of type: Value.Type) -> UnsafeMutablePointer<Value> {
        guard Self.isRoomy(for: type) else { return UnsafeMutablePointer(bitPattern: words.0)! }
        // Safe because the slot is part of an object, whose address doesn't change.
        let here = withUnsafeMutableBytes(of: &words) { $0.baseAddress! }
        return here.assumingMemoryBound(to: type)
    }

    /// A copy of the value.
    @inlinable
    mutating func get<Value>() -> Value { place(of: Value.self).pointee }

    /// Ends the value.
    @inlinable
    mutating func destroy<Value>(_ type: Value.Type) {
        if _isPOD(type) && Self.isRoomy(for: type) { return }
        let place = place(of: type)
        place.deinitialize(count: 1)
        if !Self.isRoomy(for: type) { place.deallocate() }
    }
}
