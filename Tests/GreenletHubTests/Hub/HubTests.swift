// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The life of a hub.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

@Suite struct HubTests {
    @Test func aThreadHasOneHubMadeOnFirstUse() async {
        await onHub {
            let hub = Hub.current
            #expect(Hub.current === hub)
            let inside = try spawn { Hub.current }.get()
            #expect(inside === hub)
        }
    }

    @Test func itSaysWhatItIs() async {
        await onHub {
            let hub = Hub.current
            #expect(hub.name.hasPrefix("thread "))
            let sleeper = spawn { try sleep(.seconds(30)) }
            try settle()
            #expect("\(hub)" == "hub of \(hub.name), 1 greenlets, 1 timers")
            hub.name = "ingest"
            #expect("\(hub)".hasPrefix("hub of ingest, "))
            try sleeper.kill()
        }
    }

    @Test func theHubEndsWithItsThreadAndNothingOfItIsLeft() async throws {
        let observer = Observer()
        await onHub {
            observer.hub = Hub.current
            observer.record = Hub.current.thread
            try spawn { try sleep(.milliseconds(1)) }.join()
        }
        for _ in 0..<400 where observer.hub != nil || observer.record != nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(observer.hub == nil && observer.record == nil)
    }

    @Test func aDroppedRawGreenletThatItsHubHasResumedIsNotEndedOnceMore() async {
        await onHub {
            let event = Event()
            let main = RawGreenlet.current
            var ends = 0
            for isLast in [false, true] {
                var raw: RawGreenlet? = RawGreenlet {
                    defer { ends += 1 }
                    try event.wait()
                    if isLast { _ = RawGreenlet {} }  // a safe point: it must not end itself
                }
                Hub.current.runSoon { _ = try? main.switch() }
                try raw?.switch()
                raw = nil
            }
            #expect(ends == 1, "creating the second one was a safe point")
            event.set()
            _ = caught { try sleep(.milliseconds(1)) }  // the end of the other comes here, to its parent
            #expect(ends == 2)
            try spawn {}.join()  // takes its stack
            _ = RawGreenlet {}
            #expect(ends == 2)
        }
    }

    @Test(arguments: [false, true])
    func aRawGreenletThatWaitsIsUnwoundWithItsThread(isWoken: Bool) async {
        let ending = Ending()
        await onHub(allowingLeftovers: true) {
            let event = Event()
            let main = RawGreenlet.current
            let raw = RawGreenlet {
                defer { ending.isUnwound = true }
                try event.wait()
            }
            spawn { try main.switch() }
            #expect(caught { try raw.switch() } == nil)
            if isWoken { event.set() }  // stands in the run queue when the thread ends
        }
        for _ in 0..<600 where !ending.isUnwound { usleep(5_000) }
        #expect(ending.isUnwound)
    }

    @Test func aDescriptorOfAHubThatCouldNotEndIsNotWatched() async throws {
        let kept = Kept()
        var ends: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        kept.ends = ends
        runOnThreadAndWait {
            let main = RawGreenlet.current
            kept.poller = try? Hub.current.poller(for: kept.ends[0])
            spawn { try main.switch() }
            _ = caught { try sleep(.milliseconds(1)) }  // left by hand, it can't end with the thread
        }
        // Safe because a hub that could not end stays for ever, and its pollers with it.
        #expect(kept.poller?.isClosed == true)
        for end in kept.ends { close(end) }
    }
}

/// What another thread leaves behind.
///
/// Safe because that thread is done with it before it is looked at.
private final class Kept: @unchecked Sendable {
    var poller: Poller?
    var ends: [CInt] = []
}

/// Whether a greenlet of another thread has come to its end.
private final class Ending: Sendable {
    private let flag = Atomic(false)

    var isUnwound: Bool {
        get { flag.load(ordering: .acquiring) }
        set { flag.store(newValue, ordering: .releasing) }
    }
}

/// Sees objects of another thread go.
///
/// Safe because it is written before the other thread ends, and read only for being nil.
private final class Observer: @unchecked Sendable {
    weak var hub: Hub?
    weak var record: AnyObject?
}
