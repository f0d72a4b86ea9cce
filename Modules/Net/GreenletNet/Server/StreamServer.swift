// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A server for stream sockets: what it is made of, and its list of connections.

import GreenletCore
import GreenletHub

/// Accepts connections and serves each in a greenlet of its own.
///
/// ```swift
/// let server = StreamServer("127.0.0.1:8888") { socket, peer in
///     while case let bytes = try socket.recv(maxBytes: 4096), !bytes.isEmpty {
///         try socket.sendAll(bytes)
///     }
/// }
/// try server.serveForever()
/// ```
///
/// The socket is closed when its handler returns or throws. An error that a handler throws goes to the hub's
/// `errorHandler`, and concerns no other connection. When descriptors or memory run out, the server keeps serving those
/// it has, and accepts again when there are some: it says so once, not at each attempt.
///
/// gevent: `gevent.server.StreamServer`.
public final class StreamServer {
    /// What serves a connection.
    ///
    /// It may block; the socket is closed when it ends.
    public typealias Handler = (_ socket: Socket, _ peer: SocketAddress) throws -> Void

    enum Listener {
        case text(String)
        case address(SocketAddress)
        case socket(Socket)
    }

    enum Stage {
        case created
        case serving
        case closed
    }

    /// Safe because a server is used on its hub's thread only.
    unowned(unsafe) let hub = Hub.current
    let source: Listener
    let backlog: Int
    let handler: Handler

    /// How many connections may be served at a time; while there are so many, no more are accepted.
    ///
    /// Nil: no limit.
    public var maxConnections: Int? { didSet { changed.wakeAll() } }
    /// How many connections are accepted in a row before others get a turn.
    ///
    /// gevent: `BaseServer.max_accept`.
    public var acceptsPerEvent = 100
    /// Where to say that accepting fails, or works again: one line, without an end of line.
    ///
    /// At first standard error.
    public var log: (String) -> Void {
        get { writesLog }
        set {
            // What was there ends after the access, for what it captured may set the next one.
            var former = newValue
            swap(&writesLog, &former)
        }
    }
    private var writesLog: (String) -> Void = { writeToStandardError("greenlet: \($0)") }

    var stage = Stage.created
    var listener: Socket?
    /// What the server has ended with, if it ended by itself.
    var fatalError: (any Error)?
    /// Where it listens; nil before `start()`.
    ///
    /// With the real port, if 0 was asked for.
    ///
    /// gevent: `BaseServer.address`.
    public internal(set) var address: SocketAddress?
    /// Not retained.
    ///
    /// Safe because a connection takes itself out before it goes.
    private var connections: [Unmanaged<Connection>] = []
    /// Who looks again whenever a connection ends: the acceptor without room or descriptors, and `stop(timeout:)`.
    let changed = WaitList()
    /// Greenlets in `serveForever(stopTimeout:)`.
    let closed = WaitList()
    /// Greenlets in `stop(timeout:)`.
    var stopping = 0

    /// Creates a server that listens, once started, where a text says.
    ///
    /// - Parameters:
    ///   - listener: `127.0.0.1:80`, `[::1]:80`, `localhost:80`, or `:80` for all IPv4 addresses of this machine. Port 0
    ///     takes any free one.
    ///   - backlog: How many connections may wait to be accepted; the system caps it (net.core.somaxconn).
    ///   - maxConnections: How many may be served at a time; nil means no limit.
    ///   - handler: What serves a connection.
    ///
    /// gevent: `StreamServer(listener, handle, backlog, spawn)`.
    public convenience init(
        _ listener: String,
        backlog: Int = 1024,
        maxConnections: Int? = nil,
        handler: @escaping Handler
    ) {
        self.init(.text(listener), backlog, maxConnections, handler)
    }

    /// Creates a server that listens, once started, on an address.
    ///
    /// - Parameters:
    ///   - address: Where to listen. Port 0 takes any free one.
    ///   - backlog: How many connections may wait to be accepted; the system caps it (net.core.somaxconn).
    ///   - maxConnections: How many may be served at a time; nil means no limit.
    ///   - handler: What serves a connection.
    ///
    /// gevent: `StreamServer(listener, handle, backlog, spawn)`.
    public convenience init(
        _ address: SocketAddress,
        backlog: Int = 1024,
        maxConnections: Int? = nil,
        handler: @escaping Handler
    ) {
        self.init(.address(address), backlog, maxConnections, handler)
    }

    /// Creates a server for a socket that is bound, and maybe listens already.
    ///
    /// The server closes it in the end.
    ///
    /// - Parameters:
    ///   - socket: Where connections come in.
    ///   - backlog: How many connections may wait to be accepted, if the socket doesn't listen yet.
    ///   - maxConnections: How many may be served at a time; nil means no limit.
    ///   - handler: What serves a connection.
    ///
    /// gevent: `StreamServer(listener, handle, backlog, spawn)`.
    public convenience init(
        _ socket: Socket,
        backlog: Int = 1024,
        maxConnections: Int? = nil,
        handler: @escaping Handler
    ) {
        self.init(.socket(socket), backlog, maxConnections, handler)
    }

    private init(_ source: Listener, _ backlog: Int, _ maxConnections: Int?, _ handler: @escaping Handler) {
        precondition(maxConnections ?? 1 > 0, "a server for \(maxConnections ?? 0) connections at a time")
        self.source = source
        self.backlog = backlog
        self.maxConnections = maxConnections
        self.handler = handler
    }

    /// Whether it was started and not closed.
    ///
    /// gevent: `BaseServer.started`.
    public var isServing: Bool { stage == .serving }

    /// How many connections are being served.
    public var connectionCount: Int { connections.count }

    /// The sockets that are being served.
    public var sockets: [Socket] { connections.map { $0.takeUnretainedValue().socket } }

    /// Whether no more connections are accepted until one ends.
    ///
    /// gevent: `BaseServer.full`.
    public var isFull: Bool { maxConnections.map { connections.count >= $0 } ?? false }

    /// The greenlets that serve connections, without the current one.
    var otherHandlers: [AnyGreenlet] {
        let current = AnyGreenlet.current
        return connections.compactMap { $0.takeUnretainedValue().greenlet }.filter { $0 !== current }
    }

    func add(_ connection: Connection) {
        connection.index = connections.count
        connections.append(Unmanaged.passUnretained(connection))
    }

    func remove(_ connection: Connection) {
        let last = connections.removeLast()
        if connection.index < connections.count {
            connections[connection.index] = last
            last._withUnsafeGuaranteedRef { $0.index = connection.index }
        }
        connection.index = -1
        if !changed.isEmpty { changed.wakeAll() }
    }
}

extension StreamServer: CustomStringConvertible {
    /// `StreamServer 127.0.0.1:8888`.
    public var description: String {
        if let address { return "StreamServer \(address)" }
        switch source {
        case .text(let text): return "StreamServer \(text)"
        case .address(let address): return "StreamServer \(address)"
        case .socket(let socket): return "StreamServer \(socket)"
        }
    }
}

@available(*, unavailable)
extension StreamServer: Sendable {}
