// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Connected sockets on this machine, and clients that misbehave.

import Glibc
import GreenletHub
import GreenletNet
import Testing

/// Two ends of one connection.
struct Pair {
    let client: Socket
    let server: Socket

    init(_ host: String = "127.0.0.1") throws {
        let listener = try Socket.listen(on: try SocketAddress(host: host, port: 0))
        defer { listener.close() }
        client = try Socket.connect(to: try listener.localAddress, timeout: .seconds(5))
        server = try listener.accept(timeout: .seconds(5)).socket
    }

    func close() {
        client.close()
        server.close()
    }
}

/// Closes a socket so that its peer is told of a reset instead of an end.
func reset(_ socket: Socket) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket.fileDescriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    socket.close()
}

/// Reads until the end, or until so many bytes have come.
func readAll(_ socket: Socket, upTo limit: Int = .max) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < limit, case let bytes = try socket.recv(maxBytes: 65536, timeout: .seconds(10)), !bytes.isEmpty {
        all += bytes
    }
    return all
}

/// The `SocketError` that `body` throws.
func socketError(
    _ location: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) -> SocketError? {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: location)
    } catch let error as SocketError {
        return error
    } catch {
        Issue.record(error, sourceLocation: location)
    }
    return nil
}

/// Bytes that differ from their neighbours.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }
