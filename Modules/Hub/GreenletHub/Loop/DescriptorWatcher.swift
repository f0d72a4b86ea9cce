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
    ///   - keepsHubAlive: False for one whose waits are no reason to go on: a ``LoopExit`` is thrown, and
    ///     ``Hub/join(timeout:)`` returns, as if nobody waited.
    public init(_ descriptor: CInt, _ direction: Direction, keepsHubAlive: Bool = true) {
        self.descriptor = descriptor
        self.direction = direction
        news = DescriptorReadiness(direction == .reading ? .read : .write, keepsHubAlive: keepsHubAlive)
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

    /// Throws `error` in all that wait by this watcher.
    ///
    /// Not a switch point. They get it in their turn; who waits together with other things finds it ready. Whoever waits
    /// for the descriptor in other ways waits on, and the watcher can be used again.
    ///
    /// - Parameter error: What to throw.
    ///
    /// gevent: `Hub.cancel_wait`.
    public func cancelWaits(with error: any Error) { news.cancelWaits(with: error) }
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

/// Ends all waits of this thread's greenlets for a descriptor, with an error of the caller's.
///
/// Not a switch point. To be called before closing a descriptor that others may wait for, like `cancelWaits(on:)`; one
/// that isn't closed can still be used. Those who wait get the error in their turn: out of the call of a socket, of a
/// ``DescriptorWatcher``, of `waitReadable`. Below C, in a patched call, none can pass: that fails with `ECANCELED`, and the
/// error is thrown at the next switch point in Swift. Who waits together with other things finds it ready, and the error of a
/// closed descriptor there.
///
/// - Parameters:
///   - descriptor: Which.
///   - error: What to throw in each.
///
/// gevent: `Hub.cancel_wait(watcher, error)`, `cancel_waits_close_and_then`.
public func cancelWaits(on descriptor: CInt, with error: any Error) {
    let hub = Hub.current
    hub.loop.pollers.throwInAll(waitingFor: descriptor, error)
    hub.forget(descriptor)
}
