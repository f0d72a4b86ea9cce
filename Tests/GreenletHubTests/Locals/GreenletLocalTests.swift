// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Variables of which each greenlet has its own, and how long the values live.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

/// Does something when it ends.
private final class AtEnd: Sendable {
    let action: @Sendable () -> Void

    init(_ action: @escaping @Sendable () -> Void) { self.action = action }

    deinit { action() }
}

@Suite struct GreenletLocalTests {
    @Test func eachGreenletHasItsOwnMadeWhenItLooksFirst() async {
        await onHub {
            let census = Census()
            let local = census.local()
            #expect(census.made == 0)
            let own = local.value
            let numbers = try (0..<3).map { _ in
                try spawn {
                    let first = local.value
                    try yieldNow()
                    #expect(local.value === first)
                    return first.number
                }.get()
            }
            #expect(own.number == 1 && numbers == [2, 3, 4] && local.value === own)
        }
    }

    @Test func itIsSetAndChangedInPlace() async {
        await onHub {
            let local = GreenletLocal { [0] }
            local.value.append(1)
            let other = spawn {
                local.value = [7]
                try yieldNow()
                local.value[0] += 1
                return local.value
            }
            let theirs = try other.get()
            #expect(theirs == [8] && local.value == [0, 1])
        }
    }

    @Test func changingInPlaceCopiesNothing() async {
        await onHub {
            let local = GreenletLocal { [UInt8](repeating: 0, count: 1000) }
            let before = local.value.withUnsafeBytes { $0.baseAddress }
            for index in 0..<100 { local.value[index] = 1 }
            #expect(local.value.withUnsafeBytes { $0.baseAddress } == before)
        }
    }

    @Test func aGreenletThatIsStillHeldHasNoValuesAfterItsEnd() async {
        await onHub {
            let census = Census()
            let local = census.local()
            let ends: [Greenlet<Void>] = [
                spawn { _ = local.value },
                spawn {
                    _ = local.value
                    throw GreenletExit()
                },
                spawn {
                    _ = local.value
                    try sleep(.seconds(10))
                },
            ]
            try settle()
            #expect(census.made == 3 && census.alive == 1)
            try ends[2].kill()
            #expect(census.alive == 0 && ends.allSatisfy { $0.isReady })
        }
    }

    @Test func whoIsToldOfAnErrorStillSeesTheValues() async {
        await onHub {
            let local = GreenletLocal { "none" }
            let seen = Mutex("")
            Hub.current.errorHandler = { _, _ in seen.withLock { $0 = local.value } }
            let failing = spawn {
                local.value = "request 7"
                throw TestError()
            }
            try failing.join()
            #expect(seen.withLock { $0 } == "request 7")
        }
    }

    @Test func aLocalThatGoesTakesAllValuesWithIt() async {
        await onHub {
            let census = Census()
            let kept = census.local()
            var dropped: GreenletLocal<Counted>? = census.local()
            let holder = { [weak dropped] in
                _ = (kept.value, dropped?.value)
                try sleep(.seconds(10))
            }
            let greenlets = (0..<10).map { _ in spawn { try holder() } }
            _ = (kept.value, dropped?.value)
            try settle()
            #expect(census.alive == 22)
            dropped = nil
            #expect(census.alive == 11)
            try killAll(greenlets)
            #expect(census.alive == 1)
            kept.reset()
            #expect(census.alive == 0)
        }
    }

    @Test func temporaryLocalsLeaveNothingInALongLivedGreenlet() async {
        await onHub {
            let census = Census()
            for number in 0..<1000 {
                let local = census.local()
                #expect(local.value.number == number + 1)
            }
            #expect(census.alive == 0)
        }
    }

    @Test func resettingForgetsTheValueOfThisGreenletOnly() async {
        await onHub {
            let local = GreenletLocal { 0 }
            local.reset()
            local.value = 1
            try spawn {
                local.value = 2
                local.reset()
                #expect(local.value == 0)
            }.get()
            #expect(local.value == 1)
            local.reset()
            #expect(local.value == 0)
        }
    }

    @Test func theClosureMayLookAtOtherLocals() async {
        await onHub {
            let base = GreenletLocal { 20 }
            let derived = GreenletLocal { base.value + 1 }
            #expect(derived.value == 21 && base.value == 20)
        }
    }

    @Test func aValueThatEndsMayLookAtLocals() async {
        await onHub {
            let census = Census()
            let local = census.local()
            let chain = GreenletLocal { AtEnd { _ = local.value } }
            for _ in 0..<10 {
                try spawn { _ = (local.value, chain.value) }.get()
                chain.value = AtEnd {}
                chain.value = AtEnd { _ = local.value }
                chain.reset()
            }
            #expect(census.made >= 10 && census.alive == 1)  // the main greenlet's
        }
    }

