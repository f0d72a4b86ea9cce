// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What few greenlets have: locals, open shields, a deadline. One word in each greenlet, nil until the first of it.

/// What a greenlet has beside what all have.
///
/// Made when it is first needed; what is in it ends with the greenlet, even if somebody still holds that.
final class Extras {
    // Safe because the greenlet's own thread alone touches them, and never across a switch.
    /// The values of `GreenletLocal`s, by their numbers.
    @exclusivity(unchecked) var values: [Int: LocalBox] = [:]
    /// What `SpawnTreeLocal`s are bound to.
    @exclusivity(unchecked) var tree: SpawnTree
    /// How many shields were opened so far: tells what began inside of which.
    @exclusivity(unchecked) var shieldCount = 0
    /// The number of the innermost open shield, from 1; 0 for none.
    @exclusivity(unchecked) var shield = 0
    /// Whether its end is that of the process: in a child, it is who forked.
    @exclusivity(unchecked) var endsProcess = false
    /// The earliest deadline in force.
    @exclusivity(unchecked) var deadline: Deadline?
    /// Waits that it has begun by a `Waiter`, and waited for something else first.
    @exclusivity(unchecked) var openWaits: [OpenWait] = []
    /// What it was killed with by somebody who throws that, too: see `withGreenlet`.
    @exclusivity(unchecked) var thrownOn: (any Error)?
    /// Who spawned it, if that is kept.
    @exclusivity(unchecked) var spawn: SpawnRecord?

    init(tree: SpawnTree = [:]) { self.tree = tree }

    /// Whether it is in a scope that will put back what was before.
    var isInScope: Bool { shield > 0 || deadline != nil || !tree.isEmpty }

    deinit {
        // Mostly none are left. Where the hub's table still names them, it drops them.
        for box in values.values { box.holder = nil }
    }
}

extension AnyGreenlet {
    /// Its extras; made if there are none.
    var ensuredExtras: Extras {
        if let extras { return extras }
        let fresh = Extras()
        extras = fresh
        return fresh
    }

    /// It has ended, or nothing more runs on it: its locals go.
    ///
    /// What a value does in its `deinit` may make new values, as with POSIX's keys; not for ever.
    @inline(never)
    final func dropExtras() {
        let endsProcess = extras?.endsProcess == true
        for _ in 0..<4 {
            guard let last = extras.take() else { break }
            hub.forget(valuesOf: last)
        }
        if endsProcess { endChild(stage == .failed ? 1 : 0) }
    }
}
