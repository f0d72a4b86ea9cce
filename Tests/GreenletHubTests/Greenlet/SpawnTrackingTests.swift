// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who spawned a greenlet and from where, and who is told of spawns.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct SpawnTrackingTests {
    @Test func thePlaceOfASpawnIsKnown() async {
        await onHub {
            let line: UInt = #line + 1
            let greenlet = spawn {}
            #expect(greenlet.spawnSite?.description == "GreenletHubTests/SpawnTrackingTests.swift:\(line)")
            #expect(greenlet.spawner == nil && greenlet.spawnBacktrace.isEmpty)
            #expect(AnyGreenlet.current.spawnSite == nil)
            try greenlet.join()
        }
    }

    @inline(never)
    private static func spawnFromHere(_ body: @escaping () throws -> Void) -> Greenlet<Void> { spawn(body) }

    @Test func theSpawnerAndItsCallsAreKeptIfAskedFor() async {
        await onHub {
            Hub.current.tracksSpawning = true
            let outer = spawn {
                let inner = Self.spawnFromHere {}
                #expect(inner.spawner === AnyGreenlet.current)
                let names = inner.spawnBacktrace.map { $0.symbol ?? "" }
                #expect(names.first?.contains("spawnFromHere") == true && names.count <= 10, "\(names)")
                try inner.join()
                #expect(inner.spawner == nil && inner.spawnBacktrace.isEmpty)
            }
            #expect(outer.spawner === AnyGreenlet.current)
            try outer.get()
            Hub.current.tracksSpawning = false
            let untracked = spawn {}
            #expect(untracked.spawner == nil)
            try untracked.join()
        }
    }

    @Test func aSpawnerThatHasGoneIsNoLongerNamed() async {
        await onHub {
            Hub.current.tracksSpawning = true
            let gate = Event()
            let outer = spawn { spawn { try gate.wait() } }
            let inner = try outer.get()
            #expect(inner.spawner === outer)
            // Greenlets don't keep those that spawned them alive.
            let other = try spawn { spawn { try gate.wait() } }.get()
            try settle()
            #expect(other.spawner == nil)
            gate.set()
            try joinAll([inner, other])
        }
    }

    @Test func trackingAndTreesGoTogether() async {
        await onHub {
            let local = SpawnTreeLocal("none")
            Hub.current.tracksSpawning = true
            try local.withValue("bound") {
                let child = spawn { local.value }
                #expect(child.spawner === AnyGreenlet.current)
                try #expect(child.get() == "bound")
            }
        }
    }

    @Test func callbacksAreToldOfEachStart() async {
        await onHub {
            var told: [String] = []
            let hub = Hub.current
            let first = hub.addSpawnCallback { told.append("1 \($0.name)") }
            hub.addSpawnCallback { told.append("2 \($0.name)") }
            let greenlet = Greenlet(name: "late") {}
            #expect(told.isEmpty)
            greenlet.start()
            greenlet.start()
            #expect(told == ["1 late", "2 late"])
            hub.removeSpawnCallback(first)
            hub.removeSpawnCallback(first)
            let delayed = spawn(after: .milliseconds(1), name: "delayed") {}
            #expect(told == ["1 late", "2 late", "2 delayed"])
            try joinAll([greenlet, delayed])
        }
    }

    @Test func aCallbackThatSpawnsIsNotToldOfThat() async {
        await onHub {
            var told: [String] = []
            let hub = Hub.current
            hub.addSpawnCallback {
                told.append("1 \($0.name)")
                spawn(name: "by 1 for \($0.name)") {}
            }
            hub.addSpawnCallback { told.append("2 \($0.name)") }
            for name in ["a", "b"] {
                told = []
                let greenlet = spawn(name: name) {}
                #expect(told == ["1 \(name)", "2 by 1 for \(name)", "2 \(name)"])
                try greenlet.join()
            }
            try hub.join()
        }
    }

    @Test func linksAreNoSpawns() async {
        await onHub {
            var told: [String] = []
            Hub.current.addSpawnCallback { told.append($0.name) }
            var linked = 0
            let greenlet = spawn(name: "only") {}
            greenlet.link { _ in
                linked += 1
                spawn(name: "by the link") {}
            }
            try greenlet.join()
            greenlet.link { _ in linked += 1 }
            try settle()
            #expect(linked == 2 && told == ["only", "by the link"])
        }
    }

    @Test func aCallbackMayHoldWhatTakesItBack() async {
        await onHub {
            final class Token {
                var callback: SpawnCallbackID?
                deinit { if let callback { Hub.current.removeSpawnCallback(callback) } }
            }
            let hub = Hub.current
            var told = 0
            let ids = (0..<3).map { _ in
                let token = Token()
                let id = hub.addSpawnCallback { _ in
                    withExtendedLifetime(token) {}
                    told += 1
                }
                token.callback = id
                return id
            }
            for id in ids { hub.removeSpawnCallback(id) }
            try spawn {}.join()
            #expect(told == 0)
        }
    }
}
