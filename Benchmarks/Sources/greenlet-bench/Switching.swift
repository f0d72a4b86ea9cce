// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Raw greenlets: switches by hand, everything kept that Swift needs; their lives; generators.

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

/// The same, and both do it in the midst of modifying a variable that the runtime watches for overlapping accesses.
func pingPongWithinAccesses(_ count: Int) throws -> Figures {
    let main = RawGreenlet.current
    let (ours, theirs) = (Watched(), Watched())
    let partner = RawGreenlet {
        try modify(&theirs.value) { while true { try RawGreenlet.switch(to: main) } }
    }
    return try measure(count) { count in
        let roundTrips = count / 2
        try modify(&ours.value) { for _ in 0..<roundTrips { try RawGreenlet.switch(to: partner) } }
        return 2 * roundTrips
    }
}

private final class Watched { var value = 0 }

/// Not inlined: the access would be seen to be harmless.
@inline(never)
private func modify(_ value: inout Int, _ body: () throws -> Void) rethrows {
    try body()
    value += 1
}

/// A ring of greenlets, a thousand or `size`, this one among them, of which each switches to the next.
///
/// Nothing of a stack is in the nearest cache when its turn comes.
func ring(_ count: Int, size: Int?) throws -> Figures { try ring(count, size: size ?? 1000, depth: 1) }

/// The same, and each goes down sixteen calls before it switches, and up again afterwards.
func deepRing(_ count: Int, size: Int?) throws -> Figures { try ring(count, size: size ?? 1000, depth: 16) }

private func ring(_ count: Int, size: Int, depth: Int) throws -> Figures {
    var next = RawGreenlet.current
    for _ in 1..<size {
        let target = next
        next = RawGreenlet { while true { try switchDown(depth, to: target) } }
    }
    return try measure(count) { count in
        let rounds = max(1, count / size)
        for _ in 0..<rounds { try switchDown(depth, to: next) }
        precondition(innermost == depth)
        return rounds * size
    }
}

@inline(never)
private func switchDown(_ depth: Int, to target: RawGreenlet) throws {
    if depth > 1 { try switchDown(depth - 1, to: target) } else { try leap(to: target) }
    innermost = depth
}

/// A switch is inlined where it is called: apart from the calls above it, or all of them saved what only this one needs.
@inline(never)
private func leap(to target: RawGreenlet) throws { try RawGreenlet.switch(to: target) }

/// Written after each call, which keeps it from being the last of its caller: that would be a jump.
///
/// Safe because one thread runs.
nonisolated(unsafe) private var innermost = 0

/// Elements of a generator, added up.
func generator(_ count: Int) throws -> Figures {
    try measure(count) { count in
        let numbers = Generator<Int> { yield in for number in 0..<count { try yield(number) } }
        var sum = 0
        for number in numbers { sum &+= number }
        precondition(sum == count * (count - 1) / 2)
        return count
    }
}

/// Raw greenlets that are created, run to their end, and dropped.
func lives(_ count: Int) throws -> Figures {
    try measure(count) { count in
        for _ in 0..<count { try RawGreenlet {}.switch() }
        return count
    }
}

/// Raw greenlets that are created and entered, all suspended at a time, and then dropped; no warm-up, for memory is weighed.
func suspended(_ count: Int) throws -> Figures {
    _ = RawGreenlet.current
    _ = Memory.now()  // the first look takes memory itself
    let before = Memory.now()
    let start = ContinuousClock.now
    var greenlets: [RawGreenlet] = []
    greenlets.reserveCapacity(count)
    let main = RawGreenlet.current
    for _ in 0..<count {
        let greenlet = RawGreenlet { try main.switch() }
        try greenlet.switch()
        greenlets.append(greenlet)
    }
    let alive = Memory.now()
    greenlets = []
    _ = RawGreenlet {}  // a safe point: all that were dropped end here
    let elapsed = ContinuousClock.now - start
    let left = Memory.now().resident
    RawGreenlet.trimStacks()
    return Figures(
        operations: count,
        elapsed: elapsed,
        residentBytes: (alive.resident - before.resident) / count,
        pageTableBytes: (alive.pageTables - before.pageTables) / count,
        leftBytes: left - before.resident,
        trimmedBytes: Memory.now().resident - before.resident,
        startBytes: before.resident
    )
}