    @Test func aValueThatMakesItselfAnewDoesNotKeepItsGreenletFromEnding() async {
        await onHub {
            let held = Mutex<GreenletLocal<AtEnd>?>(nil)
            let rounds = Atomic(0)
            let local = GreenletLocal {
                AtEnd {
                    rounds.add(1, ordering: .relaxed)
                    _ = held.withLock { $0 }?.value
                }
            }
            held.withLock { $0 = local }
            let greenlet = spawn { _ = local.value }
            try greenlet.get()
            let count = rounds.load(ordering: .relaxed)
            #expect(count == 4)
            held.withLock { $0 = nil }
        }
    }

    @Test func whatIsMadeAfterTheEndGoesWithTheGreenlet() async {
        await onHub {
            let ends = Atomic(0)
            var chain: GreenletLocal<AtEnd>?
            for _ in 0..<6 {
                let next = chain
                chain = GreenletLocal {
                    AtEnd {
                        ends.add(1, ordering: .relaxed)
                        _ = next?.value
                    }
                }
            }
            let first = try #require(chain)
            var greenlet: AnyGreenlet? = spawn { _ = first.value }
            try settle()
            #expect(greenlet?.isReady == true && ends.load(ordering: .relaxed) == 4)
            greenlet = nil
            // The last one is the main greenlet's, on which the one before has ended.
            #expect(ends.load(ordering: .relaxed) == 5)
        }
    }

    @Test func callbacksOfTheHubHaveTheirOwn() async {
        await onHub {
            let local = GreenletLocal { 0 }
            local.value = 1
            let seen = Mutex<[Int]>([])
            for _ in 0..<2 {
                Hub.current.runSoon {
                    local.value += 10
                    let value = local.value
                    seen.withLock { $0.append(value) }
                }
                try sleep(.milliseconds(1))
            }
            #expect(seen.withLock { $0 } == [10, 20] && local.value == 1)
        }
    }

    @Test func rawGreenletsHaveTheirOwnUntilTheyEnd() async {
        await onHub {
            let census = Census()
            let local = census.local()
            let own = local.value
            let main = RawGreenlet.current
            let raw = RawGreenlet {
                let first = local.value
                #expect(first !== own)
                try main.switch()
                #expect(local.value === first)
            }
            try raw.switch()
            #expect(census.alive == 2 && local.value === own)
            try raw.switch()
            #expect(raw.isDead && census.alive == 1)
        }
    }

    @Test func aValueOfARawGreenletMayLookAtLocalsWhenItEnds() async {
        await onHub {
            let census = Census()
            let local = census.local()
            let chain = GreenletLocal { AtEnd { _ = local.value } }
            for _ in 0..<100 { try RawGreenlet { _ = chain.value }.switch() }
            #expect(census.made == 100 && census.alive == 0)
        }
    }

    @Test func aDroppedRawGreenletLosesItsValues() async {
        await onHub {
            let census = Census()
            let local = census.local()
            let main = RawGreenlet.current
            var raw: RawGreenlet? = RawGreenlet {
                _ = local.value
                try main.switch()
            }
            try raw?.switch()
            raw = nil
            _ = RawGreenlet {}  // a safe point
            #expect(census.made == 1 && census.alive == 0)
        }
    }

    @Test func thousandsOfGreenletsEachWithSeveral() async {
        await onHub {
            let census = Census()
            let numbers = GreenletLocal { -1 }
            let objects = (0..<3).map { _ in census.local() }
            let event = Event()
            let count = isSanitized ? 300 : 5000
            let greenlets = (0..<count).map { number in
                spawn {
                    numbers.value = number
                    let mine = objects.map { ObjectIdentifier($0.value) }
                    try event.wait()
                    return numbers.value == number && objects.map { ObjectIdentifier($0.value) } == mine
                }
            }
            try settle()
            #expect(census.alive == 3 * count)
            event.set()
            let right = try greenlets.filter { try $0.get() }
            #expect(right.count == count && census.alive == 0)
        }
    }

    @Test func manyLocalsInOneGreenlet() async {
        await onHub {
            let locals = (0..<5000).map { number in GreenletLocal { number } }
            for local in locals { local.value += 1 }
            #expect(locals.enumerated().allSatisfy { $0.element.value == $0.offset + 1 })
        }
    }

    @Test func whatABodyCapturedEndsBeforeTheValuesDo() async {
        await onHub {
            let census = Census()
            let local = census.local()
            var seen: [Bool] = []
            func started() -> Greenlet<Void> {
                let atEnd = AtEndHere { seen.append(local.value.number == census.made) }
                return spawn {
                    withExtendedLifetime(atEnd) {}
                    _ = local.value
                }
            }
            for _ in 0..<3 { try started().join() }
            #expect(seen == [true, true, true] && census.made == 3 && census.alive == 0)
        }
    }

    @Test func whatABodyReturnsMayLookAtLocalsWhenItEnds() async {
        await onHub {
            let census = Census()
            let local = census.local()
            var ends = 0
            for _ in 0..<3 {
                spawn {
                    AtEndHere {
                        _ = local.value
                        ends += 1
                    }
                }
            }
            try settle()
            #expect(ends == 3 && census.alive == 0)
        }
    }
}

/// Does something when it ends, on the thread that made it.
private final class AtEndHere {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) { self.action = action }

    deinit { action() }
}
