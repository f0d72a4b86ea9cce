// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many greenlets asleep at once: how long it takes until all have slept a second, and what one keeps in memory.

import Glibc
import GreenletHub

/// Starts `count` greenlets that sleep for a second each, or for `nap`; no warm-up, for it would leave stacks behind.
func sleepers(_ count: Int, nap: Int?) throws -> Figures {
    let nap = Duration.seconds(nap ?? 1)
    let before = residentBytes()
    let start = ContinuousClock.now
    let greenlets = (0..<count).map { _ in spawn { try sleep(nap) } }
    // Greenlets start in the order they were spawned: when this one runs, all others are asleep.
    let asleep = spawn { residentBytes() }
    for greenlet in greenlets { try greenlet.join() }
    let elapsed = ContinuousClock.now - start
    return Figures(operations: count, elapsed: elapsed, residentBytes: (try asleep.get() - before) / count)
}

/// What the kernel calls VmRSS; the second number in statm, in pages.
private func residentBytes() -> Int {
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let text = String(unsafeUninitializedCapacity: 128) { max(0, read(file, $0.baseAddress, $0.count)) }
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { fatalError("can't read /proc/self/statm") }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}
