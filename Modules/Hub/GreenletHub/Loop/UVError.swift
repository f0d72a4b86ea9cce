// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// libuv's error codes, turned into the project's errors at this border.

import CGreenletUV
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

/// Traps on what can only be a lack of memory or a programming error.
func mustSucceed(_ operation: StaticString, _ status: CInt) {
    precondition(status == 0, "\(operation) failed: \(String(cString: uv_strerror(status)))")
}
