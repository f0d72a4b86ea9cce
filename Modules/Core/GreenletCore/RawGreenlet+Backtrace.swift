// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where a greenlet stands, suspended or running.

import CGreenletCore
import Glibc

extension RawGreenlet {
    /// One function on a greenlet's stack.
    public struct Frame: Hashable, Sendable {
        /// Where the function goes on: a code address.
        public let address: UInt
        /// Its name, as Swift writes it if it is Swift's; nil if its file names nothing there.
        public let symbol: String?
        /// Bytes from the function's beginning to `address`; from the image's, if there is no name.
        public let offset: Int
        /// File name of the executable or library; nil if the address lies in none.
        public let image: String?
    }

    /// Looks at where this greenlet stands, the innermost function first.
    ///
    /// Not a switch point. Empty for a greenlet that has not started or has ended; for the running one, from the
    /// caller of this on. It ends at the function that the greenlet began with. The frames are found by frame
    /// pointers, which Swift and the package manager keep: code built without them (the C library's) hides its
    /// callers, and functions that were inlined don't show. Names come from the symbol tables of the files that are
    /// loaded, which are searched for each frame: for diagnosis, not for each request.
    ///
    /// - Parameter limit: How many frames at most.
    /// - Returns: The frames, outwards.
    /// - Precondition: The greenlet belongs to this thread.
    ///
    /// greenlet: `greenlet.gr_frame`.
    @inline(never)
    public func backtrace(limit: Int = 64) -> [Frame] {
        expectOwnThread("look at the stack of")
        guard let context, limit > 0 else { return [] }
        // No closure around this call: the running greenlet's frames are counted from the caller of this function.
        let addresses = UnsafeMutablePointer<UInt>.allocate(capacity: limit)
        defer { addresses.deallocate() }
        let count = cgreenlet_backtrace(context, addresses, limit)
        // All but a suspended greenlet's own place are return addresses: the call lies before them.
        let firstReturn = context == thread.running ? 0 : 1
        return (0..<count).map { Frame(addresses[$0], isReturn: $0 >= firstReturn) }
    }
}

extension RawGreenlet.Frame {
    /// The function that a call returns to.
    package init(returningTo address: UInt) { self.init(address, isReturn: true) }

    package init(_ address: UInt, isReturn: Bool) {
        var symbol = cgreenlet_symbol()
        let correction: UInt = isReturn ? 1 : 0
        cgreenlet_symbolize(address - correction, &symbol)
        self.address = address
        offset = Int(symbol.offset + correction)
        let name = text(of: &symbol.name)
        self.symbol = name.map { demangled($0) ?? $0 }
        image = text(of: &symbol.image)
    }
}

extension RawGreenlet.Frame: CustomStringConvertible {
    /// Like a debugger's line: `0x55… Example.work() -> () + 42 (example)`.
    public var description: String {
        let place = "0x" + String(address, radix: 16)
        return "\(place) \(symbol ?? "?") + \(offset) (\(image ?? "?"))"
    }
}

private func text<Buffer>(of buffer: inout Buffer) -> String? {
    withUnsafeBytes(of: &buffer) { bytes in
        let characters = bytes.prefix { $0 != 0 }
        return characters.isEmpty ? nil : String(decoding: characters, as: UTF8.self)
    }
}

private func demangled(_ name: String) -> String? {
    guard let swift = cgreenlet_demangle(name) else { return nil }
    defer { free(swift) }
    return String(cString: swift)
}
