// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the kernel does seldom: signals, spurious readiness, short counts, nothing left.

import Glibc
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct PlayedKernelTests {
    @Test func signalsInTheMiddleAreNotNoticed() async {
        await onHub {
            let interrupted = [KernelMove.fail(EINTR), .fail(EINTR), .pass]
            let moves: [SystemCall: [KernelMove]] = [
                .socket: interrupted, .bind: interrupted, .listen: interrupted, .accept: interrupted,
                .connect: interrupted, .receive: interrupted, .send: interrupted,
            ]
            try PlayedKernel.play(moves) {
                let pair = try Pair()
                try pair.client.sendAll([1, 2, 3])
                #expect(try pair.server.recv(maxBytes: 10, timeout: .seconds(5)) == [1, 2, 3])
                pair.close()
                #expect(PlayedKernel.movesPlayed >= 19)
            }
        }
    }

    @Test func readinessThatWasNoneIsWaitedOut() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            // Each byte that comes is news; the first two are kept from the reader.
            let sender = spawn {
                for byte in UInt8(1)...3 {
                    try sleep(.milliseconds(2))
                    try pair.client.sendAll([byte])
                }
            }
            let received = try PlayedKernel.play([.receive: [.fail(EAGAIN), .fail(EAGAIN), .fail(EAGAIN)]]) {
                try pair.server.recv(maxBytes: 10, timeout: .seconds(5))
            }
            #expect(received == [1, 2, 3])
            try sender.join()
            // A fresh poller reports once that there is room, though there always was.
            try PlayedKernel.play([.send: [.fail(EAGAIN)]]) {
                try pair.server.sendAll([4], timeout: .seconds(5))
            }
            #expect(try pair.client.recv(maxBytes: 10, timeout: .seconds(5)) == [4])
        }
    }

    @Test func shortCountsArePutTogether() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let message = pattern(5000)
            try PlayedKernel.play([.send: [.short(1), .short(7), .fail(EINTR), .short(999)]]) {
                try pair.client.sendAll(message, timeout: .seconds(5))
            }
            // What is left after a short count is found when more comes.
            let more = spawn {
                for _ in 0..<4 {
                    try sleep(.milliseconds(2))
                    try pair.client.sendAll([0])
                }
            }
            let received = try PlayedKernel.play([.receive: [.short(1), .short(2), .short(3)]]) {
                try readAll(pair.server, upTo: message.count + 4)
            }
            #expect(received == message + [0, 0, 0, 0])
            try more.join()
        }
    }

    @Test func aConnectionThatDiedInTheQueueIsSkipped() async {
        await onHub {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let client = try Socket.connect(to: try listener.localAddress)
            try PlayedKernel.play([.accept: [.fail(ECONNABORTED), .fail(EPROTO)]]) {
                try listener.accept(timeout: .seconds(5)).socket.close()
            }
            client.close()
            listener.close()
        }
    }

    @Test func tenMegabytesPassThroughASmallBuffer() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            try pair.client.setOption(.sendBufferSize, to: 131_072)
            let message = pattern(10_000_000)
            let sender = spawn {
                try pair.client.sendAll(message)
                try pair.client.shutdown(.write)
            }
            let received = try readAll(pair.server)
            #expect(received.count == message.count && received == message)
            try sender.get()
        }
    }

    @Test func theSameFromMemoryOfTheCallers() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            try pair.client.setOption(.sendBufferSize, to: 4096)
            let count = 1_000_000
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
            defer { memory.deallocate() }
            memory.copyBytes(from: pattern(count))
            let sender = spawn { try pair.client.sendAll(UnsafeRawBufferPointer(memory)) }
            #expect(try readAll(pair.server, upTo: count) == pattern(count))
            try sender.get()
        }
    }
}
