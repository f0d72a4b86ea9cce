// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// After patchAll the C library's own blocking calls, as they stand here, let other greenlets run.

import Gevent
import Glibc
import GreenletTestSupport
import Testing

/// Close-on-exec, because other tests start programs, and a copy of an end in one of them would keep it open.
private let streamType = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)

/// A pair of connected stream sockets, blocking as the program made them.
private func socketPair() -> (CInt, CInt) {
    var ends: [CInt] = [-1, -1]
    #expect(socketpair(AF_UNIX, streamType, 0, &ends) == 0)
    return (ends[0], ends[1])
}

private func isBlocking(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0 }

@Suite struct BlockingCallTests {
    init() { Monkey.patchAll() }

    @Test func sleepsOverlap() async {
        await onHub {
            let elapsed = try ContinuousClock().measure {
                let sleepers: [AnyGreenlet] =
                    (0..<50).map { _ in spawn { usleep(50_000) } }
                    + (0..<50).map { _ in
                        spawn {
                            var time = timespec(tv_sec: 0, tv_nsec: 50_000_000)
                            return nanosleep(&time, nil)
                        }
                    }
                try joinAll(sleepers)
            }
            #expect(elapsed >= .milliseconds(50) && elapsed < .milliseconds(500))
        }
    }

    @Test func recvWaitsForAnotherGreenletsSend() async {
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            var events: [String] = []
            let reader = spawn {
                var buffer = [UInt8](repeating: 0, count: 100)
                let count = recv(left, &buffer, 100, 0)
                events.append("received \(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))")
            }
            spawn {
                usleep(10_000)
                events.append("sends")
                send(right, "hello", 5, 0)
            }
            try reader.join()
            #expect(events == ["sends", "received hello"])
            #expect(isBlocking(left) && isBlocking(right))
        }
    }

    @Test func aSendOfMoreThanFitsIsWholeAndLetsTheReaderRun() async {
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            let size = 4 << 20
            let sent = spawn {
                let bytes = [UInt8](repeating: 7, count: size)
                return send(right, bytes, size, 0)
            }
            var buffer = [UInt8](repeating: 0, count: size)
            let received = recv(left, &buffer, size, Int32(MSG_WAITALL))
            #expect(received == size && buffer.allSatisfy { $0 == 7 })
            try #expect(sent.get() == size)
        }
    }

    @Test func readAndWriteOnAPipeCooperate() async {
        await onHub {
            var ends: [CInt] = [-1, -1]
            #expect(pipe(&ends) == 0)
            let (output, input) = (ends[0], ends[1])
            let size = 1 << 20
            let writer = spawn {
                let written = write(input, [UInt8](repeating: 1, count: size), size)
                close(input)
                return written
            }
            var total = 0
            var buffer = [UInt8](repeating: 0, count: 30_000)
            while true {
                let count = read(output, &buffer, buffer.count)
                if count <= 0 { break }
                total += count
            }
            close(output)
            #expect(total == size)
            try #expect(writer.get() == size)
        }
    }

    @Test func aReceiveTimeoutIsHonouredWhileOthersRun() async {
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            var limit = timeval(tv_sec: 0, tv_usec: 40_000)
            setsockopt(left, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var turns = 0
            let other = spawn {
                while true {
                    turns += 1
                    try sleep(.milliseconds(5))
                }
            }
            var byte: UInt8 = 0
            errno = 0
            let result = recv(left, &byte, 1, 0)
            let code = errno
            #expect(result == -1 && code == EAGAIN)
            #expect(turns >= 2, "nobody else ran while it waited")
            try other.kill()
        }
    }

    @Test func aDescriptorThatTheProgramMadeNonBlockingStaysSo() async {
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            _ = fcntl(left, F_SETFL, fcntl(left, F_GETFL) | O_NONBLOCK)
            var byte: UInt8 = 0
            var result = recv(left, &byte, 1, 0)
            #expect(result == -1 && errno == EAGAIN)
            result = recv(right, &byte, 1, Int32(MSG_DONTWAIT))
            #expect(result == -1 && errno == EAGAIN)
        }
    }

    @Test func aKillInACallComesBackAsECANCELEDAndIsThrownAtTheNextSwitchPoint() async {
        struct Stop: Error {}
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            var results: [Int] = []
            var codes: [CInt] = []
            Hub.current.errorHandler = { _, _ in }
            let greenlet = spawn {
                var byte: UInt8 = 0
                for _ in 0..<2 {
                    results.append(recv(left, &byte, 1, 0))
                    codes.append(errno)
                }
                try sleep(.seconds(10))
            }
            try sleep(.milliseconds(5))
            try greenlet.kill(with: Stop())
            #expect(results == [-1, -1] && codes == [ECANCELED, ECANCELED])
            #expect(greenlet.error is Stop)
        }
    }

    @Test func aKillDuringACallInAShieldDoesNotEndTheCall() async {
        struct Stop: Error {}
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            var results: [Int] = []
            Hub.current.errorHandler = { _, _ in }
            let greenlet = spawn {
                var byte: UInt8 = 0
                try shield {
                    for _ in 0..<2 { results.append(recv(left, &byte, 1, 0)) }
                    try yieldNow()
                }
                results.append(recv(left, &byte, 1, 0))
                try yieldNow()
            }
            try sleep(.milliseconds(5))
            try greenlet.kill(with: Stop(), wait: false)
            for _ in 0..<2 {
                try sleep(.milliseconds(2))
                _ = send(right, "x", 1, 0)
            }
            try greenlet.join()
            #expect(results == [1, 1, -1] && greenlet.error is Stop)
        }
    }

    @Test func aTimeoutInACallIsThrownAtTheNextSwitchPoint() async {
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            var result = 0
            #expect(throws: Timeout.self) {
                try withTimeout(.milliseconds(20)) {
                    var byte: UInt8 = 0
                    result = recv(left, &byte, 1, 0)
                    try yieldNow()
                }
            }
            #expect(result == -1)
        }
    }

    /// The library below has come back by its own error path, and whoever called it returns what that is.
    @Test func anInterruptedCallIsNoSuccessForItsScopeThoughNothingHasThrown() async {
        struct Stop: Error {}
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            Hub.current.errorHandler = { _, _ in }
            let receive = { () -> Int in
                var byte: UInt8 = 0
                return recv(left, &byte, 1, 0)
            }
            let wait = { () -> Int in Int(poll(nil, 0, 30_000)) }
            let rest = { () -> Int in Int(usleep(30_000_000)) }
            for call in [receive, wait, rest] {
                #expect(throws: Timeout.self) { try withTimeout(.milliseconds(5), call) }
                #expect(throws: Timeout.self) { try withDeadline(.milliseconds(5), call) }
                let value = try withTimeout(.milliseconds(5), default: 7, call)
                #expect(value == 7)
                let outer = try withTimeout(.milliseconds(5), default: 8) {
                    try withTimeout(.seconds(30), default: 9, call)
                }
                #expect(outer == 8)
                try yieldNow()  // nothing is left of them
                #expect(throws: Timeout.self) {
                    let timeout = Timeout(.milliseconds(5))
                    timeout.start()
                    _ = call()
                    timeout.cancel()
                    try checkInterruption()
                }
                let exited = spawn(call)
                let failed = spawn(call)
                try sleep(.milliseconds(2))
                try exited.kill()
                try failed.kill(with: Stop())
                #expect(exited.isSuccessful && exited.value == nil && failed.error is Stop && failed.value == nil)
            }
            // One that came in time is a success, though the time is over before the scope is.
            send(right, "x", 1, 0)
            let received = try withTimeout(.milliseconds(2)) {
                let received = receive()
                let end = ContinuousClock.now + .milliseconds(4)
                while ContinuousClock.now < end {}
                return received
            }
            #expect(received == 1)
            try yieldNow()
        }
    }

    @Test func anErrorOfSomebodysChoiceComesAsECANCELEDAndIsThrownAfterThat() async {
        struct Stop: Error {}
        await onHub {
            let (left, right) = socketPair()
            defer { _ = (close(left), close(right)) }
            Hub.current.errorHandler = { _, _ in }
            var codes: [CInt] = []
            let reader = spawn {
                var byte: UInt8 = 0
                _ = recv(left, &byte, 1, 0)
                codes.append(errno)
                try yieldNow()
            }
            try sleep(.milliseconds(2))
            cancelWaits(on: left, with: Stop())
            try reader.join(timeout: .seconds(30))
            #expect(codes == [ECANCELED] && reader.error is Stop)
        }
    }

    @Test func closingADescriptorWakesWhoeverWaitsForIt() async {
        await onHub {
            let (left, right) = socketPair()
            let reader = spawn { () -> CInt in
                var byte: UInt8 = 0
                return recv(left, &byte, 1, 0) < 0 ? errno : 0
            }
            try sleep(.milliseconds(5))
            close(left)
            try #expect(reader.get(timeout: .seconds(1)) == EBADF)
            close(right)
        }
    }

    @Test func pollWaitsForAnyOfSeveral() async {
        await onHub {
            let first = socketPair()
            let second = socketPair()
            defer { for end in [first.0, first.1, second.0, second.1] { close(end) } }
            spawn {
                try sleep(.milliseconds(10))
                send(second.1, "x", 1, 0)
            }
            var set = [first.0, second.0].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let count = poll(&set, 2, 1_000)
            #expect(count == 1 && set[0].revents == 0 && set[1].revents == Int16(POLLIN))
            let elapsed = ContinuousClock().measure {
                #expect(poll(&set, 1, 20) == 0)
            }
            #expect(elapsed >= .milliseconds(19) && elapsed < .milliseconds(500))
        }
    }

    @Test func aListenerServesSeveralConnectionsAtOnce() async {
        await onHub {
            let listener = socket(AF_INET, streamType, 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            func withAddress(_ body: (UnsafeMutablePointer<sockaddr>) -> CInt) -> CInt {
                withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
            }
            #expect(withAddress { bind(listener, $0, length) } == 0)
            #expect(listen(listener, 16) == 0)
            #expect(withAddress { getsockname(listener, $0, &length) } == 0)
            let target = address
            let server = spawn {
                for _ in 0..<10 {
                    let connection = accept(listener, nil, nil)
                    spawn {
                        var byte: UInt8 = 0
                        while recv(connection, &byte, 1, 0) == 1 { send(connection, &byte, 1, 0) }
                        close(connection)
                    }
                }
            }
            let clients = (0..<10).map { number in
                spawn { () -> UInt8 in
                    let client = socket(AF_INET, streamType, 0)
                    defer { close(client) }
                    var target = target
                    let connected = withUnsafePointer(to: &target) {
                        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, length) }
                    }
                    guard connected == 0 else { return 255 }
                    usleep(5_000)
                    var byte = UInt8(number)
                    send(client, &byte, 1, 0)
                    byte = 254
                    recv(client, &byte, 1, 0)
                    return byte
                }
            }
            try #expect(clients.map { try $0.get(timeout: .seconds(5)) } == Array(0..<10))
            try server.join()
            close(listener)
            try sleep(.milliseconds(5))
        }
    }

    @Test func threadsWithoutAHubBlockAsEver() async {
        await onHub {
            let elapsed = ContinuousClock().measure { runOnThreadAndWait { usleep(20_000) } }
            #expect(elapsed >= .milliseconds(20))
        }
    }
}
