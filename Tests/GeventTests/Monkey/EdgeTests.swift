// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The hub is told of news once. Blocking calls promise more than that, over TCP too: each case here once hung.

import Gevent
import Glibc
import GreenletTestSupport
import Testing

/// Two connected TCP sockets on loopback, blocking as the program made them.
private func tcpPair() throws -> (CInt, CInt) {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let listener = socket(AF_INET, type, 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    func withAddress(_ body: (UnsafeMutablePointer<sockaddr>) -> CInt) -> CInt {
        withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
    }
    try #require(withAddress { bind(listener, $0, length) } == 0 && listen(listener, 1) == 0)
    try #require(withAddress { getsockname(listener, $0, &length) } == 0)
    let client = socket(AF_INET, type, 0)
    try #require(withAddress { connect(client, $0, length) } == 0)
    return (accept(listener, nil, nil), client)
}

private func receive(_ descriptor: CInt, _ count: Int, _ flags: CInt = 0) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    let received = recv(descriptor, &bytes, count, flags)
    return received < 0 ? "error \(errno)" : String(decoding: bytes.prefix(received), as: UTF8.self)
}

@Suite struct EdgeTests {
    init() { Monkey.patchAll() }

    /// Runs `body` with a pair of which the reader has just come up short, and fails if it takes a second.
    private func withDrainedPair(_ body: @escaping @Sendable (CInt, CInt) throws -> Void) async {
        await onHub {
            let (reader, writer) = try tcpPair()
            defer { _ = (close(reader), close(writer)) }
            send(writer, "ab", 2, 0)
            #expect(receive(reader, 100) == "ab")
            try withTimeout(.seconds(1)) {
                try body(reader, writer)
                try yieldNow()
            }
        }
    }

    @Test func aRecvAfterAPollThatWaitedFindsTheData() async {
        await withDrainedPair { reader, writer in
            spawn(after: .milliseconds(5)) { send(writer, "cd", 2, 0) }
            var set = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            #expect(poll(&set, 1, -1) == 1)
            #expect(receive(reader, 100) == "cd")
        }
    }

    @Test func aRecvAfterAPeekThatWaitedFindsTheData() async {
        await withDrainedPair { reader, writer in
            spawn(after: .milliseconds(5)) { send(writer, "cd", 2, 0) }
            #expect(receive(reader, 100, Int32(MSG_PEEK)) == "cd")
            #expect(receive(reader, 100) == "cd")
        }
    }

    @Test func aLowWaterMarkIsReachedByWhatIsThereAlready() async {
        await withDrainedPair { reader, writer in
            var mark: CInt = 4
            setsockopt(reader, SOL_SOCKET, SO_RCVLOWAT, &mark, socklen_t(MemoryLayout<CInt>.size))
            spawn(after: .milliseconds(5)) { send(writer, "12345678", 8, 0) }
            #expect(receive(reader, 4) == "1234")
            #expect(receive(reader, 4) == "5678")
        }
    }

    @Test func theEndThatCameWithTheDataIsFound() async {
        await withDrainedPair { reader, writer in
            spawn(after: .milliseconds(5)) {
                send(writer, "last", 4, 0)
                shutdown(writer, Int32(SHUT_WR))
            }
            #expect(receive(reader, 100) == "last")
            #expect(receive(reader, 100) == "")
        }
    }

    @Test func oneUrgentByteDoesNotTurnWaitingIntoPolling() async {
        await withDrainedPair { reader, writer in
            send(writer, "!", 1, Int32(MSG_OOB))
            spawn(after: .milliseconds(5)) { send(writer, "x", 1, 0) }
            #expect(receive(reader, 100) == "x")
            var turns = 0
            let counter = spawn {
                while true {
                    try sleep(.milliseconds(1))
                    turns += 1
                }
            }
            spawn(after: .milliseconds(60)) { send(writer, "y", 1, 0) }
            let before = ContinuousClock.now
            #expect(receive(reader, 100) == "y")
            #expect(ContinuousClock.now - before < .milliseconds(500) && turns > 10)
            try counter.kill()
        }
    }

    @Test func waitAllOnAUnixSocketTakesWhatIsThereInPortions() async {
        await onHub {
            var ends: [CInt] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
            defer { for end in ends { close(end) } }
            let (reader, writer) = (ends[0], ends[1])
            spawn(after: .milliseconds(5)) {
                send(writer, "AAAA", 4, 0)
                send(writer, "BBBB", 4, 0)
            }
            #expect(receive(reader, 8, Int32(MSG_WAITALL)) == "AAAABBBB")
        }
    }

    @Test func aLoopThatIgnoresAKillStillLetsTheOthersRun() async {
        struct Stop: Error {}
        await onHub {
            Hub.current.errorHandler = { _, _ in }
            let (reader, writer) = try tcpPair()
            defer { _ = (close(reader), close(writer)) }
            var isEnough = false
            let stubborn = spawn {
                var byte: UInt8 = 0
                while !isEnough { recv(reader, &byte, 1, 0) }
                try yieldNow()
            }
            try sleep(.milliseconds(2))
            try stubborn.kill(with: Stop(), wait: false)
            try sleep(.milliseconds(20))  // comes back, although the loop above never waits any more
            isEnough = true
            try stubborn.join()
            #expect(stubborn.error is Stop)
        }
    }

    @Test func aReaderThatWasKilledMakesRoomAtOnce() async {
        await onHub {
            let listener = try Socket.listen(on: try SocketAddress(host: "127.0.0.1", port: 0))
            let client = try Socket.connect(to: try listener.localAddress)
            let server = try listener.accept().socket
            let killed = spawn { try server.recv(maxBytes: 1) }
            try sleep(.milliseconds(2))
            try killed.kill(wait: false)
            spawn(after: .milliseconds(5)) { try client.sendAll([1]) }
            try #expect(server.recv(maxBytes: 1, timeout: .seconds(1)) == [1])
            for socket in [listener, client, server] { socket.close() }
        }
    }
}
