// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The last resort for what must be said and can't be thrown.

import Glibc

/// Writes one line to standard error, whole, without stdio and its locks.
///
/// errno is kept.
package func writeToStandardError(_ line: String) { writeLine(line, to: STDERR_FILENO) }

/// Writes one line to a descriptor, whole, without stdio and its locks.
///
/// errno is kept; what can't be written is lost.
package func writeLine(_ line: String, to descriptor: CInt) {
    let saved = errno
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        if written <= 0 { break }
        rest = rest.dropFirst(written)
    }
    errno = saved
}

/// The C library's words for an error number.
package func describeErrno(_ code: CInt) -> String { String(cString: strerror(code)) }
