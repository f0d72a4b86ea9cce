// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// libuv's error codes, turned into the project's errors at this border.

import CGreenletUV
import Glibc
import GreenletCore

extension GreenletError {
    /// What libuv refused, in its own words.
    static func loop(_ operation: String, _ status: CInt) -> GreenletError {
        GreenletError(
            .loopFailed,
            "\(operation) failed: \(String(cString: uv_strerror(status)))",
            cause: -status  // on Unix libuv's codes are negated error numbers
        )
    }
}

extension GreenletError {
    /// A descriptor that the kernel doesn't let us watch.
    static func watching(_ descriptor: CInt, _ code: CInt) -> GreenletError {
        GreenletError(.loopFailed, "can't watch descriptor \(descriptor): \(describeErrno(code))", cause: code)
    }
}

/// The error number of a descriptor that is closed.
let closedNumber = EBADF

/// The words of a negated error number.
func describeError(_ negated: CInt) -> String { describeErrno(-negated) }

/// Closes a descriptor of the loop's own.
func closePort(_ descriptor: CInt) { _ = close(descriptor) }

/// Traps on what can only be a lack of memory or a programming error.
func mustSucceed(_ operation: StaticString, _ status: CInt) {
    precondition(status == 0, "\(operation) failed: \(String(cString: uv_strerror(status)))")
}
