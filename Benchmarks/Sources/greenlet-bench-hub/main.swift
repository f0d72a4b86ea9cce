// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the scheduler costs: a yield, a spawn with its join, a sleeper.

import GreenletHub

func measure(_ name: String, _ count: Int, _ body: () throws -> Void) throws {
    var figures: [Double] = []
    for _ in 0..<5 {
        let elapsed = try ContinuousClock().measure(body) / count
        figures.append(Double(elapsed.components.attoseconds) / 1e9)
    }
    print("ns_per_\(name)", figures.sorted()[figures.count / 2])
}

func yields() throws {
    let rounds = 1_000_000
    try measure("yield", 2 * rounds) {
        try joinAll((0..<2).map { _ in spawn { for _ in 0..<rounds { try yieldNow() } } })
    }
}

func spawns() throws {
    let rounds = 500_000
    try measure("spawn_join", rounds) {
        for _ in 0..<rounds { try spawn {}.join() }
    }
}

func sleepers() throws {
    let rounds = 20_000
    try measure("sleeper", rounds) {
        try joinAll((0..<rounds).map { _ in spawn { try sleep(.milliseconds(10)) } })
    }
}

try yields()
try spawns()
try sleepers()
