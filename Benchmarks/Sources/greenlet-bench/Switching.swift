// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Switches by hand, one way, everything kept that Swift needs: two raw greenlets, and a thousand in a ring.

import GreenletCore

/// Two greenlets switch to each other.
func pingPong(_ count: Int) throws -> Figures {
    let main = RawGreenlet.current
    let partner = RawGreenlet { while true { try RawGreenlet.switch(to: main) } }
    return try measure(count) { count in
        let roundTrips = count / 2
        for _ in 0..<roundTrips { try RawGreenlet.switch(to: partner) }
        return 2 * roundTrips
    }
}

/// A thousand greenlets, this one among them, of which each switches to the next.
///
/// Nothing of a stack is in the nearest cache when its turn comes.
func roundRobin(_ count: Int) throws -> Figures {
    let size = 1000
    var next = RawGreenlet.current
    for _ in 1..<size {
        let target = next
        next = RawGreenlet { while true { try RawGreenlet.switch(to: target) } }
    }
    return try measure(count) { count in
        let rounds = max(1, count / size)
        for _ in 0..<rounds { try RawGreenlet.switch(to: next) }
        return rounds * size
    }
}
