// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a greenlet waits for, in words: shown by dumps and by LoopExit.

/// What a parked greenlet waits for: costs two words to note, and is put into words only when somebody looks.
package struct WaitReason {
    /// Safe because it is a literal's, which lives for ever and ends with a zero.
    private let verb: UnsafePointer<UInt8>
    /// Safe because the object is kept alive by the very call that waits on it.
    private let object: Unmanaged<AnyObject>?

    @inline(__always)
    package init(_ verb: StaticString, _ object: AnyObject? = nil) {
        self.verb = verb.utf8Start
        self.object = object.map { Unmanaged.passUnretained($0) }
    }

    package var description: String {
        let verb = String(cString: verb)
        guard let object else { return verb }
        return "\(verb) on \(object.takeUnretainedValue())"
    }
}

/// Like greenlet's repr: `<Event 0x7f… set>`.
func describe(_ object: AnyObject, _ details: String?...) -> String {
    let kind = String("\(type(of: object))".prefix { $0 != "<" })
    let address = String(UInt(bitPattern: ObjectIdentifier(object)), radix: 16)
    return "<\(kind) 0x\(address) \(details.compactMap { $0 }.joined(separator: ", "))>"
}
