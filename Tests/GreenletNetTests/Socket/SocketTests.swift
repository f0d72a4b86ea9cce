// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A connection's life: made, used in both directions, shut down, closed, dropped.

import Glibc
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SocketTests {
    @Test(arguments: ["127.0.0.1", "::1"]) func bytesTravelBothWays(host: String) async {
        await onHub {
            let pair = try Pair(host)
            defer { pair.close() }
            try pair.client.sendAll("hello")
            #expect(try pair.server.recv(maxBytes: 100) == Array("hello".utf8))
            #expect(try pair.server.send([1, 2, 3]) == 3)
            #expect(try pair.client.recv(maxBytes: 2) == [1, 2])
            #expect(try pair.client.recv(maxBytes: 2) == [3])
            #expect(try pair.client.peerAddress == pair.server.localAddress)
            #expect(try pair.client.localAddress == pair.server.peerAddress)
            #expect(pair.client.description.contains(" to \(try pair.server.localAddress))"))
        }
    }

    @Test func unixSocketsWorkAlike() async {
        await onHub {
            let path = "\0greenlet-test-\(getpid())-\(UInt(pthread_self()))"
            let address = try SocketAddress(unixPath: path)
            let listener = try Socket.listen(on: address, backlog: 1)
            #expect(try listener.localAddress == address)
            // More than the queue holds: those in excess have to ask again.
            let clients = (0..<5).map { _ in spawn { try Socket.connect(to: address, timeout: .seconds(5)) } }
            try sleep(.milliseconds(10))
            for _ in clients {
                let (server, _) = try listener.accept(timeout: .seconds(5))
                try server.sendAll([7])
                server.close()
            }
            for client in clients {
                let socket = try client.get()
                #expect(try readAll(socket) == [7])
                socket.close()
            }
            listener.close()
        }
    }

    @Test func readingIntoMemoryTellsHowMuchCame() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
            defer { buffer.deallocate() }
            try pair.client.sendAll([1, 2, 3, 4, 5])
            #expect(try pair.server.recv(into: buffer) == 4)
            #expect(Array(buffer) == [1, 2, 3, 4])
            #expect(try pair.server.recv(into: buffer) == 1)
            #expect(try pair.server.recv(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<0])) == 0)
            pair.client.close()
            #expect(try pair.server.recv(into: buffer) == 0)
            #expect(try pair.server.recv(into: buffer) == 0)
        }
    }

    @Test func aHalfClosedConnectionStillCarriesTheOtherHalf() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let server = spawn {
                let all = try readAll(pair.server)
                try pair.server.sendAll(all)
                try pair.server.shutdown(.write)
            }
            try pair.client.sendAll([1, 2, 3])
            try pair.client.shutdown(.write)
            #expect(try readAll(pair.client) == [1, 2, 3])
            try server.get()
            #expect(socketError { try pair.client.sendAll([4]) }?.code == .brokenPipe)
        }
    }

    @Test func shuttingDownReadingWakesTheReader() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let reader = spawn { try pair.server.recv(maxBytes: 10) }
            try yieldNow()
            try pair.server.shutdown(.read)
            #expect(try reader.get(timeout: .seconds(5)) == [])
        }
    }

    @Test func aResetByThePeerIsAnError() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let reader = spawn { try pair.server.recv(maxBytes: 10) }
            try yieldNow()
            reset(pair.client)
            let error = socketError { _ = try reader.get(timeout: .seconds(5)) }
            #expect(error?.code == .connectionReset)
            #expect(socketError { try pair.server.sendAll([1]) }?.code == .brokenPipe)
        }
    }

    @Test func closingWakesWhoeverWaits() async {
        await onHub {
            let pair = try Pair()
            let reader = spawn { try pair.server.recv(maxBytes: 10) }
            let writer = spawn { try pair.server.sendAll([UInt8](repeating: 0, count: 20_000_000)) }
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let acceptor = spawn { try listener.accept().socket }
            try sleep(.milliseconds(5))
            pair.server.close()
            listener.close()
            let readError = socketError { _ = try reader.get() }
            #expect(readError?.code == .closed)
            #expect(readError?.message == "the socket was closed by another greenlet")
            let writeError = socketError { try writer.get() }
            #expect(writeError?.code == .closed)
            #expect((writeError?.bytesSent ?? 0) > 0)
            #expect(socketError { _ = try acceptor.get() }?.code == .closed)
            pair.close()
        }
    }

    @Test func waitsMayBeEndedByAnyErrorAndTheSocketGoesOn() async {
        struct Stop: Error {}
        await onHub {
            let pair = try Pair()
            let reader = spawn { try pair.server.recv(maxBytes: 10) }
            try sleep(.milliseconds(5))
            cancelWaits(on: pair.server.fileDescriptor, with: Stop())
            #expect(throws: Stop.self) { try reader.get() }
            let another = spawn { try pair.server.recv(maxBytes: 10) }
            try sleep(.milliseconds(2))
            try pair.client.sendAll([1, 2])
            let received = try another.get()
            #expect(received == [1, 2])
            pair.close()
        }
    }

    @Test func aSecondReaderGetsAnErrorThatNamesBoth() async {
        await onHub {
            let pair = try Pair()
            let first = spawn(name: "first reader") { try pair.server.recv(maxBytes: 10) }
            try yieldNow()
            let second = spawn(name: "second reader") { try pair.server.recv(maxBytes: 10) }
            do {
                _ = try second.get()
                Issue.record("nothing was thrown")
            } catch {
                let text = "\(error)"
                #expect(text.contains("first reader") && text.contains("second reader"))
            }
            // A writer beside the reader is fine, and the reader is none the worse.
            try pair.server.sendAll([1])
            try pair.client.sendAll([2])
            #expect(try first.get(timeout: .seconds(5)) == [2])
            pair.close()
        }
    }

    @Test func aSocketThatIsDroppedIsClosed() async {
        await onHub {
            let pair = try Pair()
            func dropOther() throws {
                let other = try Socket(takingOver: dup(pair.server.fileDescriptor))
                pair.server.close()
                // Has a poller, so it is watched when it goes.
                #expect(socketError { _ = try other.recv(maxBytes: 1, timeout: .milliseconds(1)) }?.code == .timedOut)
            }
            try dropOther()
            #expect(try pair.client.recv(maxBytes: 1, timeout: .seconds(5)) == [])
            pair.close()
        }
    }

    @Test func optionsCanBeSetAndRead() async {
        await onHub {
            let socket = try Socket(family: .ipv6)
            for option in [SocketOption<Bool>.noDelay, .keepAlive, .reuseAddress, .reusePort, .v6Only] {
                try socket.setOption(option, to: true)
                #expect(try socket.getOption(option))
                try socket.setOption(option, to: false)
                #expect(try !socket.getOption(option))
            }
            try socket.setOption(.sendBufferSize, to: 50_000)
            #expect(try socket.getOption(.sendBufferSize) >= 50_000)
            try socket.setOption(.receiveBufferSize, to: 50_000)
            #expect(try socket.getOption(.receiveBufferSize) >= 50_000)
            #expect(socketError { try socket.setOption(SocketOption<Int>(level: 12345, name: 1), to: 1) } != nil)
            socket.close()
        }
    }

    @Test func onlySocketsCanBeTakenOver() async {
        await onHub {
            #expect(socketError { _ = try Socket(takingOver: STDIN_FILENO) }?.code == .notSupported)
            #expect(socketError { _ = try Socket(takingOver: -1) }?.code == .closed)
        }
    }
}
