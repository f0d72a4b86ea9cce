// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Where greenlets stand: named functions in the right order, and an end at the entry.

import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct BacktraceTests {
    @Test func aSuspendedGreenletNamesItsFunctionsFromTheInsideOut() async throws {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet { try outerFunction(main, times: 1) }
            #expect(greenlet.backtrace().isEmpty, "not started")
            try greenlet.switch()
            let frames = greenlet.backtrace()
            let inner = try #require(frames.firstIndex { $0.symbol?.contains("innerFunction") == true }, "\(frames)")
            let outer = try #require(frames.firstIndex { $0.symbol?.contains("outerFunction") == true }, "\(frames)")
            #expect(inner < outer)
            #expect(frames[inner].symbol?.contains("GreenletCoreTests.") == true, "demangled")
            #expect(frames[inner].image?.isEmpty == false && frames[inner].offset > 0)
            #expect(frames.last?.symbol?.contains(entry) == true, "\(frames)")
            #expect(frames.allSatisfy { "\($0)".hasPrefix("0x") })
            #expect(greenlet.backtrace(limit: 2) == Array(frames.prefix(2)))
            #expect(greenlet.backtrace(limit: 0).isEmpty)
            try greenlet.switch()
            #expect(greenlet.isDead && greenlet.backtrace().isEmpty)
        }
    }

    @Test func theRunningGreenletBeginsWithWhoeverAsks() async throws {
        await onThread {
            var frames: [RawGreenlet.Frame] = []
            try RawGreenlet { askOneself(&frames) }.switch()
            #expect(frames.first?.symbol?.contains("askOneself") == true, "\(frames)")
            #expect(frames.last?.symbol?.contains(entry) == true, "\(frames)")
        }
    }

    @Test func aThreadsOwnStackHasABacktraceToo() async throws {
        await onThread {
            var frames: [RawGreenlet.Frame] = []
            askOneself(&frames)
            #expect(frames.first?.symbol?.contains("askOneself") == true, "\(frames)")
            let main = RawGreenlet.current
            var seen: [RawGreenlet.Frame] = []
            let observer = RawGreenlet { seen = main.backtrace() }
            enterFromNamedFunction(observer)
            #expect(seen.contains { $0.symbol?.contains("enterFromNamedFunction") == true }, "\(seen)")
        }
    }
}

/// The first function of a greenlet; where a sanitizer watches, it has one of ours below it.
private let entry = sanitizer == nil ? "rawGreenletEntry" : "careful_entry"

// All different, or the optimiser makes one of them.
@inline(never) @_optimize(none)
private func outerFunction(_ main: RawGreenlet, times: Int) throws {
    for _ in 0..<times { try innerFunction(main) }
}

@inline(never) @_optimize(none)
private func innerFunction(_ main: RawGreenlet) throws { try main.switch() }

@inline(never) @_optimize(none)
private func askOneself(_ frames: inout [RawGreenlet.Frame]) { frames = RawGreenlet.current.backtrace() }

@inline(never) @_optimize(none)
private func enterFromNamedFunction(_ greenlet: RawGreenlet) {
    do { try greenlet.switch() } catch { Issue.record(error) }
}
