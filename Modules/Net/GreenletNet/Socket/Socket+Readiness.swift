// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for a socket together with other things.

public import GreenletHub

/// Whether a call on a socket wouldn't wait, in one direction: to be waited for together with other things.
///
/// ```swift
/// let command = try choose([
///     .wait(for: socket.readable) { try socket.recv(maxBytes: 1024) },
///     .get(from: commands) { $0 },
/// ])
/// ```
///
/// It says what is so at the moment it is asked; nothing is taken, and any number may wait, also while another greenlet
/// is in a call of the socket. If that one is quicker the call waits after all. Ready, too, when the socket is closed,
/// its end has come, or it has failed: the call tells. It keeps the socket from being dropped.
///
/// gevent: `hub.loop.io`, or `select.select`.
public final class SocketReadiness {
    /// Whose.
    public let socket: Socket
    private let isReading: Bool
    private let news: DescriptorReadiness

    fileprivate init(of socket: Socket, _ direction: Poller.Direction) {
        self.socket = socket
        isReading = direction == .read
        news = DescriptorReadiness(direction)
    }
}

/// Ready when a call in its direction wouldn't wait.
extension SocketReadiness: Waitable {
    /// Whether it is ready at this moment.
    public var readiness: Readiness { news.readiness(of: socket.descriptor) }
}

extension SocketReadiness: CustomStringConvertible {
    /// `Socket 7 (127.0.0.1:8888 to 127.0.0.1:40000), to read`.
    public var description: String { "\(socket), to \(isReading ? "read" : "write")" }
}

@available(*, unavailable)
extension SocketReadiness: Sendable {}

extension Socket {
    /// Ready when `recv` or `accept` wouldn't wait.
    ///
    /// The same object each time, as long as somebody holds it.
    ///
    /// gevent: `gevent.socket.wait_read(socket.fileno())`.
    public var readable: SocketReadiness {
        let readiness = knownReadable ?? SocketReadiness(of: self, .read)
        knownReadable = readiness
        return readiness
    }

    /// Ready when `send` wouldn't wait: there is room for some bytes.
    ///
    /// The same object each time, as long as somebody holds it.
    ///
    /// gevent: `gevent.socket.wait_write(socket.fileno())`.
    public var writable: SocketReadiness {
        let readiness = knownWritable ?? SocketReadiness(of: self, .write)
        knownWritable = readiness
        return readiness
    }
}
