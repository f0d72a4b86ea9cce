// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What gdb shows of greenlets, in a process and in its core file; and that Swift's backtracer works in them.

import Foundation
import GreenletTestSupport
import Testing

@Suite(
    .enabled(if: hasDebugger, "there is no gdb here: Tools/scripts/setup.sh --tests installs it"),
    .enabled(if: !isSanitized, "a sanitizer's shadow makes core files endless")
)
struct DebuggerTests {
    /// What gdb prints at commands, when the program stands in its running greenlet, or of a core file.
    private static func debug(_ commands: String..., on core: String? = nil) async throws -> String {
        try await debug(commands, on: core)
    }

    private static func debug(
        _ commands: [String],
        on core: String? = nil,
        options: String = ""
    ) async throws -> String {
        let program = Programs.path("suspended-greenlets")
        let script = Programs.file("Tools/gdb/greenlets.py").path
        let start = ["run --mapped-guards \(options)"]
        let setUp = [
            "set pagination off", "set confirm off", "set debuginfod enabled off", "set complaints 0",
            "source \(script)",
        ]
        let orders = (setUp + (core == nil ? start : []) + commands).flatMap { ["-ex", $0] }
        let files = [program] + (core.map { [$0] } ?? [])
        let ended = try await Programs.run(["gdb", "-nx", "-batch", "-q"] + orders + files)
        return ended.output + ended.errors
    }

    /// The lines of the table, by what they contain.
    private func rows(_ output: String, _ state: String) -> [Substring] {
        output.split(separator: "\n").filter { $0.hasPrefix("0x") && $0.contains("  \(state) ") }
    }

    @Test func greenletsListsAllOfThemWithTheirStates() async throws {
        let output = try await Self.debug("greenlets", "greenlets all")
        // Twice: with and without those that are free.
        #expect(rows(output, "suspended").count == 2 * 4, "three, and the main one: \(output)")
        #expect(rows(output, "running").count(where: { $0.hasSuffix("now, in gdb's thread 1") }) == 2, "\(output)")
        #expect(rows(output, "suspended").count(where: { $0.contains("the thread's own") }) == 2)
        #expect(output.contains("free stacks, not shown: 1") && rows(output, "free").count == 1, "\(output)")
        #expect(output.contains("goes on at") && !output.contains("Error"), "\(output)")
    }

    @Test func greenletBtShowsWhereEachStands() async throws {
        let output = try await Self.debug("greenlet bt all", "greenlet bt 1")
        try expectPlaces(in: output)
        #expect(output.contains("greenlet bt: there is no context at 0x1; `greenlets` lists them"))
    }

    /// A register of aarch64 tells which bits are signatures; here a variable of gdb's stands in for it.
    @Test func signaturesInReturnAddressesAreTakenAway() async throws {
        let bits: UInt = 0x5000_0000_0000
        let marked = "echo signed:\\n"
        let output = try await Self.debug("greenlet bt all", marked, "set $pauth_cmask = \(bits)", "greenlet bt all")
        let halves = output.components(separatedBy: "signed:\n").map { text in
            text.matches(of: #/#[1-9]\d* +0x([0-9a-f]+) in/#).compactMap { UInt($0.output.1, radix: 16) }
        }
        try #require(halves.count == 2 && halves[0].contains { $0 & bits != 0 }, "\(output)")
        #expect(halves[1] == halves[0].map { $0 & ~bits }, "\(output)")
    }

    @Test func thoseThatShareAStackAreFoundWhereverTheirBytesAre() async throws {
        let output = try await Self.debug(["greenlets", "greenlet bt all"], options: "--shared")
        let shown = rows(output, "suspended")
        #expect(shown.count == 4 + 2, "the first four, and two that share one stack: \(output)")
        let stacks = shown.compactMap { $0.firstMatch(of: #/0x[0-9a-f]+-0x[0-9a-f]+/#)?.output }
        #expect(stacks.count == 5 && Set(stacks).count == 4, "\(output)")
        for function in ["waitUnderTheRoof", "waitInTheBarn"] {
            #expect(shown.contains { $0.contains(function) }, "\(function): \(output)")
        }
        try expectPlaces(in: output)
        // The frame record of the first lies in what is saved.
        let frames = output.split(separator: "\n").filter { $0.hasPrefix("#1 ") }
        #expect(frames.contains { $0.contains("waitInTheAttic") }, "\(output)")
    }

    @Test func aCoreFileWillDo() async throws {
        let core = FileManager.default.temporaryDirectory.appendingPathComponent("greenlets-\(getpid()).core").path
        defer { try? FileManager.default.removeItem(atPath: core) }
        _ = try await Self.debug("generate-core-file \(core)")
        try #require(FileManager.default.fileExists(atPath: core))
        let table = try await Self.debug("greenlets", on: core)
        let contexts = rows(table, "suspended").compactMap { $0.split(separator: " ").first.map(String.init) }
        try #require(contexts.count == 4, "\(table)")
        try expectPlaces(in: await Self.debug(contexts.map { "greenlet bt \($0)" }, on: core))
    }

    @Test func theBacktraceOfARunningGreenletEndsAtItsEntry() async throws {
        let output = try await Self.debug("bt")
        let frames = output.split(separator: "\n").filter { $0.hasPrefix("#") }
        #expect(frames.contains { $0.contains("workInTheCellar") }, "\(output)")
        #expect(frames.last?.contains("cgreenlet_trampoline") == true, "\(output)")
        #expect(!output.contains("Backtrace stopped") && !output.contains("corrupt"), "\(output)")
    }

    /// That the main greenlet's backtrace and those of the three suspended ones are there, and end at their entries.
    private func expectPlaces(in output: String) throws {
        var backtraces: [[Substring]] = []
        for frame in output.split(separator: "\n") where frame.hasPrefix("#") {
            if frame.hasPrefix("#0 ") { backtraces.append([]) }
            if !backtraces.isEmpty { backtraces[backtraces.count - 1].append(frame) }
        }
        for function in ["waitInTheKitchen", "waitInTheHall", "waitInTheGarden"] {
            let backtrace = backtraces.first { $0.contains { $0.contains(function) } }
            #expect(backtrace?.last?.contains("rawGreenletEntry") == true, "\(function): \(output)")
        }
    }
}

@Suite struct BacktracerTests {
    @Test(.enabled(if: !isSanitized, "a sanitizer has a handler of its own"))
    func swiftsOwnBacktracerReportsFaultsInGreenlets() async throws {
        let settings = ["SWIFT_BACKTRACE": "enable=yes,color=no,interactive=no"]
        let program = try RunningProgram([Programs.path("suspended-greenlets"), "--fault"], environment: settings)
        let ended = await offTheSharedPool { program.waitForEnd(limit: 60) }
        let report = ended.output + ended.errors
        #expect(ended.status == -SIGSEGV)
        #expect(report.contains("Program crashed") && report.contains("workInTheCellar()"), "\(report)")
        #expect(!report.contains("stack overflow"))
    }
}

private let hasDebugger = ["/usr/bin/gdb", "/usr/local/bin/gdb"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
}
