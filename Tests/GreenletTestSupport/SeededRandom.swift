// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Random numbers that can be had again: a test that uses them prints its seed.

import Glibc

/// SplitMix64.
///
/// Set GREENLET_TEST_SEED to repeat a run.
package struct SeededRandom: RandomNumberGenerator {
    package let seed: UInt64
    private var state: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// From the seed in the environment, or else a fresh one; prints it.
    package init(for test: String) {
        let wanted = getenv("GREENLET_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        self.init(seed: wanted ?? UInt64.random(in: 1...999_999_999))
        print("\(test): GREENLET_TEST_SEED=\(seed)")
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
