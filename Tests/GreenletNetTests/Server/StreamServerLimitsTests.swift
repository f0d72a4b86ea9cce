// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A server that runs out of descriptors, and one with very many visitors.

import Glibc
import GreenletCore
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct StreamServerLimitsTests {
    @Test func runningOutOfDescriptorsIsSaidOncePerEpisode() async {
        await onHub {
            var lines: [String] = []
            let server = StreamServer("127.0.0.1:0") { socket, _ in
                while case let bytes = try socket.recv(maxBytes: 10), !bytes.isEmpty { try socket.sendAll(bytes) }
            }
            server.log = { lines.append($0) }
            try server.start()
            let address = try #require(server.address)
            let old = try Socket.connect(to: address)
            try old.sendAll([1])
            #expect(try old.recv(maxBytes: 1) == [1])
            let new = try PlayedKernel.play([.accept: Array(repeating: .fail(EMFILE), count: 4)]) {
                let new = try Socket.connect(to: address)
                try new.sendAll([2])
                // Who is there already is served all the while.
                try old.sendAll([3])
                #expect(try old.recv(maxBytes: 1) == [3])
                #expect(server.connectionCount == 1)
                #expect(try new.recv(maxBytes: 1, timeout: .seconds(5)) == [2])
                return new
            }
            try sleep(.milliseconds(5))
            #expect(lines.count == 2)
            #expect(lines.first?.contains("too many open files; raise the limit with ulimit -n") == true)
            #expect(lines.first?.contains("serving the 1 connections it has") == true)
            #expect(lines.last == "StreamServer \(address) accepts again")
            old.close()
            new.close()
            try server.stop()
        }
    }

    @Test func aLogMaySetTheNextOneWhenItGoes() async {
        await onHub {
            final class Restoring {
                let restore: () -> Void
                init(_ restore: @escaping () -> Void) { self.restore = restore }
                deinit { restore() }
            }
            let server = StreamServer("127.0.0.1:0") { _, _ in }
            var lines: [String] = []
            func restore() { server.log = { lines.append("restored \($0)") } }
            var restoring: Restoring? = Restoring(restore)
            server.log = { [restoring] line in withExtendedLifetime(restoring) { lines.append(line) } }
            restoring = nil
            server.log = { lines.append($0) }
            server.log("line")
            #expect(lines == ["restored line"])
        }
    }

    @Test func aConnectionThatEndsMakesItTryAtOnce() async {
        await onHub {
            let server = StreamServer("127.0.0.1:0") { socket, _ in _ = try socket.recv(maxBytes: 10) }
            server.log = { _ in }
            try server.start()
            let address = try #require(server.address)
            let old = try Socket.connect(to: address)
            try sleep(.milliseconds(5))
            // Seven failures: the next attempt would come after more than a second.
            try PlayedKernel.play([.accept: Array(repeating: .fail(ENFILE), count: 7)]) {
                let new = try Socket.connect(to: address)
                try sleep(.milliseconds(700))
                old.close()
                let elapsed = try ContinuousClock().measure {
                    for _ in 0..<400 where server.connectionCount != 1 { try sleep(.milliseconds(1)) }
                }
                #expect(elapsed < .milliseconds(400))
                new.close()
            }
            try server.stop()
        }
    }

    @Test func whatIsNoMereLackOfDescriptorsEndsTheServer() async {
        await onHub {
            let server = StreamServer("127.0.0.1:0") { _, _ in }
            try server.start()
            let address = try #require(server.address)
            let error = PlayedKernel.play([.accept: [.fail(ENOTSOCK)]]) {
                // It may be connected, or be told of a reset, as the queue goes with the server.
                let client = spawn { try? Socket.connect(to: address).close() }
                defer { _ = try? client.join() }
                return socketError { try server.serveForever() }
            }
            #expect(error?.code == .notSupported)
            #expect(!server.isServing)
        }
    }

    @Test func aThousandConnectionsLeaveNothingBehind() async {
        await onHub {
            let server = StreamServer("127.0.0.1:0") { socket, _ in
                while case let bytes = try socket.recv(maxBytes: 100), !bytes.isEmpty { try socket.sendAll(bytes) }
            }
            try server.start()
            let address = try #require(server.address)
            Hub.current.errorHandler = { greenlet, error in
                // Resets by the clients are what this test is about.
                if (error as? SocketError)?.code != .connectionReset { Issue.record(error, "\(greenlet)") }
            }
            let pollers = Hub.current.pollerCount
            for round in 0..<20 {
                let clients = (0..<50).map { number in
                    spawn {
                        let socket = try Socket.connect(to: address)
                        switch number % 4 {
                        case 0: socket.close()
                        case 1: reset(socket)
                        case 2:
                            try socket.sendAll([1])
                            try socket.shutdown(.write)
                            #expect(try readAll(socket) == [1])
                            socket.close()
                        default:
                            try socket.sendAll(pattern(100))
                            #expect(try readAll(socket, upTo: 100) == pattern(100))
                            socket.close()
                        }
                    }
                }
                for client in clients { try client.get() }
                for _ in 0..<2000 where server.connectionCount > 0 { try sleep(.milliseconds(1)) }
                #expect(server.connectionCount == 0, "round \(round)")
            }
            try sleep(.milliseconds(2))
            #expect(Hub.current.pollerCount <= pollers + 1)
            try server.stop()
        }
    }
}
