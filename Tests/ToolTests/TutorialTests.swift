// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The three programs print what greenlet and gevent print: Tests/Transcripts holds it, made by the real ones.

import Foundation
import GreenletTestSupport
import Testing

@Suite struct TutorialTests {
    private let tutorial = Programs.path("greenlet-tutorial")

    private func transcript(_ name: String) throws -> String {
        try String(contentsOf: Programs.file("Tests/Transcripts/\(name).txt"), encoding: .utf8)
    }

    @Test func switchingByHandPrintsWhatGreenletPrints() async throws {
        let ended = try await Programs.run([tutorial, "switch"])
        #expect(ended.status == 0 && ended.errors == "")
        #expect(ended.output == (try transcript("switch")))
    }

    @Test func spawningPrintsWhatGeventPrintsInThreeSecondsAndNotFive() async throws {
        let begin = Date()
        let ended = try await Programs.run([tutorial, "spawn"])
        let seconds = Date().timeIntervalSince(begin)
        #expect(ended.status == 0 && ended.errors == "")
        #expect(ended.output == (try transcript("spawn")))
        #expect(seconds >= 3 && seconds < 4.5)
    }

    @Test func thePatchedServerAnswersWhatGeventsAnswers() async throws {
        let driver = Programs.file("Tests/Transcripts/drive_tcp_server.py").path
        let ended = try await Programs.run(["python3", driver, tutorial, "tcp-server"])
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.output == (try transcript("tcp-server")))
    }
}
