// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The rows of groups and pools.

import GreenletCore
import GreenletHub
import GreenletTestSupport

extension HubCalls {
    static let ofGroups = ofPlainGroups + ofPools + ofPlaces + ofScopes + ofMaps

    private static let ofPlainGroups = [
        BlockingCall("AnyGroup.join(timeout:raisingErrors:)", of: "a group", .all) {
            let member = unstarted()
            let group = Group([member])
            return Scene(serve: { try member.kill() }) { try group.join(timeout: $0) }
        },
        BlockingCall("AnyGroup.kill(with:wait:timeout:)", of: "a group", .all) {
            let stubborn = Stubborn()
            let group = Group([stubborn.greenlet])
            return Scene(serve: stubborn.end, end: stubborn.end) { try group.kill(timeout: $0) }
        },
        BlockingCall("AnyGroup.killOne(_:with:wait:timeout:)", of: "a group", .all) {
            let stubborn = Stubborn()
            let group = Group([stubborn.greenlet])
            return Scene(serve: stubborn.end, end: stubborn.end) { try group.killOne(stubborn.greenlet, timeout: $0) }
        },
        inGroup("apply(file:line:_:)") { group, gate in try group.apply { try gate.wait() } },
        inGroup("map(_:file:line:_:)") { group, gate in try group.map([1]) { _ in try gate.wait() } == [true] },
    ]

    private static let ofPools = [
        BlockingCall("AnyGroup.join(timeout:raisingErrors:)", of: "a pool", .all) {
            let (pool, member) = try fullPool()
            return Scene(serve: { try member.kill() }) { try pool.join(timeout: $0) }
        },
        BlockingCall("AnyGroup.kill(with:wait:timeout:)", of: "a pool", .all) {
            let stubborn = Stubborn()
            let pool = Pool(size: 1)
            try pool.add(stubborn.greenlet)
            return Scene(serve: stubborn.end, end: stubborn.end) { try pool.kill(timeout: $0) }
        },
        BlockingCall("AnyGroup.killOne(_:with:wait:timeout:)", of: "a pool", .all) {
            let stubborn = Stubborn()
            let pool = Pool(size: 1)
            try pool.add(stubborn.greenlet)
            return Scene(serve: stubborn.end, end: stubborn.end) { try pool.killOne(stubborn.greenlet, timeout: $0) }
        },
        inPool("apply(file:line:_:)") { pool, gate in try pool.apply { try gate.wait() } },
        inPool("map(_:file:line:_:)") { pool, gate in try pool.map([1]) { _ in try gate.wait() } == [true] },
    ]

    private static let ofPlaces = [
        ofPlace("spawn(name:file:line:_:)") { pool, gate, _ in
            try pool.spawn { try gate.wait() }
            return true
        },
        ofPlace("start(_:timeout:)") { pool, gate, limit in
            try pool.start(Greenlet { try gate.wait() }, timeout: limit)
        },
        BlockingCall("Pool.add(_:timeout:)", .first) {
            let (pool, member) = try fullPool()
            return Scene(serve: { try member.kill() }) { try pool.add(unstarted(), timeout: $0) }
        },
        BlockingCall("Pool.waitAvailable(timeout:)", .all) {
            let (pool, member) = try fullPool()
            return Scene(serve: { try member.kill() }) { try pool.waitAvailable(timeout: $0) > 0 }
        },
    ]

    /// Who gets the place keeps it till a gate opens.
    private static func ofPlace(
        _ name: String,
        _ call: @escaping @Sendable (Pool, Event, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("Pool.\(name)", .first) {
            let (pool, member) = try fullPool()
            let gate = Event()
            return Scene(
                serve: { try member.kill() },
                end: {
                    gate.set()
                    try member.kill()
                    try pool.join()
                },
                call: { try call(pool, gate, $0) }
            )
        }
    }

    private static let ofScopes = [
        BlockingCall("withGroup(_:)", .all) {
            let gate = Event()
            return gated(gate, {}) {
                try withGroup { $0.spawn { try gate.wait() } }
                return true
            }
        },
        BlockingCall("withGreenlet(_:file:line:while:)", .all) {
            let gate = Event()
            return gated(gate, {}) { try withGreenlet({ try gate.wait() }, while: { _ in true }) }
        },
    ]

    private static let ofMaps = [
        inMap("next(timeout:)") { map, limit in try map.next(timeout: limit) != nil },
        inMap("nextOutcome(timeout:)") { map, limit in try map.nextOutcome(timeout: limit) != nil },
        inMap("Iterator.next()") { map, _ in
            for _ in map { return true }
            try checkPostponed()
            return false
        },
    ]

    /// Its items come from a queue; each has two greenlets to pass, its reader and its member.
    private static func inMap(
        _ name: String,
        _ call: @escaping @Sendable (LazyMap<Int>, Duration?) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("LazyMap.\(name)", .first) {
            let items = Queue<Int>()
            let map = Group().lazyMap(items) { $0 }
            return Scene(
                serve: {
                    try items.put(1)
                    try yieldNow()
                    try yieldNow()
                },
                end: { items.close() },
                call: { try call(map, $0) }
            )
        }
    }

    // Each call waits for a member of its own, which waits for a gate.

    private static func inGroup(
        _ name: String,
        _ call: @escaping @Sendable (Group, Event) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("AnyGroup.\(name)", of: "a group", .all) {
            let (group, gate) = (Group(), Event())
            return gated(gate, { try group.join() }, { try call(group, gate) })
        }
    }

    private static func inPool(
        _ name: String,
        _ call: @escaping @Sendable (Pool, Event) throws -> Bool
    ) -> BlockingCall {
        BlockingCall("AnyGroup.\(name)", of: "a pool", .all) {
            let (pool, gate) = (Pool(size: 2), Event())
            return gated(gate, { try pool.join() }, { try call(pool, gate) })
        }
    }

    private static func gated(
        _ gate: Event,
        _ join: @escaping () throws -> Void,
        _ call: @escaping () throws -> Bool
    ) -> Scene {
        Scene(
            serve: {
                gate.set()
                try yieldNow()
            },
            end: {
                gate.set()
                try join()
            },
            call: { _ in try call() }
        )
    }

    private static func fullPool() throws -> (Pool, Greenlet<Void>) {
        let (pool, member) = (Pool(size: 1), unstarted())
        try pool.add(member)
        return (pool, member)
    }
}
