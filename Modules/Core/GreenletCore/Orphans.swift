// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The suspended stacks of a thread that nobody can reach any more, until they are ended.

import CGreenletCore

/// Orphans in the order in which they were dropped.
///
/// Each knows its place, so that whichever is resumed meanwhile leaves the list without a search.
struct Orphans {
    private var places: [Context?] = []
    private var first = 0

    /// At most how many there are: the gaps of those that left count.
    var count: Int { places.count - first }

    mutating func append(_ orphan: Context) {
        guard orphan.pointee.orphan_place == 0 else { return }
        places.append(orphan)
        orphan.pointee.orphan_place = UInt32(places.count)
    }

    mutating func remove(_ orphan: Context) {
        let place = Int(orphan.pointee.orphan_place)
        guard place > 0 else { return }
        places[place - 1] = nil
        orphan.pointee.orphan_place = 0
    }

    mutating func popFirst() -> Context? {
        var orphan: Context?
        while orphan == nil, first < places.count {
            orphan = places[first]
            first += 1
        }
        if first == places.count { (places, first) = ([], 0) }
        orphan?.pointee.orphan_place = 0
        return orphan
    }
}
