// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One case of our own side of the comparisons: its name and a count in, one line of JSON out.

import Glibc

/// Every case by its name; each gets the count, and how many take part, or sleep how long, where that matters.
let cases: [(name: String, run: (Int, Int?) throws -> Figures)] = [
    ("switch", { count, _ in try pingPong(count) }),
    ("switch_within_accesses", { count, _ in try pingPongWithinAccesses(count) }),
    ("ring", ring),
    ("ring_deep", deepRing),
    ("generator", { count, _ in try generator(count) }),
    ("raw_life", { count, _ in try lives(count) }),
    ("suspended", { count, _ in try suspended(count) }),
    ("yield", yields),
    ("yield_shared", onSharedStacks(yields)),
    ("spawn_join", { count, _ in try spawnsAndJoins(count) }),
    ("spawn_all", spawnsOfMany),
    ("channel", { count, _ in try channel(count) }),
    ("queue", handOut),
    ("sleepers", sleepers),
    ("sleepers_shared", onSharedStacks(sleepers)),
    ("park_wake", { count, _ in try parkAndWake(count) }),
    ("event", event),
    ("choose", { count, _ in try chooses(count) }),
    ("timer", timer),
    ("timers", { count, _ in try timers(count, cancelled: .asArmed) }),
    ("timers_random", { count, _ in try timers(count, cancelled: .byChance) }),
    ("with_timeout", { count, _ in try withTimeouts(count) }),
    ("late", { count, _ in try lateness(count) }),
    ("idle", { _, nap in try idle(nap) }),
    ("submit", { count, _ in try submissions(count, asCallbacks: false) }),
    ("callback", { count, _ in try submissions(count, asCallbacks: true) }),
    ("hub_call", { count, _ in try calls(count) }),
    ("shared_permit", { count, _ in try sharedPermits(count) }),
    ("echo", { count, _ in try echo(count) }),
    ("hooked_recv", { count, _ in try hookedReceive(count) }),
]

/// Ends the program with one line to standard error.
func fail(_ status: CInt, _ message: String) -> Never {
    let line = Array((message + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(status)
}

let arguments = CommandLine.arguments
let more = arguments.count == 4 ? Int(arguments[3]) ?? 0 : nil
guard 3...4 ~= arguments.count, let chosen = cases.first(where: { $0.name == arguments[1] }),
    let count = Int(arguments[2]), count > 0, more ?? 1 > 0
else {
    let names = cases.map(\.name).joined(separator: " ")
    fail(64, "usage: greenlet-bench CASE COUNT [TASKS|SECONDS], CASE one of: \(names)")
}

do {
    print(try chosen.run(count, more).line(for: chosen.name))
} catch {
    fail(1, "greenlet-bench: \(chosen.name): \(error)")
}
