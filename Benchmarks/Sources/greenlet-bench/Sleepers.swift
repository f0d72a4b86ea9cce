// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many greenlets asleep at once: how long it takes until all have slept a second, and what one keeps in memory.

import GreenletHub

/// Starts `count` greenlets that sleep for a second each, or for `nap`; no warm-up, for it would leave stacks behind.
func sleepers(_ count: Int, nap: Int?) throws -> Figures {
    let nap = Duration.seconds(nap ?? 1)
    let before = Memory.now()
    let start = ContinuousClock.now
    let greenlets = (0..<count).map { _ in spawn { try sleep(nap) } }
    // Greenlets start in the order they were spawned: when this one runs, all others are asleep.
    let asleep = spawn { Memory.now() }
    for greenlet in greenlets { try greenlet.join() }
    let elapsed = ContinuousClock.now - start
    let memory = try asleep.get()
    return Figures(
        operations: count,
        elapsed: elapsed,
        residentBytes: (memory.resident - before.resident) / count,
        pageTableBytes: (memory.pageTables - before.pageTables) / count
    )
}

/// A case whose greenlets share their stacks.
func onSharedStacks(_ run: @escaping (Int, Int?) throws -> Figures) -> (Int, Int?) throws -> Figures {
    { count, more in
        Hub.current.stacks = .shared
        return try run(count, more)
    }
}
