// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Two raw greenlets switch to each other: nanoseconds for one switch one way, everything kept that Swift needs.

import GreenletCore

/// Switches `2 * rounds` times and returns the nanoseconds of one.
func pingPong(rounds: Int) throws -> Double {
    let main = RawGreenlet.current
    let partner = RawGreenlet { while true { try RawGreenlet.switch(to: main) } }
    let start = ContinuousClock.now
    for _ in 0..<rounds { try RawGreenlet.switch(to: partner) }
    let elapsed = (ContinuousClock.now - start) / (2 * rounds)
    return Double(elapsed.components.attoseconds) / 1e9
}

let rounds = 20_000_000
_ = try pingPong(rounds: rounds / 10)
var figures: [Double] = []
for _ in 0..<5 { figures.append(try pingPong(rounds: rounds)) }
print("ns_per_switch swift-greenlet", figures.sorted()[figures.count / 2])
