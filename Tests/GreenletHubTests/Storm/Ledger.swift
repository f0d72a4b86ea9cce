// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What came in, and what came out.

/// Items that are under way: each comes out once, if and only if it went in.
final class Ledger {
    private var underWay: Set<Int> = []
    /// Taken before its putter ran again and could say that he had put it.
    private var early: Set<Int> = []
    private(set) var count = 0
    private var next = 0

    func takeNumber() -> Int {
        next += 1
        return next
    }

    /// To be called in the very step in which it was put: nothing may come in between.
    func sent(_ number: Int) {
        count += 1
        if early.remove(number) == nil { underWay.insert(number) }
    }

    func received(_ number: Int) {
        if underWay.remove(number) == nil { early.insert(number) }
    }

    /// What is wrong once everything has been taken out.
    var problem: String? {
        if underWay.isEmpty && early.isEmpty { return nil }
        return "\(underWay.count) lost: \(Array(underWay.prefix(3))), "
            + "\(early.count) taken twice, or never put: \(Array(early.prefix(3)))"
    }
}
