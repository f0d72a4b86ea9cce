// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's ways to wait for what is outside of greenlets, under gevent's names; `idle()` is the hub's own.

public import GreenletHub

/// Waits until a descriptor has input, or its end has come.
///
/// Switch point, unless that is so.
///
/// - Parameters:
///   - descriptor: Any.
///   - timeout: At most how many seconds; nil means for ever. Running out is no error: see what is returned.
/// - Returns: True if it is ready, false if the time ran out.
/// - Throws: As `waitReadable(_:timeout:)`.
///
/// gevent: `gevent.socket.wait_read`.
public func waitRead(_ descriptor: CInt, timeout: Double? = nil) throws -> Bool {
    try waitReadable(descriptor, timeout: timeout.map { .seconds($0) })
}

/// Waits until a descriptor has room for output.
///
/// Switch point, unless that is so.
///
/// - Parameters:
///   - descriptor: Any.
///   - timeout: At most how many seconds; nil means for ever. Running out is no error: see what is returned.
/// - Returns: True if it is ready, false if the time ran out.
/// - Throws: As `waitWritable(_:timeout:)`.
///
/// gevent: `gevent.socket.wait_write`.
public func waitWrite(_ descriptor: CInt, timeout: Double? = nil) throws -> Bool {
    try waitWritable(descriptor, timeout: timeout.map { .seconds($0) })
}

/// Waits until a child process has ended, and reaps it.
///
/// Switch point, unless it has.
///
/// - Parameters:
///   - pid: The number of the process; one, not a group of them.
///   - timeout: At most how many seconds; nil means for ever.
/// - Returns: How it ended; nil if the time ran out.
/// - Throws: As `waitForChild(_:timeout:)`.
///
/// gevent: `gevent.os.waitpid`.
public func waitpid(_ pid: CInt, timeout: Double? = nil) throws -> ChildStatus? {
    try waitForChild(pid, timeout: timeout.map { .seconds($0) })
}
