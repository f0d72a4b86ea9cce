// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a user reads when greenlets come to a bad end: the standard error of a program of its own.

import GreenletTestSupport
import Testing

@Suite struct LifecycleTests {
    private func run(_ program: String, _ environment: [String: String] = [:]) async throws -> Programs.Ended {
        let command = [Programs.path("lives-of-hubs"), program]
        let quiet = environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let running = try RunningProgram(command, environment: quiet)
        return await offTheSharedPool { running.waitForEnd(limit: 30) }
    }

    /// The places where the program's greenlets were spawned differ from build to build.
    private func withoutPlaces(_ text: String) -> String {
        text.replacing(/\(lives_of_hubs\/Deaths.swift:\d+\)/, with: "(here)").replacing(/0x[0-9a-f]+/, with: "0x")
    }

    @Test func aDeadlockNamesAllWhoWaitAndWhatFor() async throws {
        let ended = try await run("deadlock")
        let text = withoutPlaces(ended.errors)
        #expect(ended.status != 0 && ended.output == "")
        let blocked = [
            "MainGreenlet-1 waits for join on waiter (here)", "cook (here) waits for get on <Queue 0x 0 of 2 items",
            "waiter (here) waits for join on cook (here)",
        ]
        #expect(text.contains("this operation would block forever"))
        for line in blocked { #expect(text.contains(line), "\(text)") }
    }

    @Test func aProgramWhoseLoopNothingCouldEndFails() async throws {
        let ended = try await run("loop")
        #expect(ended.status == 1 && ended.output == "done\n")
        let text = withoutPlaces(ended.errors)
        #expect(text.hasPrefix("greenlet: MainGreenlet-1 failed: this operation would block forever"), "\(text)")
        #expect(text.hasSuffix(" waits for get on <Queue 0x 0 of 2 items, 1 getting, 0 putting>\n"), "\(text)")
        let timed = try await run("loop-timeout")
        #expect(timed.status == 1 && timed.output == "done\n")
        #expect(timed.errors == "greenlet: MainGreenlet-1 failed: timed out after 0.001 seconds\n")
        let thrown = try await run("loop-thrown")
        #expect(thrown.status == 0 && thrown.output == "caught LoopExit\ndone\n" && thrown.errors == "")
    }

    @Test func whatEndedALoopIsReportedByAGreenletThatEndsTheProgramAndByARawOne() async throws {
        let exited = try await run("loop-exit")
        #expect(exited.status == 1 && exited.output == "left\n")
        #expect(withoutPlaces(exited.errors) == "greenlet: worker (here) failed: Stop()\n")
        let raw = try await run("loop-raw")
        #expect(raw.status == 0 && raw.output == "done\n")
        #expect(raw.errors.wholeMatch(of: /greenlet: RawGreenlet-\d failed: Stop\(\)\n/) != nil, "\(raw.errors)")
    }

    @Test func aLinkThatThrowsIsNamedAfterItsGreenletAndStopsNoOther() async throws {
        let ended = try await run("link")
        #expect(ended.status == 0 && ended.output == "second link: 42\ndone\n")
        #expect(withoutPlaces(ended.errors) == "greenlet: link of worker (here) failed: Full()\n")
    }

    @Test func aThreadThatEndsNamesTheGreenletsThatDoNot() async throws {
        let ended = try await run("refusal")
        #expect(ended.status == 0 && ended.output == "polite: defer\ndone\n")
        let text = withoutPlaces(ended.errors)
        let begin = #/greenlet: thread \d ended, and a second later these greenlets had not ended: /#
        #expect(text.prefixMatch(of: begin) != nil && text.contains("deaf (here) waits for wait on <Event 0x"))
        #expect(text.hasSuffix("where errors are caught\n"), "\(text)")
        #expect(!text.contains("polite"))
    }

    @Test func aHubThatIsDestroyedNamesTheGreenletsThatDoNotEnd() async throws {
        let ended = try await run("destroy")
        #expect(ended.status == 0 && ended.output == "next hub: 42\ndone\n")
        let text = withoutPlaces(ended.errors)
        #expect(text.hasPrefix("greenlet: thread 1 lost its hub, and a second later these greenlets had not ended: "))
        #expect(text.contains("deaf (here) waits for sleep"))
    }

    @Test func theExamplesOfTheArticleDoWhatTheySay() async throws {
        let ended = try await run("article")
        #expect(ended.status == 0 && ended.errors == "", "\(ended)")
        #expect(ended.output == "true\n42\nworker: Broken()\ndone\n")
    }

    @Test func hubsThatAreDestroyedLeaveNothingBehind() async throws {
        let ended = try await run("destroy-many")
        #expect(ended.status == 0 && ended.output == "done\n" && ended.errors == "", "\(ended)")
    }

    @Test func anErrorHandlerThatFailsOrWaitsIsReported() async throws {
        let ended = try await run("handler")
        #expect(ended.status == 0 && ended.output == "handled second\ndone\n")
        let lines = withoutPlaces(ended.errors).split(separator: "\n")
        try #require(lines.count == 3, "\(ended.errors)")
        #expect(lines[0] == "greenlet: first (here) failed: Broken()")
        #expect(lines[1] == "greenlet: the error handler, called with this error, failed: NoLog()")
        #expect(lines[2].hasPrefix("greenlet: the error handler waited for something, called with an error of second"))
    }

    @Test func whoHoldsUpTheHubIsNamedInTheChildOfAForkToo() async throws {
        // The thread sanitizer allows no thread in the child of a fork, unless it is told to.
        let environment = ["GREENLET_MAX_BLOCKING_TIME": "0.1", "TSAN_OPTIONS": "die_after_fork=0"]
        let ended = try await run("held-up", environment)
        #expect(ended.status == 0 && ended.output == "limit: true\ndone\n", "\(ended)")
        let text = withoutPlaces(ended.errors)
        // A sanitizer delivers signals when it likes, and puts functions of its own in between.
        if isSanitized { return #expect(text.contains("nobody else has run on thread 1 for"), "\(text)") }
        let begin = #/nobody else has run on thread 1 for \d+ ms: Greenlet-\d+ \(here\) calculates; call yieldNow/#
        #expect(text.contains(begin), "\(text)")
        #expect(text.contains(#/Greenlet-\d+ \(here\) waits in the system call clock_nanosleep; wait by/#), "\(text)")
        #expect(text.contains(#/#\d+ 0x .*calculateForAWhile/#), "\(text)")
        #expect(text.contains(#/#\d+ 0x .*sleepInC/#), "\(text)")
    }

    @Test func aLimitThatIsNoneIsRefused() async throws {
        let ended = try await run("handler", ["GREENLET_MAX_BLOCKING_TIME": "100ms"])
        #expect(ended.status == 0)
        let refusal = "greenlet: GREENLET_MAX_BLOCKING_TIME is \"100ms\", which is no number of seconds"
        #expect(ended.errors.hasPrefix(refusal), "\(ended.errors)")
    }
}
