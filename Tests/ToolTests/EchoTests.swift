// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The echo server under load, from outside: every byte checked by a client that is not ours.

import Foundation
import GreenletTestSupport
import Testing

@Suite(.serialized) struct EchoTests {
    @Test(arguments: EchoServer.Kind.allCases)
    func aThousandConnectionsEchoAThousandTimes(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind)
        let start = try await server.counters()
        let echoes = 1_000 / loadDivisor
        try await server.client("--connections", "1000", "--echoes", "\(echoes)", "--size", "64")
        try await server.expectBack(to: start, "1,000 connections")
        await server.end()
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func aThousandConnectionsEchoOnSharedStacks(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind, ["--shared-stacks"])
        let start = try await server.counters()
        try await server.client("--connections", "1000", "--echoes", "\(200 / loadDivisor)", "--size", "64")
        try await server.expectBack(to: start, "1,000 connections")
        await server.end()
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func aHundredMegabytesComeBackThroughOneConnection(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind)
        try await server.client("--bulk", "\(100 / loadDivisor)MB")
        await server.end()
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func clientsThatMisbehaveLeaveNothingBehind(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind)
        try await server.client("--connections", "100", "--echoes", "1")
        let start = try await server.counters()
        for mode in ["reset", "half-close", "silent", "connect-close"] {
            try await server.client("--mode", mode, "--count", "\(10_000 / loadDivisor)", "--hold", "0.05")
            try await server.expectBack(to: start, "clients that \(mode)")
        }
        await server.end()
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func aServerOutOfDescriptorsServesOnAndAcceptsAgain(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind, wrapper: ["sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"])
        try await server.client("--mode", "starve", "--connections", "200", "--timeout", "3")
        await server.end()
        let complaints = server.program.complained.split(separator: "\n").filter { $0.contains("can't accept") }
        #expect((1...4).contains(complaints.count), "once an episode: \(complaints)")
    }

    @Test(arguments: EchoServer.Kind.allCases)
    func anIdleServerSleepsAndHoldsLittlePerConnection(_ kind: EchoServer.Kind) async throws {
        let server = try EchoServer(kind)
        try await server.client("--connections", "50", "--echoes", "2")
        let before = try server.residentBytes()
        let connections = 1_000
        let seconds = isPlainBuild ? 10.0 : 2
        let hold = "\(seconds + 3)"
        async let client: Void = server.client("--mode", "idle", "--connections", "\(connections)", "--hold", hold)
        try await Task.sleep(for: .seconds(2))
        let sleeps = try server.sleeps()
        let perConnection = (try server.residentBytes() - before) / connections
        try await Task.sleep(for: .seconds(seconds))
        #expect(try server.sleeps() - sleeps == 0, "wake-ups in \(seconds) idle seconds")
        if isPlainBuild { #expect(perConnection <= 7 * 1024, "resident bytes per connection") }
        try await client
        await server.end()
    }

    @Test func connectionsThatAreSilentForTooLongAreClosed() async throws {
        let server = try EchoServer(.sockets, ["--idle-timeout", "0.2"])
        let start = try await server.counters()
        try await server.client("--mode", "silent", "--count", "20", "--hold", "0")
        try await server.expectBack(to: start, "silent clients")
        await server.end()
    }
}

/// Whether memory is what users would see: sanitizers and unoptimised code use more.
private let isPlainBuild: Bool = {
    #if DEBUG
    return false
    #else
    return !isSanitized
    #endif
}()
