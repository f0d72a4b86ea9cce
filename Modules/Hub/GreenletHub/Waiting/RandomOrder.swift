// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who is asked first among several, so that nobody is favoured.

/// The numbers below a count, in an order of chance.
///
/// Not one after the other from some start: whoever stands behind many that are impossible would be chosen more often.
/// Nor by turns: greenlets that choose by turns would always get the same one.
@usableFromInline
struct RandomOrder {
    /// How many need no allocation.
    static let few = 16

    /// As many numbers of four bits, the first in the lowest.
    @usableFromInline let packed: UInt64
    /// All of them, if they are more.
    @usableFromInline let numbers: [Int]

    @usableFromInline
    init(_ count: Int) {
        let hub = Hub.currentReference
        if count <= Self.few {
            packed = hub._withUnsafeGuaranteedRef { Self.packed(count, &$0.chance) }
            numbers = []
        } else {
            packed = 0
            numbers = hub._withUnsafeGuaranteedRef { Self.shuffled(count, &$0.chance) }
        }
    }

    @inlinable
    subscript(_ index: Int) -> Int {
        numbers.isEmpty ? Int(truncatingIfNeeded: packed &>> (4 &* index)) & 15 : numbers[index]
    }

    private static func packed(_ count: Int, _ chance: inout Chance) -> UInt64 {
        var packed: UInt64 = 0xfedc_ba98_7654_3210
        var left = count
        while left > 1 {
            let other = 4 &* chance.below(left)
            left &-= 1
            let last = 4 &* left
            let difference = (packed &>> last ^ packed &>> other) & 15
            packed ^= difference &<< last
            packed ^= difference &<< other
        }
        return packed
    }

    private static func shuffled(_ count: Int, _ chance: inout Chance) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, chance.below(last + 1)) }
        return order
    }
}
