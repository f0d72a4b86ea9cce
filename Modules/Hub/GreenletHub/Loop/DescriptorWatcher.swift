// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for anybody's descriptors: what whoever wraps a C library needs.

/// The readiness of a descriptor in one direction: to be waited for, alone or together with other things.
///
/// ```swift
/// let answer = DescriptorWatcher(PQsocket(connection), .reading)
/// let line = try choose([
///     .wait(for: answer) { try readAnswer(connection) },
///     .wait(for: shutdown) { throw Cancelled() },
/// ])
/// ```
///
/// Nothing is taken: any number may wait, for both directions, and all are told. Whether a call wouldn't wait is looked
/// at when somebody asks, so the descriptor may be blocking or not. It is registered with the kernel only while
/// somebody waits, and never closed. A regular file always is ready.
///
/// Whoever closes a descriptor that others may wait for calls `cancelWaits(on:)` first: the kernel doesn't tell.
/// (Sockets of this project and patched calls do so by themselves.)
///
/// gevent: `hub.loop.io`.
public final class DescriptorWatcher {
    /// What to wait for.
    public enum Direction: Hashable, Sendable {
        /// Input, or the end of it.
        case reading
        /// Room for output.
        case writing
    }

    /// Which.
    public let descriptor: CInt
    /// For what.
    public let direction: Direction
    private let news: DescriptorReadiness

    /// Creates a watcher; it does nothing until somebody waits.
    ///
    /// - Parameters:
    ///   - descriptor: Whose it is doesn't matter, but it must outlive the waits.
    ///   - direction: What to wait for.
    public init(_ descriptor: CInt, _ direction: Direction) {
        self.descriptor = descriptor
        self.direction = direction
        news = DescriptorReadiness(direction == .reading ? .read : .write)
    }

    /// Waits until a call in this direction wouldn't wait.
    ///
    /// Switch point, unless that is so; and even then once in a while, to let the others run.
    ///
    /// When it returns true it is so, at that moment: if another greenlet was told too, and was quicker, it waits on.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if it is ready, false if the time ran out.
    /// - Throws: `GreenletError` with `.loopFailed`, and `EBADF` as its cause, if the descriptor is closed, or is so
    ///   meanwhile; whatever the waiting greenlet is killed with.
    ///
    /// gevent: `hub.wait(watcher)`. POSIX: `poll(2)`.
    public func wait(timeout: Duration? = nil) throws -> Bool {
        defer { withExtendedLifetime(self) {} }  // the reason names it, and nothing else does
        return try news.wait(for: descriptor, WaitReason("wait", self), until: Deadline(after: timeout))
    }
}

/// Ready when a call in its direction wouldn't wait; also when the descriptor is closed, as the call would fail at
/// once.
extension DescriptorWatcher: Waitable {
    /// Whether it is ready at this moment.
    public var readiness: Readiness { news.readiness(of: descriptor) }
}

extension DescriptorWatcher: CustomStringConvertible {
    /// `descriptor 7, to read`.
    public var description: String { "descriptor \(descriptor), to \(direction == .reading ? "read" : "write")" }
}

@available(*, unavailable)
extension DescriptorWatcher: Sendable {}

/// Waits until a descriptor has input, or its end has come.
///
/// Switch point, unless that is so. In all else like `DescriptorWatcher`.
///
/// - Parameters:
///   - descriptor: Any: of a socket, a pipe, a terminal, an eventfd; a regular file is always ready.
///   - timeout: At most how long; nil means for ever.
/// - Returns: True if it is ready, false if the time ran out.
/// - Throws: `GreenletError` with `.loopFailed` if it is closed; whatever the waiting greenlet is killed with.
///
/// gevent: `gevent.socket.wait_read`. POSIX: `poll(2)`.
public func waitReadable(_ descriptor: CInt, timeout: Duration? = nil) throws -> Bool {
    try DescriptorWatcher(descriptor, .reading).wait(timeout: timeout)
}

/// Waits until a descriptor has room for output.
///
/// Switch point, unless that is so. In all else like `DescriptorWatcher`.
///
/// - Parameters:
///   - descriptor: Any: of a socket, a pipe, a terminal, an eventfd; a regular file is always ready.
///   - timeout: At most how long; nil means for ever.
/// - Returns: True if it is ready, false if the time ran out.
/// - Throws: `GreenletError` with `.loopFailed` if it is closed; whatever the waiting greenlet is killed with.
///
/// gevent: `gevent.socket.wait_write`. POSIX: `poll(2)`.
public func waitWritable(_ descriptor: CInt, timeout: Duration? = nil) throws -> Bool {
    try DescriptorWatcher(descriptor, .writing).wait(timeout: timeout)
}

/// Ends all waits of this thread's greenlets for a descriptor, with an error that says that it was closed.
///
/// Not a switch point. To be called before closing a descriptor that others may wait for.
///
/// - Parameter descriptor: Which.
///
/// gevent: `gevent.socket.cancel_wait`.
public func cancelWaits(on descriptor: CInt) { Hub.current.forget(descriptor) }
