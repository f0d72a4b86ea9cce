// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Handles that are dropped on other threads while their own thread switches, ends, and makes handles anew.

import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

/// Running, and the handle goes meanwhile: makes a new one, or finds the old one.
///
/// On its own, so that no reference stays on the stack of a greenlet that stops.
@inline(never)
private func findItself(under parent: RawGreenlet, _ bin: Bin<RawGreenlet>) {
    bin.put(RawGreenlet.current)
    let me = RawGreenlet.current
    #expect(me.isActive && me.parent === parent)
}

@Suite struct ForeignDropTests {
    @Test func allThatOthersDropEndOnTheirOwnThread() async {
        await onThread {
            var (started, ended) = (0, 0)
            let main = RawGreenlet.current
            let here = pthread_self()
            try withDroppers(3) { (bin: Bin<RawGreenlet>) in
                for _ in 0..<20_000 {
                    let greenlet = RawGreenlet {
                        defer { ended += 1 }
                        try main.switch()
                        #expect(pthread_equal(here, pthread_self()) != 0)
                    }
                    try greenlet.switch()
                    started += 1
                    bin.put(greenlet)
                }
            }
            _ = RawGreenlet {}
            #expect(started == ended)
        }
    }

    @Test func whoRunsOrEndsWhileOthersDropItIsNotHarmed() async {
        await onThread {
            var (begun, ended) = (0, 0)
            let main = RawGreenlet.current
            try withDroppers(3) { (bin: Bin<RawGreenlet>) in
                for round in 0..<20_000 {
                    let greenlet = RawGreenlet { _ in
                        begun += 1
                        defer { ended += 1 }
                        findItself(under: main, bin)
                        if round % 3 == 0 { try main.switch() }
                        return round
                    }
                    let start = RawGreenlet(parent: greenlet) {}
                    bin.put(greenlet)
                    try start.switch()
                }
            }
            _ = RawGreenlet {}
            #expect(begun == 20_000 && ended == 20_000)
        }
    }

    @Test func threadsMayEndWhileOthersDropTheirGreenlets() async {
        final class Count: @unchecked Sendable {
            // Safe because one thread after the other adds to it.
            var ended = 0
        }
        await onThread {
            let count = Count()
            withDroppers(2) { (bin: Bin<RawGreenlet>) in
                for _ in 0..<200 {
                    runOnThreadAndWait {
                        let main = RawGreenlet.current
                        for number in 0..<10 {
                            let greenlet = RawGreenlet(stackSize: number == 5 ? 1 << 20 : 0) {
                                defer { count.ended += 1 }
                                try main.switch()
                            }
                            _ = try? greenlet.switch()
                            bin.put(greenlet)
                        }
                    }
                }
            }
            #expect(count.ended == 2_000)
        }
    }

    @Test func theFastWaySeesWhatOthersDropped() async {
        await onThread {
            var ended = 0
            let main = RawGreenlet.current
            let partner = RawGreenlet { while true { try RawGreenlet.switch(to: main) } }
            try withDroppers(1) { (bin: Bin<RawGreenlet>) in
                for _ in 0..<2_000 {
                    let greenlet = RawGreenlet {
                        defer { ended += 1 }
                        try RawGreenlet.switch(to: main)
                    }
                    try RawGreenlet.switch(to: greenlet)
                    bin.put(greenlet)
                    for _ in 0..<10 { try RawGreenlet.switch(to: partner) }
                }
            }
            try RawGreenlet.switch(to: partner)
            #expect(ended == 2_000)
        }
    }
}
