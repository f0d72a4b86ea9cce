// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What an operator gets wrong, and what the server says to it: one clear line, and a status that isn't zero.

import Foundation
import GreenletTestSupport
import Testing

@Suite struct EchoOptionTests {
    private func refused(
        _ kind: EchoServer.Kind,
        _ options: String...,
        wrapper: [String] = []
    ) async throws -> String {
        let ended = try await Programs.run(wrapper + [Programs.path("greenlet-echo")] + kind.options + options)
        #expect(ended.status != 0 && ended.output == "")
        let lines = ended.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(ended.errors)")
        return ended.errors
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func aPortInUseIsNamed(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(.sockets)
        let complaint = try await refused(kind, "--port", "\(server.port)")
        #expect(complaint.contains("127.0.0.1:\(server.port)") && complaint.contains("in use"), "\(complaint)")
        await server.end()
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func aPortThatIsNoneIsRefused(_ kind: EchoServer.Kind) async throws {
        #expect(try await refused(kind, "--port", "70000").contains("70000"))
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func anUnknownHostIsNamed(_ kind: EchoServer.Kind) async throws {
        let complaint = try await refused(kind, "--host", "no-such-host.invalid", "--port", "0")
        #expect(complaint.contains("no-such-host.invalid"), "\(complaint)")
    }

    @Test(.enabled(if: mayBecomeNobody, "needs root, to give up the right to privileged ports"))
    func aPrivilegedPortIsRefusedWithTheRemedy() async throws {
        // A copy where anybody may read it.
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("greenlet-echo-\(getpid())")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(at: URL(fileURLWithPath: Programs.path("greenlet-echo")), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let ended = try await Programs.run(nobody + [copy.path, "--port", "80"])
        #expect(ended.status != 0)
        #expect(ended.errors.contains("127.0.0.1:80") && ended.errors.contains("permission denied"), "\(ended.errors)")
        #expect(ended.errors.split(separator: "\n").count == 1)
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func anInterruptEndsAServerWithOpenConnectionsInPeace(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind)
        async let client = server.runClient(["--mode", "idle", "--connections", "20", "--hold", "2"])
        while try await server.counters().greenlets < 20 { try await Task.sleep(for: .milliseconds(5)) }
        server.program.signal(SIGINT)
        let program = server.program
        let ended = await offTheSharedPool { program.waitForEnd() }
        #expect(ended.status == 0, "\(ended.errors)")
        // The clients saw their connections end, by neither a reset nor a silence.
        let seen = try await client
        #expect(seen.output.contains("20 ended by the server"), "\(seen)")
    }
}

private let mayBecomeNobody: Bool = {
    let limit = (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)) ?? ""
    return getuid() == 0 && (Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 80
}()
