// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A server's life and its limits.

import Glibc
import GreenletCore
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

private struct HandlerFailure: Error {}

private func echo(_ socket: Socket, _ peer: SocketAddress) throws {
    while case let bytes = try socket.recv(maxBytes: 4096), !bytes.isEmpty { try socket.sendAll(bytes) }
}

/// A server on a free port of the loopback, started.
private func startServer(
    maxConnections: Int? = nil,
    _ handler: @escaping StreamServer.Handler
) throws -> (StreamServer, SocketAddress) {
    let server = StreamServer("127.0.0.1:0", maxConnections: maxConnections, handler: handler)
    try server.start()
    return (server, try #require(server.address))
}

@Suite struct StreamServerTests {
    @Test func itEchoesAndTellsItsPort() async {
        await onHub {
            let (server, address) = try startServer(echo)
            #expect(address.port > 0 && address.host == "127.0.0.1")
            #expect(server.description == "StreamServer \(address)")
            let clients = (0..<20).map { number in
                spawn {
                    let socket = try Socket.connect(to: address)
                    defer { socket.close() }
                    for _ in 0..<20 {
                        try socket.sendAll([UInt8(number)])
                        #expect(try socket.recv(maxBytes: 10) == [UInt8(number)])
                    }
                }
            }
            for client in clients { try client.get() }
            #expect(try server.stop())
            #expect(server.connectionCount == 0 && !server.isServing)
            #expect(socketError { _ = try Socket.connect(to: address) }?.code == .connectionRefused)
        }
    }

    @Test func aHandlersErrorEndsItsOwnConnectionOnly() async {
        await onHub {
            var reported: [any Error] = []
            Hub.current.errorHandler = { reported.append($1) }
            let (server, address) = try startServer { socket, peer in
                if try socket.recv(maxBytes: 1) == [0] { throw HandlerFailure() }
                try echo(socket, peer)
            }
            let good = try Socket.connect(to: address)
            let bad = try Socket.connect(to: address)
            try bad.sendAll([0])
            #expect(try readAll(bad) == [])
            #expect(reported.count == 1 && reported.first is HandlerFailure)
            try good.sendAll([1])
            try good.sendAll([2])
            #expect(try good.recv(maxBytes: 1, timeout: .seconds(5)) == [2])
            good.close()
            bad.close()
            try server.stop()
        }
    }

    @Test func aFullServerStopsAcceptingUntilAPlaceIsFree() async {
        await onHub {
            var most = 0
            var now = 0
            let (server, address) = try startServer(maxConnections: 2) { socket, _ in
                now += 1
                most = max(most, now)
                defer { now -= 1 }
                try socket.sendAll([1])
                _ = try socket.recv(maxBytes: 1)
            }
            let clients = (0..<8).map { _ in
                spawn {
                    let socket = try Socket.connect(to: address)
                    defer { socket.close() }
                    #expect(try socket.recv(maxBytes: 1) == [1])
                    try sleep(.milliseconds(5))
                    if now == 2 { #expect(server.isFull) }
                }
            }
            for client in clients { try client.get() }
            #expect(most == 2)
            try server.stop()
        }
    }

    @Test func stoppingWaitsForHandlersAndThenEndsThem() async {
        await onHub {
            var ends: [String] = []
            let (server, address) = try startServer { socket, _ in
                let name = String(decoding: try socket.recv(maxBytes: 10), as: UTF8.self)
                defer { ends.append(name) }
                try sleep(name == "quick" ? .milliseconds(30) : .seconds(100))
            }
            let quick = try Socket.connect(to: address)
            let slow = try Socket.connect(to: address)
            try quick.sendAll("quick")
            try slow.sendAll("slow")
            try sleep(.milliseconds(10))
            #expect(try server.stop(timeout: .milliseconds(150)))
            #expect(ends == ["quick", "slow"])
            #expect(try readAll(slow) == [])
            quick.close()
            slow.close()
            #expect(try server.stop(timeout: .zero))
            #expect(socketError { try server.start() }?.code == .closed)
        }
    }

    @Test func connectionsThatHaveNotBegunAreClosedToo() async {
        await onHub {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let client = try Socket.connect(to: try listener.localAddress)
            let server = StreamServer(listener) { _, _ in Issue.record("served after the end") }
            try server.start()
            // The acceptor runs first, and spawns; before the handler's turn comes, everything ends.
            let stopper = spawn {
                #expect(server.connectionCount == 1)
                return try server.stop(timeout: .zero)
            }
            #expect(try stopper.get())
            #expect(try readAll(client) == [])
            client.close()
        }
    }

    @Test func servingForEverEndsWhenTheServerIsStopped() async {
        await onHub {
            let server = StreamServer("127.0.0.1:0", handler: echo)
            let serving = spawn { try server.serveForever() }
            try sleep(.milliseconds(5))
            let client = try Socket.connect(to: try #require(server.address))
            try client.sendAll([1])
            #expect(try client.recv(maxBytes: 1) == [1])
            client.close()
            try server.stop()
            #expect(try serving.join(timeout: .seconds(5)))
            #expect(serving.isSuccessful)
        }
    }

    @Test func killingWhoServesForEverStopsTheServer() async {
        await onHub {
            let server = StreamServer("127.0.0.1:0", handler: echo)
            let serving = spawn { try server.serveForever() }
            try sleep(.milliseconds(5))
            let client = try Socket.connect(to: try #require(server.address))
            try sleep(.milliseconds(5))
            try serving.kill()
            #expect(!server.isServing && server.connectionCount == 0)
            #expect(try readAll(client) == [])
            client.close()
        }
    }

    @Test func aHandlerMayStopItsServer() async {
        await onHub {
            var server: StreamServer?
            let (started, address) = try startServer { socket, _ in
                #expect(try server?.stop() == true)
                try socket.sendAll("stopped")
            }
            server = started
            let client = try Socket.connect(to: address)
            #expect(try readAll(client) == Array("stopped".utf8))
            client.close()
            server = nil
        }
    }

    @Test func aBoundSocketMayBeHandedOver() async {
        await onHub {
            let socket = try Socket(family: .ipv6)
            try socket.bind(to: try SocketAddress(host: "::1", port: 0))
            let server = StreamServer(socket, handler: echo)
            try server.start()
            let client = try Socket.connect(to: try #require(server.address))
            try client.sendAll([9])
            #expect(try client.recv(maxBytes: 1) == [9])
            client.close()
            try server.stop()
            #expect(socket.isClosed)
        }
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.1:", ":x", "::1:80", "[::1:80"])
    func whereToListenMustBeSaidClearly(text: String) async {
        await onHub {
            let error = socketError { try StreamServer(text, handler: echo).start() }
            #expect(error?.code == .invalidAddress)
            #expect(error?.message.contains("doesn't say where to listen") == true)
        }
    }

    @Test func portsOutOfRangeAreRefused() async {
        await onHub {
            let error = socketError { try StreamServer("127.0.0.1:70000", handler: echo).start() }
            #expect(error?.message == "port 70000 is not between 0 and 65535")
        }
    }
}
