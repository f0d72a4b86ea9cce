// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Forks with live greenlets: the program says what is not as it should be, in the parent or in the child.

import Foundation
import GreenletTestSupport
import Testing

/// ThreadSanitizer takes greenlets for threads, and in the child of a process with threads it stops following most of what
/// happens: it says itself that it can't function there.
private let isFollowed = ProcessInfo.processInfo.environment["GREENLET_TEST_SANITIZER"] != "thread"

@Suite(.enabled(if: isFollowed)) struct ForkTests {
    private func run(_ program: String) async throws -> Programs.Ended {
        try await Programs.run([Programs.path("lives-of-hubs"), program])
    }

    @Test(arguments: [
        "inherited", "timers", "watchers", "waiters", "handed", "handed-later", "handed-back", "descriptors",
        "exec", "callback", "raw", "nested", "thread", "signals", "watched", "patched", "callbacks", "hubs",
        "errands", "threads", "busy-threads",
    ])
    func theChildStartsOverAndTheParentIsNotDisturbed(program: String) async throws {
        let ended = try await run(program)
        #expect(ended.status == 0 && ended.output == "done\n" && ended.errors == "", "\(ended)")
    }

    @Test(arguments: ["greenlet", "unused", "by-hand"])
    func theEndOfAGreenletThatForkedIsTheEndOfTheChild(program: String) async throws {
        let ended = try await run(program)
        #expect(ended.status == 0 && ended.output == "child ends\ndone\n" && ended.errors == "", "\(ended)")
    }

    @Test func theErrorOfAGreenletThatForkedIsReportedByTheChild() async throws {
        let ended = try await run("greenlet-error")
        #expect(ended.status == 0 && ended.output == "done\n", "\(ended)")
        let report = /greenlet: forker \(.*ForksElsewhere.swift:\d+\) failed: Broken\(\)\n/
        #expect(ended.errors.wholeMatch(of: report) != nil, "\(ended)")
    }

    @Test func aChildThatWaitsForEverIsToldWhoWaitsForWhat() async throws {
        let ended = try await run("greenlet-blocked")
        #expect(ended.status == 0 && ended.output == "done\n", "\(ended)")
        let report = /greenlet: forker \(.*\) failed: this operation would block forever: .* Blocked: (.*)\n/
        let blocked = try #require(ended.errors.wholeMatch(of: report)?.1)
        #expect(blocked.hasPrefix("forker (") && blocked.contains("waits for wait on <Event") && !blocked.contains(";"))
    }
}
