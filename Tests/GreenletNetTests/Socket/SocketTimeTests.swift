// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Time limits, kills, and fairness.

import GreenletCore
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SocketTimeTests {
    @Test func aSocketsOwnLimitCountsForEachCall() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            pair.server.timeout = .milliseconds(30)
            let elapsed = ContinuousClock().measure {
                #expect(socketError { _ = try pair.server.recv(maxBytes: 1) }?.code == .timedOut)
            }
            #expect(elapsed >= .milliseconds(30) && elapsed < .seconds(2))
            // The socket is none the worse.
            try pair.client.sendAll([1])
            #expect(try pair.server.recv(maxBytes: 1) == [1])
            #expect(socketError { _ = try pair.server.recv(maxBytes: 1, timeout: .milliseconds(1)) }?.code == .timedOut)
        }
    }

    @Test func evenALimitOfZeroReadsWhatIsThere() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            #expect(socketError { _ = try pair.server.recv(maxBytes: 10, timeout: .zero) }?.code == .timedOut)
            try pair.client.sendAll([1])
            try sleep(.milliseconds(5))
            #expect(try pair.server.recv(maxBytes: 10, timeout: .zero) == [1])
        }
    }

    @Test func aKillLosesNothing() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let reader = spawn { try pair.server.recv(maxBytes: 10) }
            try yieldNow()
            try reader.kill()
            #expect(reader.isSuccessful)
            try pair.client.sendAll([1, 2])
            #expect(try pair.server.recv(maxBytes: 10, timeout: .seconds(5)) == [1, 2])
        }
    }

    @Test func anOuterTimeoutIsNotWrapped() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            #expect(throws: Timeout.self) {
                try withTimeout(.milliseconds(10)) { _ = try pair.server.recv(maxBytes: 1, timeout: .seconds(5)) }
            }
        }
    }

    @Test func sendAllTellsHowFarItCame() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let error = socketError {
                try pair.client.sendAll([UInt8](repeating: 1, count: 30_000_000), timeout: .milliseconds(50))
            }
            #expect(error?.code == .timedOut)
            let sent = error?.bytesSent ?? 0
            #expect(sent > 0 && sent < 30_000_000)
            #expect(error?.message.hasSuffix("\(sent) bytes had been sent") == true)
            #expect(try readAll(pair.server, upTo: sent).count == sent)
        }
    }

    @Test func connectingGivesUpInTime() async {
        await onHub {
            // A listener whose queue is full answers no more.
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0), backlog: 0)
            let address = try listener.localAddress
            var waiting: [Socket] = []
            var last: SocketError?
            for _ in 0..<8 where last == nil {
                do {
                    waiting.append(try Socket.connect(to: address, timeout: .milliseconds(100)))
                } catch let error as SocketError {
                    last = error
                }
            }
            #expect(last?.code == .timedOut)
            #expect(last?.message == "can't connect to \(address): timed out after 0.1 seconds")
            for socket in waiting { socket.close() }
            listener.close()
        }
    }

    @Test func eachAddressIsTriedInTurn() async {
        await onHub {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let gone = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let addresses = [try gone.localAddress, try listener.localAddress]
            gone.close()
            let socket = try Socket.connect(toAnyOf: addresses, timeout: .seconds(5))
            #expect(try socket.peerAddress == addresses[1])
            socket.close()
            listener.close()
            #expect(socketError { _ = try Socket.connect(toAnyOf: addresses) }?.code == .connectionRefused)
            #expect(socketError { _ = try Socket.connect(toAnyOf: []) }?.code == .invalidAddress)
        }
    }

    @Test func aPeerThatIsAlwaysReadyStarvesNobody() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            var turns = 0
            let other = spawn {
                while true {
                    turns += 1
                    try yieldNow()
                }
            }
            var timerFired = false
            let timer = spawn(after: .milliseconds(2)) { timerFired = true }
            // A full buffer each time, so that it never waits.
            let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
            defer { byte.deallocate() }
            var rounds = 0
            while !timerFired, rounds < 2_000_000 {
                _ = try pair.client.trySend(UnsafeRawBufferPointer(byte))
                _ = try pair.server.recv(into: byte)
                rounds += 1
            }
            #expect(timerFired && turns > 1)
            try other.kill()
            try timer.join()
        }
    }
}
