// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A server's life: start, serve, stop, close.

import Glibc
import GreenletHub

extension StreamServer {
    /// Binds, listens, and begins to accept.
    ///
    /// Does nothing if it serves already.
    ///
    /// Switch point only if it was given a host's name, which is looked up.
    ///
    /// - Throws: `SocketError` with `.addressInUse`, `.permissionDenied`, `.invalidAddress`, `.unknownHost` and the like;
    ///   `.closed` if it was closed. It may be tried again, but for the last.
    ///
    /// gevent: `BaseServer.start`.
    public func start() throws {
        hub.checkThread("start", self)
        switch stage {
        case .serving: return
        case .closed: throw SocketError(closed: .server, text: "can't start a server that was closed; make a new one")
        case .created: break
        }
        let listener = try openListener()
        // Connections inherit it on Linux: a reply in several pieces must not wait for the client's acknowledgement.
        if listener.family != .unix { try? listener.setOption(.noDelay, to: true) }
        self.listener = listener
        address = try listener.localAddress
        stage = .serving
        spawn(name: "acceptor of \(self)") { try self.acceptUntilClosed(listener) }
    }

    private func openListener() throws -> Socket {
        switch source {
        case .address(let address):
            return try Socket.listen(on: address, backlog: backlog)
        case .text(let text):
            return try Socket.listen(on: try Self.findAddress(text), backlog: backlog)
        case .socket(let socket):
            let accepts = SocketOption<Bool>(level: SOL_SOCKET, name: SO_ACCEPTCONN)
            if try !socket.getOption(accepts) { try socket.listen(backlog: backlog) }
            return socket
        }
    }

    private static func findAddress(_ text: String) throws -> SocketAddress {
        guard let (host, port) = SocketAddress.split(text) else {
            throw SocketError(
                .invalidAddress,
                .address,
                text: "'\(text)' doesn't say where to listen; write host:port, [IPv6 address]:port or :port"
            )
        }
        if host.isEmpty { return try .anyIPv4(port: port) }
        // Resolve promises at least one.
        return try SocketAddress.resolve(host: host, port: port)[0]
    }

    /// Stops accepting, and lets go of the port.
    ///
    /// Connections that are being served go on. Not a switch point.
    ///
    /// Done once: later calls do nothing. A closed server can't be started again.
    ///
    /// gevent: `BaseServer.close`.
    public func close() {
        hub.checkThread("close", self)
        if stage == .closed { return }
        stage = .closed
        if case .socket(let socket) = source { socket.close() }
        listener?.close()
        listener = nil
        changed.wakeAll()
        closed.wakeAll()
    }

    /// Closes the server, waits until all connections have been served, and ends those that take too long.
    ///
    /// Handlers that are ended get a `GreenletExit` where they wait. A handler that calls this is itself neither waited
    /// for nor ended. Switch point, if others serve connections.
    ///
    /// - Parameter timeout: How long handlers may take before they are ended, zero meaning at once, and again (but at
    ///   least a second) for ending; nil means for ever.
    /// - Returns: Whether all have ended.
    /// - Throws: Whatever the calling greenlet is killed with; the server is closed all the same.
    ///
    /// gevent: `BaseServer.stop`.
    @discardableResult
    public func stop(timeout: Duration? = .seconds(1)) throws -> Bool {
        stopping += 1
        defer {
            stopping -= 1
            closed.wakeAll()
        }
        close()
        let isImpatient = timeout.map { $0 <= .zero } ?? false
        if !isImpatient, try waitForHandlers(until: Deadline(after: timeout)) { return true }
        for handler in otherHandlers { try handler.kill(wait: false) }
        return try waitForHandlers(until: Deadline(after: timeout.map { max($0, .seconds(1)) }))
    }

    private func waitForHandlers(until deadline: Deadline?) throws -> Bool {
        while !otherHandlers.isEmpty {
            guard try changed.wait(for: WaitReason("stop", self), until: deadline) else { return otherHandlers.isEmpty }
        }
        return true
    }

    /// Starts the server, if it was not, and returns when it has been stopped or closed.
    ///
    /// Switch point.
    ///
    /// - Parameter stopTimeout: How long handlers may take, once the server is closed, before they are ended; nil means
    ///   for ever. A `stop(timeout:)` that is under way decides for itself.
    /// - Throws: As `start()`; the `SocketError` that the listening socket failed with; whatever the calling greenlet is
    ///   killed with, after the server was stopped.
    ///
    /// gevent: `BaseServer.serve_forever`.
    public func serveForever(stopTimeout: Duration? = .seconds(1)) throws {
        if stage == .created { try start() }
        do {
            while stage != .closed || stopping > 0 {
                _ = try closed.wait(for: WaitReason("serveForever", self))
            }
        } catch {
            _ = try? stop(timeout: stopTimeout)
            throw error
        }
        try stop(timeout: stopTimeout)
        if let fatalError { throw fatalError }
    }
}
