// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a greenlet waits for, in words: shown by dumps and by LoopExit.

/// What a parked greenlet waits for: costs two words to note, and is put into words only when somebody looks.
package struct WaitReason {
    /// Safe because it is a literal's, which lives for ever and ends with a zero.
    private let verb: UnsafePointer<UInt8>
    /// An object's address, or a descriptor, marked by the lowest bit; 0 for neither.
    ///
    /// Safe because the object is kept alive by the very call that waits on it.
    private let subject: UInt

    /// Borrows the object: a reference counted here would be one for each wait.
    package init(_ verb: StaticString, _ object: borrowing AnyObject) {
        self.verb = verb.utf8Start
        subject = UInt(bitPattern: ObjectIdentifier(copy object))
    }

    package init(_ verb: StaticString, descriptor: CInt) {
        self.verb = verb.utf8Start
        subject = UInt(UInt32(bitPattern: descriptor)) << 1 | 1
    }

    package init(_ verb: StaticString) {
        self.verb = verb.utf8Start
        subject = 0
    }

    /// That of a sleep which keeps no hub alive.
    static var uncountedSleep: WaitReason { WaitReason(uncountedVerb) }

    private static let uncountedVerb: StaticString = "a sleep that keeps no hub alive"

    /// Whether it is that.
    var isUncountedSleep: Bool { verb == Self.uncountedVerb.utf8Start }

    /// The object, for whoever wants it in the cache.
    @inline(__always)
    var address: UnsafeRawPointer? { subject & 1 == 0 ? UnsafeRawPointer(bitPattern: subject) : nil }

    /// What is done, as `acquire`.
    var operation: String { String(cString: verb) }

    /// On what, if that is an object; for whoever knows that the wait goes on, or that its greenlet has not run since.
    var object: AnyObject? { address.map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() } }

    package var description: String {
        if subject & 1 == 1 { return "\(operation) on descriptor \(subject >> 1)" }
        guard let object else { return operation }
        return "\(operation) on \(object)"
    }
}

/// Like greenlet's repr: `<Event 0x7f… set>`.
func describe(_ object: AnyObject, _ details: String?...) -> String {
    describe(kind: String("\(type(of: object))".prefix { $0 != "<" }), object, details)
}

/// The same, by another name than its type's.
func describe(kind: String, _ object: AnyObject, _ details: [String?]) -> String {
    let address = String(UInt(bitPattern: ObjectIdentifier(object)), radix: 16)
    return "<\(kind) 0x\(address) \(details.compactMap { $0 }.joined(separator: ", "))>"
}

/// The first three, and how many more there are.
func firstFew(of objects: [some Any]) -> String {
    let more = objects.count > 3 ? ["\(objects.count - 3) more"] : []
    return (objects.prefix(3).map { "\($0)" } + more).joined(separator: ", ")
}
