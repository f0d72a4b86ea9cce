// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Why a program could not be patched.

import CGeventMonkey

/// A failure to patch, or to undo it.
public struct PatchError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        /// Only Linux with glibc, on x86_64 and aarch64, can be patched.
        case platform
        /// The executable is linked fully statically: there is nothing to rebind.
        case staticExecutable
        /// There was no memory to note what was replaced.
        case outOfMemory
        /// Other threads kept loading libraries, so that the list of them never stood still.
        case busy
    }

    /// What kind of failure it is.
    public let code: Code
    /// `patch` or `unpatch`.
    public let operation: String

    /// What was tried, why it failed, and what to do.
    public var description: String {
        switch code {
        case .platform:
            return "can't \(operation): only Linux with glibc on x86_64 and aarch64 can be patched; use the sockets of "
                + "GreenletNet"
        case .staticExecutable:
            return "can't \(operation): the executable is linked fully statically and has no pointers to rebind; link "
                + "it without -static-executable (--static-swift-stdlib is fine)"
        case .busy:
            return "can't \(operation): other threads kept loading libraries meanwhile; try again when they are done"
        case .outOfMemory:
            return "can't \(operation): no memory to note what was replaced; what is noted stays and can be undone"
        }
    }

    /// The count that a call of CGeventMonkey returned, or its error.
    static func check(_ result: CInt, _ operation: String) throws(PatchError) -> Int {
        if result >= 0 { return Int(result) }
        switch result {
        case CGEVENT_ERROR_STATIC.rawValue: throw PatchError(code: .staticExecutable, operation: operation)
        case CGEVENT_ERROR_BUSY.rawValue: throw PatchError(code: .busy, operation: operation)
        case CGEVENT_ERROR_MEMORY.rawValue: throw PatchError(code: .outOfMemory, operation: operation)
        default: throw PatchError(code: .platform, operation: operation)
        }
    }
}
