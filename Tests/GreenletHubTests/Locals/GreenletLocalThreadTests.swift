// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One local on several threads: each thread has its own values, and ends them.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

@Suite struct GreenletLocalThreadTests {
    @Test func oneLocalServesTwoThreads() async {
        await onHub {
            let census = Census()
            let local = census.local()
            let own = local.value
            runOnThreadAndWait {
                let theirs = local.value
                #expect(theirs !== own)
                let greenlets = (0..<100).map { _ in spawn { local.value.number } }
                let numbers = caughtValue { try Set(greenlets.map { try $0.get() }) }
                #expect(numbers?.count == 100 && census.alive == 2)
            }
            #expect(census.made == 102 && census.alive == 1 && local.value === own)
        }
    }

    @Test func threadsUseOneLocalAtTheSameTime() async {
        await onHub {
            let census = Census()
            let running = Atomic(4)
            let rounds = isSanitized ? 10 : 200
            let release = AtomicBox()
            do {
                let local = census.local()
                for _ in 0..<4 {
                    startThread {
                        for _ in 0..<rounds {
                            let greenlets = (0..<5).map { _ in spawn { local.value.number } }
                            _ = try? joinAll(greenlets)
                        }
                        _ = local.value
                        running.subtract(1, ordering: .releasing)
                        release.wait()
                    }
                }
                while running.load(ordering: .acquiring) > 0 { try sleep(.milliseconds(1)) }
                #expect(census.made == 20 * rounds + 4 && census.alive == 4)
            }
            release.open()
            let start = ContinuousClock.now
            while census.alive > 0, ContinuousClock.now - start < .seconds(10) { try sleep(.milliseconds(1)) }
            #expect(census.alive == 0)
        }
    }

    @Test func theEndOfAThreadEndsAllItsValues() async {
        await onThread {
            let census = Census()
            let local = census.local()
            runOnThreadAndWait {
                _ = local.value
                Hub.current.runSoon { _ = local.value }
                spawn {
                    _ = local.value
                    try sleep(.seconds(10))
                }
                let main = RawGreenlet.current
                let raw = RawGreenlet {
                    defer { _ = local.value }
                    _ = local.value
                    try main.switch()
                }
                _ = try? raw.switch()
                _ = try? sleep(.milliseconds(1))
                #expect(census.alive == 4)
            }
            #expect(census.made >= 4 && census.alive == 0)
        }
    }

    @Test func aLocalThatIsDroppedElsewhereLeavesTheValuesToTheirGreenlets() async {
        await onHub {
            let census = Census()
            let held = Mutex<GreenletLocal<Counted>?>(census.local())
            let greenlet = spawn {
                _ = held.withLock { $0 }?.value
                try sleep(.seconds(10))
            }
            try settle()
            runOnThreadAndWait { held.withLock { $0 = nil } }
            #expect(census.alive == 1)
            let next = GreenletLocal { 5 }
            #expect(next.value == 5)
            try greenlet.kill()
            #expect(census.alive == 0)
        }
    }
}

/// What `body` returns, unless it throws.
private func caughtValue<Value>(_ body: () throws -> Value) -> Value? { try? body() }

/// A door between threads.
private final class AtomicBox: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    func wait() { while !isOpen.load(ordering: .acquiring) { try? sleep(.milliseconds(1)) } }
}
