// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thousand connections whose greenlets, on both ends, take turns on one stack.

import GreenletHub
import GreenletNet
import GreenletTestSupport
import Testing

@Suite struct SharedStackServerTests {
    @Test func aThousandConnectionsEchoOnOneStack() async {
        var random = SeededRandom(for: "SharedStackServerTests")
        let seeds = (0..<1_000).map { _ in random.next() }
        await onHub(limit: .seconds(120)) {
            Hub.current.shareStacks(among: 1)
            let server = StreamServer("127.0.0.1:0", backlog: 4096) { socket, _ in try echoFromTheStack(socket) }
            try server.start()
            let address = try #require(server.address)
            let clients = seeds.map { seed in spawn { try sendAndCompare(address, SeededRandom(seed: seed)) } }
            let rounds = try clients.map { try $0.get() }
            #expect(rounds == [Int](repeating: 8, count: 1_000))
            #expect(try server.stop())
        }
    }
}

/// The buffer lies on the stack that all share: it is read and written only while its greenlet runs.
private func echoFromTheStack(_ socket: Socket) throws {
    try withUnsafeTemporaryAllocation(byteCount: 512, alignment: 16) { buffer in
        while case let count = try socket.recv(into: buffer), count > 0 {
            try socket.sendAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

/// - Returns: How many messages came back as they were sent.
private func sendAndCompare(_ address: SocketAddress, _ random: SeededRandom) throws -> Int {
    var random = random
    let socket = try Socket.connect(to: address)
    defer { socket.close() }
    var right = 0
    for _ in 0..<8 {
        let message = (0..<Int.random(in: 1..<2_000, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        try socket.sendAll(message)
        if try readAll(socket, upTo: message.count) == message { right += 1 }
        if Int.random(in: 0..<4, using: &random) == 0 { try sleep(.microseconds(200)) }
    }
    return right
}
