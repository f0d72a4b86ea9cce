// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// That perf finds out by frame pointers in which greenlet the time goes by.

import Foundation
import GreenletTestSupport
import Testing

@Suite(
    .enabled("there is no perf here, or it may not sample: linux-perf, perf_event_paranoid") {
        try await profile(["true"]) != nil
    },
    .enabled(if: !isSanitized, "a sanitizer's own time is in it")
)
struct ProfilerTests {
    @Test func perfAttributesTimeToTheGreenletInWhichItPasses() async throws {
        let samples = try #require(await profile([Programs.path("suspended-greenlets"), "--work"]))
        let toiling = samples.filter { $0.contains { $0.contains("toil") } }
        try #require(toiling.count > 50, "\(samples.count) samples")
        let whole = toiling.filter { $0.last?.contains("cgreenlet_trampoline") == true }
        #expect(whole.count * 10 > toiling.count * 9, "\(whole.count) of \(toiling.count) end at an entry")
        let (shed, yard) = (count(whole, "workInTheShed"), count(whole, "workInTheYard"))
        #expect(shed + yard == whole.count, "each is in one of the two")
        #expect(yard > shed && shed * 4 > yard, "\(shed) and \(yard), where it is one to two")
    }

    private func count(_ samples: [[Substring]], _ function: String) -> Int {
        samples.count { $0.contains { $0.contains(function) } }
    }
}

/// Where the samples of a program were taken: lines with names of functions, the innermost first; nil if perf can't take any.
private func profile(_ command: [String]) async throws -> [[Substring]]? {
    let data = FileManager.default.temporaryDirectory.appendingPathComponent("greenlets-\(getpid()).perf").path
    defer { try? FileManager.default.removeItem(atPath: data) }
    // Not by the processor's counters, which virtual machines don't have.
    let record = ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "999", "--call-graph", "fp", "-o", data, "--"]
    guard try await Programs.run(record + command).status == 0 else { return nil }
    let shown = try await Programs.run(["perf", "script", "-i", data, "-F", "ip,sym"])
    guard shown.status == 0 else { return nil }
    return shown.output.split(separator: "\n\n").map { $0.split(separator: "\n") }
}
