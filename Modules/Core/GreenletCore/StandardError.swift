// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The last resort for what must be said and can't be thrown.

import Glibc

/// Writes one line to standard error, whole, without stdio and its locks.
///
/// errno is kept.
package func writeToStandardError(_ line: String) {
    let saved = errno
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        if written <= 0 { break }
        rest = rest.dropFirst(written)
    }
    errno = saved
}

/// The C library's words for an error number.
package func describeErrno(_ code: CInt) -> String { String(cString: strerror(code)) }
