// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the echo server asks of the kernel: in steady state one recv and one send an echo, and nothing else.

import Foundation
import GreenletTestSupport
import Testing

@Suite(.serialized) struct EchoSystemCallTests {
    @Test(arguments: EchoServer.Kind.allCases)
    func anEchoIsOneRecvAndOneSend(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind)
        let counts = FileManager.default.temporaryDirectory.appendingPathComponent("echo-calls-\(server.port)").path
        defer { try? FileManager.default.removeItem(atPath: counts) }
        let strace = try RunningProgram(["strace", "-f", "-c", "-o", counts, "-p", "\(server.program.id)"])
        for _ in 0..<400 where !strace.complained.contains("attached") { try await Task.sleep(for: .milliseconds(5)) }
        try #require(strace.complained.contains("attached"), "\(strace.complained)")

        let echoes = 3_000
        try await server.client("--connections", "1", "--echoes", "\(echoes)", "--size", "64")
        strace.signal(SIGINT)
        _ = await offTheSharedPool { strace.waitForEnd() }
        await server.end()

        let calls = try callCounts(counts)
        // One more recv may find nothing at the beginning, and one finds the end.
        #expect((echoes + 1...echoes + 2).contains(calls["recvfrom", default: 0]), "\(calls)")
        #expect(calls["sendto", default: 0] == echoes, "\(calls)")
        // Setting up and closing one connection, and nothing per echo.
        #expect(calls["epoll_ctl", default: 0] <= 8, "\(calls)")
        var expected: Set = ["recvfrom", "sendto", "epoll_wait", "epoll_pwait", "epoll_pwait2", "total"]
        // No signal may come between two fibers of the thread sanitizer.
        if isSanitized { expected.insert("rt_sigprocmask") }
        let others = calls.filter { !expected.contains($0.key) }
        #expect(others.values.reduce(0, +) < 60, "\(others)")
    }

    /// The table that `strace -c` writes: the name comes last in a line, the count fourth.
    private func callCounts(_ path: String) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let columns = line.split(separator: " ")
            guard columns.count >= 5, let count = Int(columns[3]), let name = columns.last else { continue }
            counts[String(name)] = count
        }
        return counts
    }
}
