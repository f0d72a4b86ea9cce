// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Values of locals that are counted.

import GreenletHub
import Synchronization

/// Counts those that are alive.
final class Counted: Sendable {
    private let census: Census
    let number: Int

    init(_ census: Census) {
        self.census = census
        number = census.born.add(1, ordering: .relaxed).newValue
    }

    deinit { census.died.add(1, ordering: .relaxed) }
}

final class Census: Sendable {
    let born = Atomic(0)
    let died = Atomic(0)

    var made: Int { born.load(ordering: .relaxed) }
    var alive: Int { made - died.load(ordering: .relaxed) }

    func local() -> GreenletLocal<Counted> { GreenletLocal { Counted(self) } }
}
