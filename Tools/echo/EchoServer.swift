// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The server itself: StreamServer, one shared buffer, counters, an orderly end.

import Glibc
import GreenletHub
import GreenletNet

/// Echoes until it is told to end.
final class EchoServer {
    /// How long connections may take to send back what has arrived, when the server ends.
    private static let grace = Duration.seconds(5)

    private let command: EchoCommand
    private var counters = Counters()
    private var server: StreamServer?
    /// One for all connections: between a recv into it and the send from it nobody else runs.
    ///
    /// So an idle connection keeps no buffer.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    init(_ command: EchoCommand) { self.command = command }

    deinit { buffer.deallocate() }

    /// Serves until SIGINT or SIGTERM.
    ///
    /// Switch point.
    func serve() throws {
        let patience = command.patience
        let server = StreamServer(
            try command.address(),
            backlog: command.backlog,
            maxConnections: command.maxConnections
        ) { [unowned self] socket, _ in
            socket.timeout = patience
            try serve(socket)
        }
        self.server = server
        try server.start()
        let watchers = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(signal) { [unowned self] in try end() }
        }
        let reporter = command.stats ? try SignalWatcher(SIGUSR1) { [unowned self] in report() } : nil
        defer {
            for watcher in watchers { watcher.cancel() }
            reporter?.cancel()
        }
        if let address = server.address { announce(address) }
        try server.serveForever()
        if command.stats { report() }
    }

    /// Stops accepting.
    ///
    /// Readers get what has arrived, and then the end, so each connection finishes by itself.
    private func end() throws {
        guard let server else { return }
        server.close()
        for socket in server.sockets { try? socket.shutdown(.read) }
        try server.stop(timeout: Self.grace)
    }

    private func report() { printError(counters.line(connections: server?.connectionCount ?? 0)) }

    /// A peer that goes away, or is silent for too long, is no failure of ours.
    private func serve(_ socket: Socket) throws {
        counters.accepted += 1
        do {
            try echo(socket)
        } catch let error as SocketError {
            switch error.code {
            case .connectionReset, .brokenPipe, .timedOut, .notConnected: counters.broken += 1
            default: throw error
            }
        }
    }

    private func echo(_ socket: Socket) throws {
        while case let count = try socket.recv(into: buffer), count > 0 {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            let sent = try socket.trySend(bytes)
            if sent < count { try sendRest(bytes[sent...], socket) }
            counters.echoes += 1
            counters.bytes += count
        }
    }

    /// The peer takes no more for now.
    ///
    /// The rest is copied, for the buffer is everybody's.
    @inline(never)
    private func sendRest(_ bytes: Slice<UnsafeRawBufferPointer>, _ socket: Socket) throws {
        try socket.sendAll(Array(bytes))
    }
}
