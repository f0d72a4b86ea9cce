// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// That nothing stays behind: handles, main greenlets of ended threads, memory.

import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

/// Bytes of this process that are resident in memory.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " "
    )
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
}

/// Runs `round` until it no longer makes the process grow; at most `limit` times.
///
/// Often enough for `malloc`, which gives a new thread another of its many arenas each time.
private func settles(limit: Int = 150, _ round: () -> Void) -> Bool {
    for _ in 0..<3 { round() }
    for _ in 0..<limit {
        let before = residentBytes()
        round()
        if residentBytes() <= before { return true }
    }
    return false
}

/// The sanitizers keep what is freed for a while.
private let measuresMemory = !isSanitized

@Suite struct LeakTests {
    private final class Weak: @unchecked Sendable {
        // Safe because the thread that writes has ended before the test reads.
        weak var greenlet: RawGreenlet?
        weak var other: RawGreenlet?
    }

    @Test func theMainGreenletOfAThreadGoesWithIt() async {
        await onThread {
            let weak = Weak()
            runOnThreadAndWait {
                weak.greenlet = RawGreenlet.current
                #expect(weak.greenlet != nil)
            }
            #expect(weak.greenlet == nil)
        }
    }

    @Test func finishedAndSuspendedGreenletsGoWithTheirThreadToo() async {
        await onThread {
            let weak = Weak()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let finished = RawGreenlet { weak.greenlet = RawGreenlet.current }
                _ = try? finished.switch()
                let suspended = RawGreenlet { try main.switch() }
                _ = try? suspended.switch()
                weak.other = suspended
                #expect(weak.greenlet != nil && weak.other != nil)
            }
            #expect(weak.greenlet == nil && weak.other == nil)
        }
    }

    private final class Side: @unchecked Sendable {
        // Safe because only one thread at a time runs, and the others wait for it.
        weak var thread: GreenletThread?
        var handles: [RawGreenlet] = []
    }

    @Test func whatAThreadKeepsOfGreenletsGoesWithTheLastHandleWhereverThatIsDropped() async {
        await onThread {
            let side = Side()
            runOnThreadAndWait {
                side.thread = GreenletThread.current
                let main = RawGreenlet.current
                let finished = RawGreenlet {}
                _ = try? finished.switch()
                let suspended = (0..<2).map { _ in RawGreenlet { try main.switch() } }
                for greenlet in suspended { _ = try? greenlet.switch() }
                for _ in 0..<3 { _ = RawGreenlet {} }
                side.handles = [main, finished, RawGreenlet {}, RawGreenlet {}] + suspended
                runOnThreadAndWait { side.handles.removeLast(2) }  // suspended ones: their thread hears of them
                runOnThreadAndWait { side.handles.removeLast() }
            }
            #expect(side.handles.count == 3)
            while !side.handles.isEmpty {
                #expect(side.thread != nil)
                side.handles.removeLast()
            }
            #expect(side.thread == nil)
            runOnThreadAndWait {
                side.thread = GreenletThread.current
                _ = try? RawGreenlet {}.switch()
            }
            #expect(side.thread == nil, "nobody had a handle on it")
        }
    }

    @Test func aDroppedChildIsGoneWhenTheParentThatItHeldEnds() async {
        await onThread {
            let weak = Weak()
            var seen: [Bool] = []
            let main = RawGreenlet.current
            var worker: RawGreenlet? = RawGreenlet {
                defer { seen.append(weak.greenlet == nil) }
                try main.switch()
            }
            try worker?.switch()
            var child: RawGreenlet? = RawGreenlet(parent: worker) {}
            weak.greenlet = child
            worker = nil
            _ = RawGreenlet {}
            #expect(seen == [])
            child = nil
            _ = RawGreenlet {}
            #expect(seen == [true])
        }
    }

    @Test(.enabled(if: measuresMemory)) func greenletsThatRunToTheirEndLeaveNoMemory() async {
        await onThread {
            let isSettled = settles {
                for _ in 0..<5_000 { _ = try? RawGreenlet { _ in 1 }.switch(nil) }
            }
            #expect(isSettled)
        }
    }

    @Test(.enabled(if: measuresMemory), arguments: [true, false])
    func threadsThatEndWithSuspendedGreenletsLeaveNoMemory(isDropped: Bool) async {
        await onThread {
            let isSettled = settles {
                runOnThreadAndWait {
                    let main = RawGreenlet.current
                    var greenlets = (0..<1_000).map { _ in RawGreenlet { try main.switch() } }
                    for greenlet in greenlets { _ = try? greenlet.switch() }
                    if isDropped { greenlets = [] }
                    withExtendedLifetime(greenlets) {}
                }
            }
            #expect(isSettled)
        }
    }
}
