// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a program that runs says of its greenlets.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct RunInfoTests {
    @Test func itTellsWhatEachDoes() async {
        await onHub {
            let event = Event()
            let waiter = spawn(name: "waiter") { try event.wait() }
            let later = spawn(after: .seconds(20), name: "later") {}
            let asker = spawn(name: "asker") { Hub.current.runInfo() }
            spawn(name: "next") {}
            let raw = RawGreenlet { try? sleep(.milliseconds(5)) }
            _ = try raw.switch()  // the others run meanwhile
            let places = #/\ \([A-Za-z]+/RunInfoTests.swift:\d+\)/#
            let lines = try asker.get().replacing(places, with: "").split(separator: "\n")
            try #require(lines.count == 7, "\(lines)")
            #expect(lines[0].hasSuffix(": 6 greenlets"))
            #expect(lines[1].wholeMatch(of: #/MainGreenlet-\d+ was left by a switch by hand/#) != nil, "\(lines)")
            #expect(lines[2].hasPrefix("waiter waits for wait on <Event 0x"))
            #expect(lines[3...5] == ["later will be started later", "asker runs", "next is about to run"])
            #expect(lines[6].wholeMatch(of: #/RawGreenlet-\d+ waits for sleep/#) != nil, "\(lines)")
            try later.kill()
            event.set()
            try joinAll([waiter])
            while !raw.isDead { try sleep(.milliseconds(1)) }
        }
    }

    @inline(never)
    private static func waitDeepInside(_ event: Event) throws { try event.wait() }

    @Test func withFramesItTellsWhereTheyStand() async {
        await onHub {
            let event = Event()
            let waiter = spawn { try Self.waitDeepInside(event) }
            try yieldNow()
            let info = Hub.current.runInfo(frames: 20)
            #expect(info.contains("waitDeepInside") && info.contains("withFramesItTellsWhereTheyStand"), "\(info)")
            event.set()
            try waiter.join()
        }
    }
}
