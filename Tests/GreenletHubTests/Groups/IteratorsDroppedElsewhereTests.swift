// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Iterators whose last reference goes on another thread, while their hub runs, sleeps, ends, or has ended.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Things whose last references are here: whoever empties it ends them.
private final class Box {
    var things: [AnyObject]

    init(_ things: [AnyObject]) { self.things = things }
}

/// Ends what is put into the bin, on a thread of its own, until the body has ended.
private func withDropper(_ body: (Bin<Box>) throws -> Void) rethrows {
    try withDroppers(ending: { $0.things = [] }, body)
}

/// A number, and then nothing until its reader is killed.
private struct Source: Sequence, IteratorProtocol {
    let ended: Event
    private var hasNumber = true

    init(ended: Event) { self.ended = ended }

    mutating func next() -> Int? {
        defer { hasNumber = false }
        if hasNumber { return 1 }
        defer { ended.set() }
        try? sleep(.seconds(200))
        return nil
    }
}

@Suite(.serialized) struct IteratorsDroppedElsewhereTests {
    private static let rounds = isSanitized ? 100 : 400

    /// One that has come to the first of its objects, which is ready now or soon.
    private static func begun(_ objects: [any Waitable]) throws -> Box {
        let ready = iterateAsReady(objects)
        let object = try ready.next()
        #expect(object === objects[0])
        return Box([ready])
    }

    /// One whose reader waits until a result is taken.
    private static func endlessMap() throws -> Box {
        let map = Pool(size: 2).lazyMap(repeatElement(1, count: .max), limit: 2) { $0 }
        let number = try map.next()
        #expect(number == 1)
        return Box([map])
    }

    @Test func whatTheyStoodForIsLeftByTheHub() async {
        await onHub {
            let (first, others) = (Event(), (0..<20).map { _ in Event() })
            first.set()
            try withDropper { bin in
                for round in 0..<Self.rounds {
                    bin.put(try Self.begun([first] + others))
                    // Others come and go at the same places meanwhile, and some are told.
                    for _ in 0..<5 { _ = try waitAll(others, timeout: .microseconds(10)) }
                    others[round % others.count].set()
                    others[round % others.count].clear()
                }
            }
            try waitUntil { others.allSatisfy { "\($0)".hasSuffix(" 0 waiting>") } }
        }
    }

    @Test func theSourceOfAMapIsReadNoFurther() async {
        await onHub {
            try withDropper { bin in
                for _ in 0..<Self.rounds {
                    bin.put(try Self.endlessMap())
                    try yieldNow()
                }
            }
            try waitUntil { Hub.current.aliveCount == 0 }
        }
    }

    @Test func aHubThatSleepsWakesUpToEndAMap() async {
        await onHub {
            let ended = Event()
            func map() throws -> Box {
                let map = Group().lazyMap(Source(ended: ended)) { $0 }
                let number = try map.next()
                #expect(number == 1)
                return Box([map])
            }
            try withDropper { bin in
                bin.put(try map())
                // Longer than the test may take: nobody but the dropper's news ends it.
                let isTold = try ended.wait(timeout: .seconds(100))
                #expect(isTold)
            }
        }
    }

    @Test func theHubMayEndMeanwhile() throws {
        for _ in 0..<(isSanitized ? 10 : 40) {
            try withDropper { bin in
                try onThreadThatEnds {
                    for _ in 0..<2 {
                        let (event, other) = (Event(), Event())
                        event.set()
                        bin.put(try Self.begun([event, other]))
                        bin.put(try Self.endlessMap())
                        spawn { try other.wait() }
                        try sleep(.microseconds(Int64.random(in: 0...100)))
                        other.set()
                    }
                }
            }
        }
    }

    @Test func aHubThatWasDestroyedHasLetGo() async {
        await onHub {
            let (event, other) = (Event(), Event())
            event.set()
            try withDropper { bin in
                let boxes = [try Self.begun([event, other]), try Self.endlessMap()]
                try Hub.current.destroy()
                let next = try (boxes[0].things[0] as? ReadyObjects<any Waitable>)?.next()
                #expect(next == nil)
                for box in boxes { bin.put(box) }
                other.set()
                try other.wait()
            }
        }
    }
}

/// What other threads have left to a hub is done in its next turns, some in each.
private func waitUntil(_ isSo: () -> Bool) throws {
    let isInTime = try withTimeout(.seconds(5), default: false) {
        while !isSo() { try sleep(.milliseconds(1)) }
        return true
    }
    #expect(isInTime)
}
