// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One case of our own side of the comparisons: its name and a count in, one line of JSON out.

import Glibc

/// Every case by its name; each gets the count and returns what it measured.
let cases: [(name: String, run: (Int) throws -> Figures)] = [
    ("switch", pingPong),
    ("switch_round_robin", roundRobin),
    ("yield", yields),
    ("spawn_join", spawnsAndJoins),
    ("channel", channel),
    ("sleepers", sleepers),
    ("event", event),
    ("echo", echo),
    ("hooked_recv", hookedReceive),
]

/// Ends the program with one line to standard error.
func fail(_ status: CInt, _ message: String) -> Never {
    let line = Array((message + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(status)
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let chosen = cases.first(where: { $0.name == arguments[1] }),
    let count = Int(arguments[2]), count > 0
else { fail(64, "usage: greenlet-bench CASE COUNT, CASE one of: " + cases.map(\.name).joined(separator: " ")) }

do {
    print(try chosen.run(count).line(for: chosen.name))
} catch {
    fail(1, "greenlet-bench: \(chosen.name): \(error)")
}
