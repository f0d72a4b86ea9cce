// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A hub that ends before its thread does.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

@Suite struct DestroyTests {
    @Test func greenletsEndAndTheNextUseMakesANewHub() async {
        await onHub {
            var ended: [String] = []
            try destroyOne()
            #expect(ended.sorted() == ["blocked", "sleeper"])
            let answer = try spawn { 42 }.get()
            #expect(answer == 42)

            func destroyOne() throws {
                let hub = Hub.current
                let sleeper = spawn {
                    defer { ended.append("sleeper") }
                    try sleep(.seconds(20))
                }
                let blocked = spawn {
                    defer { ended.append("blocked") }
                    try Event().wait()
                }
                let later = spawn(after: .seconds(20)) { ended.append("never") }
                let created = Greenlet { ended.append("never") }
                try sleep(.milliseconds(1))
                try hub.destroy()
                #expect(Hub.ifPresent == nil)
                #expect(sleeper.isReady && blocked.isReady && later.isReady && !created.isReady)
                let (joined, killed) = (try sleeper.join(), try blocked.kill())
                #expect(joined && killed)
                try hub.destroy()  // again: nothing is left to do
                #expect(Hub.current !== hub)
                try hub.destroy()
            }
        }
    }

    @Test func whoRefusedToEndIsServedNoMore() async {
        await onHub(allowingLeftovers: true) {
            let (event, semaphore) = (Event(), Semaphore(0))
            for _ in 0..<2 {
                spawn(name: "stubborn") {
                    while true {
                        do { try event.wait() } catch { try semaphore.acquire() }
                    }
                }
            }
            try sleep(.milliseconds(1))
            try Hub.current.destroy()
            event.set()
            semaphore.release()
            #expect(semaphore.value == 1)  // nobody took it
            try semaphore.acquire()
        }
    }

    @Test func rawLinksOfThoseWhoNeverRanAreCalled() async {
        await onHub {
            var called = 0
            let delayed = spawn(after: .seconds(60)) {}
            delayed.rawLink { _ in called += 1 }
            try Hub.current.destroy()
            #expect(called == 1)
        }
    }

    @Test func whatIsSpawnedInTheLastMomentForLaterNeverRuns() async {
        await onHub {
            var late: Greenlet<Void>?
            var linked = 0
            let cleaner = spawn {
                defer {
                    late = spawn(after: .seconds(60)) {}
                    late?.link { _ in linked += 1 }
                }
                try sleep(.seconds(60))
            }
            try sleep(.milliseconds(1))
            try Hub.current.destroy()
            #expect(cleaner.isReady && late?.isReady == true && linked == 1)
            let answer = try spawn { 42 }.get()
            #expect(answer == 42)
        }
    }

    @Test func manyHubsInARowLeaveNothingBehind() async {
        await onHub {
            let event = Event()  // belongs to no hub
            for number in 0..<20 {
                let waiter = spawn { try event.wait() }
                try sleep(.microseconds(10))
                event.set()
                let isSet = try waiter.get()
                #expect(isSet)
                event.clear()
                var heard = 0
                let watcher = try SignalWatcher(SIGWINCH) { heard += 1 }
                try Hub.current.destroy()
                watcher.cancel()
                #expect(Hub.current.aliveCount == 0, "hub \(number)")
            }
        }
    }

    @Test func whatTheMainGreenletHoldsItCanReleaseAfterwards() async {
        await onHub {
            let (lock, table) = (ReentrantLock(), ReadWriteLock())
            try lock.acquire()
            try table.acquireWrite()
            try Hub.current.destroy()
            #expect(lock.isHeld)
            try spawn {
                #expect(!lock.isHeld && !lock.tryAcquire())
                #expect(caught { try lock.release() } as? GreenletError == GreenletError(.invalidArgument, ""))
                #expect(caught { try table.releaseWrite() } as? GreenletError == GreenletError(.invalidArgument, ""))
            }.get()
            try lock.acquire()
            #expect(lock.depth == 2)
            try lock.release()
            let waiter = spawn { try lock.withLock { try table.withWriteLock { 1 } } }
            try yieldNow()
            try lock.release()
            #expect(caught { try table.acquireWrite() } is GreenletError)  // and doesn't wait for itself
            try table.releaseWrite()
            let value = try waiter.get()
            #expect(value == 1 && !lock.isLocked && table.writer == nil)
        }
    }

    @Test func theScopesOfTheMainGreenletGoOn() async {
        await onHub {
            let local = SpawnTreeLocal("none")
            try local.withValue("outer") {
                try local.withValue("inner") {
                    try Hub.current.destroy()
                    let child = try spawn { local.value }.get()
                    #expect(local.value == "inner" && child == "inner")
                }
                #expect(local.value == "outer")
            }
            let after = try spawn { local.value }.get()
            #expect(local.value == "none" && after == "none")
            try shield {
                try Hub.current.destroy()
                #expect(AnyGreenlet.current.isShielded)
            }
            #expect(!AnyGreenlet.current.isShielded)
        }
    }

    @Test func rawGreenletsThatTheHubHasMetGoOn() async {
        await onHub {
            let main = RawGreenlet.current
            var steps = 0
            let raw = RawGreenlet {
                for _ in 0..<2 {
                    try sleep(.milliseconds(1))
                    steps += 1
                    try main.switch()
                }
                steps += 1
            }
            try raw.switch()
            try Hub.current.destroy()
            try raw.switch()  // it sleeps on the next hub
            #expect(steps == 2)
            try raw.switch()
            #expect(steps == 3 && raw.isDead)
        }
    }

    @Test func onlyTheMainGreenletMayDoIt() async {
        await onHub {
            let hub = Hub.current
            let greenlet = spawn(name: "busy") { try hub.destroy() }
            let error = try #require(caught { try greenlet.get() } as? GreenletError)
            #expect(error.code == .notMainGreenlet && error.message.hasPrefix("busy ("))
            var inCallback: (any Error)?
            hub.runSoon { inCallback = caught { try hub.destroy() } }
            try sleep(.milliseconds(1))
            #expect((inCallback as? GreenletError)?.code == .blockingInHub)
            try sleep(.milliseconds(1))
            #expect(Hub.current === hub)
        }
    }

    @Test func aGreenletOfADestroyedHubTrapsWithWords() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            runOnThreadAndWait {
                let created = Greenlet {}
                if caught({ try Hub.current.destroy() }) == nil { created.start() }
            }
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("its hub was destroyed, and the thread has another one since"))
    }
}
