// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What raw greenlets find that end when their thread does, after the hub has ended.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct EndOfThreadTests {
    /// What the last `defer`s of a thread saw.
    private final class Seen: @unchecked Sendable {
        // Safe because the thread that writes has ended before the test reads.
        var errors: [(any Error)?] = []
        var ran = false
        var handle: RawGreenlet?

        var codes: [GreenletError.Code?] { errors.map { ($0 as? GreenletError)?.code } }
    }

    @Test func whoWaitsInADeferOfAnEndingThreadIsToldSo() async {
        await onThread {
            let seen = Seen()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let event = Event()
                let raw = RawGreenlet {
                    defer {
                        seen.errors.append(caught { try sleep(.milliseconds(1)) })
                        seen.errors.append(caught { _ = try event.wait(timeout: .milliseconds(1)) })
                        seen.errors.append(caught { try yieldNow() })
                    }
                    try sleep(.milliseconds(1))  // the hub knows it from now on
                    try main.switch()
                }
                _ = caught { try raw.switch() }
                seen.handle = raw
            }
            #expect(seen.codes == [.hubDestroyed, .hubDestroyed, .hubDestroyed])
            #expect("\(seen.errors.first.flatMap { $0 }.map { "\($0)" } ?? "")".contains("which is ending"))
            #expect(seen.handle?.isDead == true)
        }
    }

    @Test func aThreadThatNeverHadAHubGetsNoneWhenItEnds() async {
        await onThread {
            let seen = Seen()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let raw = RawGreenlet {
                    defer { seen.errors.append(caught { try sleep(.milliseconds(1)) }) }
                    try main.switch()
                }
                _ = try? raw.switch()
            }
            #expect(seen.codes == [.hubDestroyed])
        }
    }

    @Test func whatIsSpawnedThenNeverRunsAndSaysSo() async {
        await onThread {
            let seen = Seen()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                Hub.current.errorHandler = { seen.errors.append($1) }
                let raw = RawGreenlet {
                    defer {
                        spawn { seen.ran = true }
                        spawn(after: .seconds(1)) { seen.ran = true }
                    }
                    try main.switch()
                }
                _ = try? raw.switch()
            }
            #expect(!seen.ran)
            #expect(seen.codes == [.hubDestroyed, .hubDestroyed])
        }
    }

    /// Starts a greenlet when it goes.
    private final class Late {
        private let seen: Seen
        init(_ seen: Seen) { self.seen = seen }

        deinit {
            let raw = RawGreenlet { try RawGreenlet.current.parent?.switch() }
            _ = caught { try raw.switch() }
            seen.handle = raw
        }
    }

    @Test func whoeverIsStartedByWhatTheHubLetsGoOfEndsToo() async {
        await onThread {
            let seen = Seen()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let raw = RawGreenlet {
                    let late = Late(seen)
                    defer { spawn { withExtendedLifetime(late) {} } }
                    try sleep(.milliseconds(1))
                    try main.switch()
                }
                _ = caught { try raw.switch() }
            }
            #expect(seen.handle?.isDead == true)
            #expect(seen.handle != nil && seen.handle?.parent == nil)
        }
    }

    @Test func aHandleOnAGreenletOfAHubThatIsGivenTheMainOneAsParentKeepsIt() async {
        await onHub {
            var handle: RawGreenlet?
            let main = RawGreenlet.current
            let greenlet = spawn {
                let own = RawGreenlet.current
                try own.setParent(main)
                #expect(own.parent === main)
                handle = own
            }
            try greenlet.join()
            #expect(handle?.isDead == true && handle?.parent === main)
            #expect(try handle?.switch(7) as? Int == 7)
        }
    }

    @Test func theHubIsFreedWithItsThread() async {
        final class Weak: @unchecked Sendable {
            // Safe because the thread that writes has ended before the test reads.
            weak var hub: Hub?
            weak var greenlet: RawGreenlet?
        }
        await onThread {
            let weak = Weak()
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let raw = RawGreenlet {
                    defer { _ = AnyGreenlet.current.name }
                    try sleep(.milliseconds(1))
                    try main.switch()
                }
                _ = caught { try raw.switch() }
                // Over, and never thrown: the hub's own greenlet does not wait.
                spawn {}.rawLink { _ in Timeout(.milliseconds(1)).start() }
                _ = caught { try sleep(.milliseconds(3)) }
                (weak.hub, weak.greenlet) = (Hub.current, raw)
            }
            #expect(weak.hub == nil && weak.greenlet == nil)
        }
    }
}
