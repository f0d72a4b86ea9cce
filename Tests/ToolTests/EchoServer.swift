// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// greenlet-echo under test: started on a free port, asked by its counters and by /proc, ended politely.

import Foundation
import GreenletTestSupport
import Testing

/// A running greenlet-echo, and what an operator could see of it.
struct EchoServer {
    /// With `Socket`, or with patched calls of the C library.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case sockets
        case patched

        var options: [String] { self == .patched ? ["--patched"] : [] }
        var testDescription: String { rawValue }
    }

    struct Counters: Equatable {
        var descriptors: Int
        var greenlets: Int
        var stacks: Int
        var watched: Int
    }

    let program: RunningProgram
    let port: Int

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - kind: How it serves.
    ///   - options: More of its options.
    ///   - wrapper: What to put before the command, such as a shell that lowers a limit.
    /// - Throws: What Foundation throws if it can't be started; an issue if it doesn't say where it listens.
    init(_ kind: Kind, _ options: [String] = [], wrapper: [String] = []) throws {
        let command = [Programs.path("greenlet-echo"), "--port", "0", "--stats"] + kind.options + options
        program = try RunningProgram(wrapper + command)
        let prefix = "listening on 127.0.0.1:"
        let line = try #require(program.line(beginning: prefix), "\(program.complained)")
        port = try #require(Int(line.dropFirst(prefix.count)))
    }

    /// Runs the Python client against it, and expects it to be content.
    func client(_ arguments: String...) async throws {
        let ended = try await runClient(arguments)
        #expect(ended.status == 0, "client \(arguments): \(ended.errors)")
    }

    /// Runs the Python client against it.
    func runClient(_ arguments: [String]) async throws -> Programs.Ended {
        let script = Programs.file("Tests/Clients/echo_client.py").path
        return try await Programs.run(["python3", script, "--port", "\(port)"] + arguments, limit: 300)
    }

    /// What it holds now, by its own account and the system's.
    func counters() async throws -> Counters {
        let before = statsLines.count
        for _ in 0..<attempts where statsLines.count == before {
            program.signal(SIGUSR1)
            for _ in 0..<400 where statsLines.count == before { try await Task.sleep(for: .milliseconds(5)) }
        }
        let line = try #require(statsLines.dropFirst(before).first, "no counters came")
        func number(_ name: String) throws -> Int {
            let after = try #require(line.range(of: "\(name) "), "no \(name) in: \(line)").upperBound
            return try #require(Int(line[after...].prefix { $0.isNumber }))
        }
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.id)/fd").count
        return Counters(
            descriptors: descriptors,
            greenlets: try number("greenlets"),
            stacks: try number("stacks"),
            watched: try number("watched")
        )
    }

    /// How often to send a signal that isn't answered.
    ///
    /// The thread sanitizer keeps one that meets instrumented code until that fiber calls the C library next, and a greenlet
    /// may end before it does.
    private var attempts: Int { isSanitized ? 5 : 1 }

    private var statsLines: [Substring] {
        program.complained.split(separator: "\n").filter { $0.hasPrefix("stats: ") }
    }

    /// Waits until it holds what it held at `start`.
    func expectBack(to start: Counters, _ what: String) async throws {
        var now = try await counters()
        for _ in 0..<50 where now != start {
            try await Task.sleep(for: .milliseconds(20))
            now = try await counters()
        }
        #expect(now == start, "left behind after \(what)")
    }

    /// Ends it by SIGTERM, and expects it to have gone in peace.
    func end() async {
        let program = program
        let ended = await offTheSharedPool {
            for _ in 0..<attempts {
                program.signal(SIGTERM)
                if program.ends(within: 20 / Double(attempts)) { break }
            }
            return program.waitForEnd(limit: 0)
        }
        #expect(ended.status == 0, "\(ended.errors)")
    }

    /// Resident bytes that are its own.
    func residentBytes() throws -> Int {
        let rollup = try String(contentsOfFile: "/proc/\(program.id)/smaps_rollup", encoding: .utf8)
        var total = 0
        for line in rollup.split(separator: "\n") where line.hasPrefix("Private_") {
            total += Int(line.split(separator: " ")[1]) ?? 0
        }
        return total * 1024
    }

    /// How often its threads have gone to sleep so far: each waking is followed by one.
    func sleeps() throws -> Int {
        var total = 0
        // A sanitizer's own thread is none of ours.
        for thread in isSanitized
            ? ["\(program.id)"] : try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.id)/task")
        {
            let status = try String(contentsOfFile: "/proc/\(program.id)/task/\(thread)/status", encoding: .utf8)
            for line in status.split(separator: "\n") where line.hasPrefix("voluntary_ctxt_switches:") {
                total += Int(line.split(separator: "\t")[1]) ?? 0
            }
        }
        return total
    }
}

/// How much smaller a load of fixed size is, because of what watches or slows the server.
let loadDivisor: Int = {
    if isSanitized { return 20 }
    #if DEBUG
    return 5
    #else
    return 1
    #endif
}()
