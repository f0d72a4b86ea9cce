// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The same server in the C library's own blocking calls, made cooperative by Monkey.patchAll().

import Gevent
import Glibc

/// Echoes until it is told to end.
///
/// Each `accept`, `recv` and `send` here is Glibc's.
final class PatchedServer {
    /// How long connections may take to send back what has arrived, when the server ends.
    private static let grace = Duration.seconds(5)

    private let command: EchoCommand
    private var counters = Counters()
    private var listener: CInt = -1
    private var connections: Set<CInt> = []
    private let handlers = Group()
    private let places: Gevent.Semaphore?
    private var isEnding = false
    private var address: SocketAddress

    init(_ command: EchoCommand) throws {
        self.command = command
        address = try command.address()
        places = command.maxConnections.map { Gevent.Semaphore($0) }
    }

    /// Serves until SIGINT or SIGTERM.
    ///
    /// Switch point.
    func serve() throws {
        Monkey.patchAll()
        listener = try openListener()
        defer { close(listener) }
        let watchers = try [SIGINT, SIGTERM].map { signal in
            try SignalWatcher(signal) { [unowned self] in end() }
        }
        let reporter = command.stats ? try SignalWatcher(SIGUSR1) { [unowned self] in report() } : nil
        defer {
            for watcher in watchers { watcher.cancel() }
            reporter?.cancel()
        }
        address = try boundAddress()
        announce(address)
        try acceptUntilTold()
        if try !handlers.join(timeout: Self.grace) { try handlers.kill() }
        if command.stats { report() }
    }

    /// Stops accepting.
    ///
    /// Readers get what has arrived, and then the end, so each connection finishes by itself.
    private func end() {
        isEnding = true
        shutdown(listener, CInt(SHUT_RDWR))
        for connection in connections { shutdown(connection, CInt(SHUT_RD)) }
    }

    private func report() { printError(counters.line(connections: connections.count)) }

    private func acceptUntilTold() throws {
        var backOff = AcceptBackOff()
        while true {
            _ = try places?.acquire()
            let connection = accept(listener, nil, nil)
            if isEnding {
                if connection >= 0 { close(connection) }
                return
            }
            if connection >= 0 {
                backOff.succeeded()
                connections.insert(connection)
                handlers.spawn { [unowned self] in serve(connection) }
                if backOff.isEpisode, nobodyWaits() { _ = backOff.emptied() }
                continue
            }
            places?.release()
            try sitOut(errno, &backOff)
        }
    }

    /// A failure to accept that time can mend is waited for, and spoken of once; another one is thrown.
    private func sitOut(_ code: CInt, _ backOff: inout AcceptBackOff) throws {
        switch code {
        case ECONNABORTED, EINTR:
            return
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            let (delay, isFirst) = backOff.failed()
            if isFirst { printError("greenlet-echo: \(SocketError.accepting(on: address, errno: code)); trying on") }
            usleep(UInt32(delay / .microseconds(1)))
        default:
            throw SocketError.accepting(on: address, errno: code)
        }
    }

    private func nobodyWaits() -> Bool {
        var set = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        return poll(&set, 1, 0) == 0
    }

    private func serve(_ connection: CInt) {
        counters.accepted += 1
        setOptions(connection)
        if !echo(connection) { counters.broken += 1 }
        connections.remove(connection)
        close(connection)
        places?.release()
    }

    /// Whether the connection ended in order.
    private func echo(_ connection: CInt) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { return count == 0 }
            if send(connection, buffer, count, CInt(MSG_NOSIGNAL)) < count { return false }
            counters.echoes += 1
            counters.bytes += count
        }
    }

    private func setOptions(_ connection: CInt) {
        var yes: CInt = 1
        setsockopt(connection, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
        guard let patience = command.patience else { return }
        let (seconds, attoseconds) = patience.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}

extension PatchedServer {
    private func openListener() throws -> CInt {
        let family = address.family == .ipv6 ? AF_INET6 : AF_INET
        let listener = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw SocketError.listening(on: address, errno: errno) }
        var yes: CInt = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        let isBound = address.withRaw { bind(listener, $0, $1) == 0 }
        if isBound, listen(listener, CInt(clamping: command.backlog)) == 0 { return listener }
        let code = errno
        close(listener)
        throw SocketError.listening(on: address, errno: code)
    }

    private func boundAddress() throws -> SocketAddress {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var length = socklen_t(bytes.count)
        let status = bytes.withUnsafeMutableBytes { bytes in
            getsockname(listener, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        guard status == 0 else { throw SocketError.listening(on: address, errno: errno) }
        return try SocketAddress(sockaddr: Array(bytes.prefix(Int(length))))
    }
}
