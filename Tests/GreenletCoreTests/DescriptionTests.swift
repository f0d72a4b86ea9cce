// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a raw greenlet says of itself, in every state.

import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct DescriptionTests {
    /// What `greenlet` says of its state.
    private static func state(_ greenlet: RawGreenlet) -> String {
        let parts = greenlet.description.split(separator: " ", maxSplits: 3).map(String.init)
        #expect(parts.first == "<RawGreenlet" && parts.count == 4)
        // `thread 1)`: cut in the midst, as it has a space itself.
        return parts.count == 4 ? String(parts[3].drop { $0 != " " }.dropFirst().dropLast()) : ""
    }

    @Test func everyStateHasItsWords() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet {
                #expect(Self.state(RawGreenlet.current) == "current active started")
                #expect(Self.state(main) == "suspended active started main")
                try main.switch()
            }
            #expect(Self.state(main) == "current active started main")
            #expect(Self.state(greenlet) == "pending")
            try greenlet.switch()
            #expect(Self.state(greenlet) == "suspended active started")
            try greenlet.switch()
            #expect(Self.state(greenlet) == "dead")
        }
    }

    @Test func theThreadIsNamed() async {
        await onThread {
            #expect(RawGreenlet.current.description.contains("(\(GreenletThread.current.name))"))
        }
    }

    @Test func anotherThreadIsToldLess() async {
        final class Smuggled: @unchecked Sendable {
            // Safe because the other thread is done before this one goes on.
            var greenlets: [RawGreenlet] = []
            var states: [String] = []
        }
        await onThread {
            let main = RawGreenlet.current
            let smuggled = Smuggled()
            smuggled.greenlets = [main, RawGreenlet { try main.switch() }]
            try smuggled.greenlets[1].switch()
            runOnThreadAndWait { smuggled.states = smuggled.greenlets.map(Self.state) }
            #expect(smuggled.states == ["(another thread) main", "(another thread)"])
            try smuggled.greenlets[1].switch()

            runOnThreadAndWait {
                let suspended = RawGreenlet { try RawGreenlet.current.parent?.switch() }
                _ = try? suspended.switch()
                smuggled.greenlets = [RawGreenlet.current, suspended, RawGreenlet {}]
            }
            #expect(
                smuggled.greenlets.map(Self.state)
                    == ["(thread exited) dead", "(thread exited) dead", "(thread exited) pending"]
            )
        }
    }
}
