// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The table of all blocking calls of GreenletNet: a new one gets a row here, or a test says that it has none.

import Glibc
import GreenletHub
import GreenletNet
import GreenletTestSupport

enum NetCalls {
    static let all = receiving + sending + connecting

    /// Documented as switch points, and not in the table.
    static let others: Set<String> = [
        // Ends by itself, if a name server answers or doesn't; ResolveTests has its kills and timeouts.
        "SocketAddress.resolve(host:port:family:timeout:)", "StreamServer.start()",
        // Kill their handlers when the time is over, and succeed; see StreamServerTests.
        "StreamServer.stop(timeout:)", "StreamServer.serveForever(stopTimeout:)",
    ]

    private static let receiving = [
        BlockingCall("Socket.recv(maxBytes:timeout:)", .alone) {
            let pair = try Pair()
            return Scene(serve: { try pair.client.sendAll([7]) }, end: pair.close) { limit in
                try inTime { try pair.server.recv(maxBytes: 10, timeout: limit) == [7] }
            }
        },
        BlockingCall("Socket.recv(into:timeout:)", .alone) {
            let pair = try Pair()
            return Scene(serve: { try pair.client.sendAll([7]) }, end: pair.close) { limit in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 10, alignment: 1)
                defer { buffer.deallocate() }
                return try inTime { try pair.server.recv(into: buffer, timeout: limit) == 1 && buffer[0] == 7 }
            }
        },
        BlockingCall("Socket.accept(timeout:)", .alone) {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let address = try listener.localAddress
            var sockets: [Socket] = []
            return Scene(
                serve: { sockets.append(try Socket.connect(to: address, timeout: .seconds(5))) },
                end: { for socket in sockets + [listener] { socket.close() } }
            ) { limit in
                try inTime {
                    sockets.append(try listener.accept(timeout: limit).socket)
                    return true
                }
            }
        },
    ]

    private static let message = [UInt8](repeating: 7, count: 1000)

    private static let sending = [
        sending("send(_:timeout:)", of: "bytes") { try $0.send(message, timeout: $1) > 0 },
        sending("send(_:timeout:)", of: "a buffer") { socket, limit in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 10, alignment: 1)
            defer { buffer.deallocate() }
            return try socket.send(UnsafeRawBufferPointer(buffer), timeout: limit) > 0
        },
        sending("sendAll(_:timeout:)", of: "bytes") { socket, limit in
            try socket.sendAll(message, timeout: limit)
            return true
        },
        sending("sendAll(_:timeout:)", of: "a buffer") { socket, limit in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 10, alignment: 1)
            defer { buffer.deallocate() }
            try socket.sendAll(UnsafeRawBufferPointer(buffer), timeout: limit)
            return true
        },
        sending("sendAll(_:timeout:)", of: "a sequence") { socket, limit in
            try socket.sendAll(repeatElement(UInt8(7), count: 10), timeout: limit)
            return true
        },
        sending("sendAll(_:timeout:)", of: "text") { socket, limit in
            try socket.sendAll("text", timeout: limit)
            return true
        },
    ]

    /// A socket whose peer reads only when it is to be served.
    private static func sending(
        _ name: String,
        of what: String,
        _ send: @escaping @Sendable (Socket, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("Socket.\(name)", of: what, .alone) {
            let (sender, receiver) = try localPair()
            while try inTime({ try sender.send(message, timeout: .zero) > 0 }) {}
            return Scene(
                serve: {
                    while try inTime({ try receiver.recv(maxBytes: 1 << 20, timeout: .milliseconds(20)) != [] }) {}
                },
                end: {
                    sender.close()
                    receiver.close()
                },
                call: { limit in try inTime { try send(sender, limit) } }
            )
        }
    }

    private static let connecting = [
        connecting("connect(to:timeout:)", of: "a new socket") { address, limit in
            try Socket.connect(to: address, timeout: limit).close()
        },
        connecting("connect(to:timeout:)", of: "a socket") { address, limit in
            let socket = try Socket(family: address.family)
            defer { socket.close() }
            try socket.connect(to: address, timeout: limit)
        },
        connecting("connect(toAnyOf:timeout:)", of: "addresses") { address, limit in
            try Socket.connect(toAnyOf: [address], timeout: limit).close()
        },
        connecting("connect(host:port:timeout:)", of: "a host") { address, limit in
            try Socket.connect(host: "127.0.0.1", port: address.port, timeout: limit).close()
        },
    ]

    /// A listener whose queue is full: it answers no more.
    private static func connecting(
        _ name: String,
        of what: String,
        _ connect: @escaping @Sendable (SocketAddress, Duration?) throws -> Void
    ) -> BlockingCall {
        BlockingCall("Socket.\(name)", of: what, .nobody) {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0), backlog: 0)
            let address = try listener.localAddress
            var sockets = [listener]
            while try inTime({
                sockets.append(try Socket.connect(to: address, timeout: .milliseconds(10)))
                return true
            }) {}
            return Scene(end: { for socket in sockets { socket.close() } }) { limit in
                try inTime {
                    try connect(address, limit)
                    return true
                }
            }
        }
    }
}

/// Two ends of one connection without a network, whose room doesn't change behind one's back.
private func localPair() throws -> (Socket, Socket) {
    var ends: [CInt] = [-1, -1]
    precondition(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0, "socketpair failed")
    return (try Socket(takingOver: ends[0]), try Socket(takingOver: ends[1]))
}

/// False if the call's own time is over.
private func inTime(_ body: () throws -> Bool) throws -> Bool {
    do {
        return try body()
    } catch let error as SocketError where error.code == .timedOut {
        return false
    }
}
