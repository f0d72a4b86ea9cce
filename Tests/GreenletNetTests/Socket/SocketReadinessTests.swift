// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Sockets among other things that are waited for.

import Glibc
import GreenletCore
import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SocketReadinessTests {
    @Test func whichOfManyHasInput() async {
        await onHub {
            let pairs = try (0..<5).map { _ in try Pair() }
            defer { for pair in pairs { pair.close() } }
            let readables = pairs.map(\.server.readable)
            let none = try waitAll(readables, timeout: .milliseconds(5))
            #expect(none.isEmpty)
            spawn {
                for number in [3, 1, 4] {
                    try pairs[number].client.sendAll("x")
                    try sleep(.milliseconds(3))
                }
            }
            var order: [Int] = []
            for readable in iterateAsReady(readables, timeout: .seconds(20), count: 3) {
                order.append(pairs.firstIndex { $0.server === readable.socket } ?? -1)
                let bytes = try readable.socket.recv(maxBytes: 10, timeout: .seconds(20))
                #expect(bytes == [120])
            }
            #expect(order == [3, 1, 4])
        }
    }

    @Test func itIsTheSameObjectWhileSomebodyHoldsIt() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let (readable, writable) = (pair.client.readable, pair.client.writable)
            #expect(readable === pair.client.readable && writable === pair.client.writable)
            #expect(readable !== writable)
            #expect("\(readable)".hasSuffix("), to read") && "\(writable)".hasSuffix("), to write"))
            let ready = try waitAll([writable, pair.client.writable])
            #expect(ready.count == 1, "there is room from the start")
        }
    }

    @Test func nothingIsMissedByACallThatKnewThereWasNothing() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let readable = pair.server.readable
            for round in 0..<50 {
                if round % 3 == 1 { spawn { try pair.client.sendAll("abc") } } else { try pair.client.sendAll("abc") }
                let ready = try waitAll([readable], timeout: .seconds(20))
                #expect(ready.count == 1)
                if round % 2 == 0 { try sleep(.milliseconds(1)) }
                // A short read: from here on the socket doesn't try before it has heard of something.
                let bytes = try pair.server.recv(maxBytes: 100, timeout: .seconds(20))
                #expect(bytes.count == 3)
                #expect(!readable.readiness.isReady)
            }
        }
    }

    @Test func itIsChosenAmongOthers() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let commands = Queue<String>()
            func next() throws -> String {
                try choose([
                    .wait(for: pair.server.readable) {
                        String(decoding: try pair.server.recv(maxBytes: 100), as: UTF8.self)
                    },
                    .get(from: commands) { $0 },
                    .after(.milliseconds(10)) { "nothing" },
                ])
            }
            let first = try next()
            spawn(after: .milliseconds(1)) { try pair.client.sendAll("input") }
            let second = try next()
            spawn(after: .milliseconds(1)) { try commands.put("command") }
            let third = try next()
            #expect([first, second, third] == ["nothing", "input", "command"])
        }
    }

    @Test func roomIsWaitedForWhileAnotherReads() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let block = [UInt8](repeating: 1, count: 1 << 16)
            while pair.client.writable.readiness.isReady { _ = try pair.client.send(block, timeout: .seconds(20)) }
            let reader = spawn { try pair.client.recv(maxBytes: 10) }
            let writer = spawn { try waitAll([pair.client.writable], timeout: .seconds(20)).count }
            try sleep(.milliseconds(2))
            #expect(!writer.isReady && !reader.isReady)
            let drain = spawn { while try !pair.server.recv(maxBytes: 1 << 20).isEmpty {} }
            let count = try writer.get()
            #expect(count == 1 && !reader.isReady)
            try killAll([reader, drain] as [AnyGreenlet])
        }
    }

    @Test(arguments: [false, true])
    func closingMakesItReady(hasPoller: Bool) async {
        await onHub {
            let pair = try Pair()
            if hasPoller { _ = socketError { _ = try pair.server.recv(maxBytes: 1, timeout: .milliseconds(1)) } }
            let waiting = spawn { try waitAll([pair.server.readable]).count }
            try sleep(.milliseconds(1))
            #expect(!waiting.isReady)
            pair.server.close()
            let count = try waiting.get(timeout: .seconds(20))
            #expect(count == 1 && pair.server.readable.readiness.isReady)
            pair.close()
        }
    }

    @Test func theEndAndAResetAreInput() async {
        await onHub {
            for isReset in [false, true] {
                let pair = try Pair()
                let waiting = spawn { try waitAll([pair.server.readable]).count }
                try sleep(.milliseconds(1))
                if isReset { reset(pair.client) } else { pair.client.close() }
                let count = try waiting.get(timeout: .seconds(20))
                #expect(count == 1)
                pair.close()
            }
        }
    }

    @Test func aListenerIsReadyWhenSomebodyComes() async {
        await onHub {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            defer { listener.close() }
            let event = Event()
            let address = try listener.localAddress
            let client = spawn(after: .milliseconds(2)) { try Socket.connect(to: address) }
            let chosen = try choose([.wait(for: event) { 0 }, .wait(for: listener.readable) { 1 }])
            #expect(chosen == 1)
            try listener.accept(timeout: .seconds(20)).socket.close()
            try client.get().close()
        }
    }

    @Test func killsAndDeadlocksAreSeen() async {
        await onHub {
            let pair = try Pair()
            defer { pair.close() }
            let (event, readable) = (Event(), pair.server.readable)
            let waiting = spawn { try waitAll([readable]) }
            let choosing = spawn { try choose([.wait(for: readable) {}, .wait(for: event) {}]) }
            let isOver = try Hub.current.join(timeout: .milliseconds(5))
            #expect(!isOver && Hub.current.externalWaits == 2)
            try killAll([waiting, choosing] as [AnyGreenlet])
            #expect(throws: LoopExit.self) { try event.wait() }
        }
    }
}
