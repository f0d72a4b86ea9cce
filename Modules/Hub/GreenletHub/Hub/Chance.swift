// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Numbers by chance, for decisions that must not favour anybody: quick, and of no use as secrets.

/// SplitMix64.
struct Chance {
    private var state = UInt64.random(in: 0 ... .max)

    /// A number from zero up to, and without, `limit`; `limit` is small.
    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(UInt64(limit).multipliedFullWidth(by: mixed).high)
    }
}
