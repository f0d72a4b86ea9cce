// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who of many has become ready, in order: what waitAll and iterateAsReady have in common.

import GreenletCore

/// Gathers the numbers of objects as they become ready.
///
/// Begins with the first wait; leaves all lists when enough are ready, when the time is over, and when it goes.
final class ReadySet {
    private let objects: [any Waitable]
    private let timeout: Duration?
    /// How many will be told of.
    private let target: Int
    private let verb: StaticString

    /// Kept till the end, as whoever wakes one holds no reference to it.
    private var watchers: [Watcher] = []
    /// Numbers of those that are ready, in the order they became so.
    private(set) var ready: [Int] = []
    private var hasBegun = false
    private var isOver = false
    private var deadline: Deadline?
    private var waiter: Waiter?
    /// How many must be ready for the waiter to be woken.
    private var wanted = 0
    /// How many it waits for that something outside of this thread's greenlets makes ready.
    private var externalCount = 0
    /// How many of them the hub counts, while somebody waits.
    private var countedWaits = 0

    /// - Precondition: `count` is not negative.
    init(_ objects: [any Waitable], timeout: Duration?, count: Int?, _ verb: StaticString) {
        precondition((count ?? 0) >= 0, "the number of objects to wait for must be 0 or more, not \(count ?? 0)")
        var seen: Set<ObjectIdentifier> = []
        let unique = objects.reduce(into: 0) { if seen.insert(ObjectIdentifier($1)).inserted { $0 += 1 } }
        self.objects = objects
        self.timeout = timeout
        self.verb = verb
        target = min(count ?? unique, unique)
        isOver = target == 0
    }

    deinit { leaveAll() }

    /// Waits until so many are ready, or all that are wanted, or the time is over.
    ///
    /// Switch point, unless that is so.
    ///
    /// - Returns: Whether so many are.
    func wait(for count: Int) throws -> Bool {
        if let other = waiter?.greenlet {
            preconditionFailure("\(verb) on \(self): \(other) waits for them already; let each greenlet have its own")
        }
        wanted = min(count, target)
        do {
            if !hasBegun { try begin() }
            while ready.count < wanted, !isOver {
                let waiter = try Waiter()
                self.waiter = waiter
                let hub = waiter.greenlet.hub
                // Only while somebody waits: a loop's body that waits for something else must not look alive by these.
                countedWaits = externalCount
                hub.externalWaits += countedWaits
                defer {
                    hub.externalWaits -= countedWaits
                    self.waiter = nil
                }
                if try !waiter.park(for: WaitReason(verb, self), until: deadline) { leaveAll() }
            }
        } catch {
            leaveAll()
            throw error
        }
        return ready.count >= count
    }

    private func begin() throws {
        hasBegun = true
        let hub = try Hub.current.parkable().hub
        deadline = Deadline(after: timeout)
        var seen: Set<ObjectIdentifier> = []
        for (number, object) in objects.enumerated() where seen.insert(ObjectIdentifier(object)).inserted {
            let readiness = object.readiness
            if readiness.isReady {
                isReady(number)
            } else if !isOver {
                let list = try readiness.list()
                if isOver { return list.tellIfAbandoned() }  // a Waitable of somebody's own may do anything
                let watcher = Watcher(on: hub, number, of: self)
                try watcher.stand(in: list)
                watchers.append(watcher)
                if watcher.isExternal { externalCount += 1 }
            }
        }
    }

    /// Called when an object is ready.
    fileprivate func isReady(_ number: Int) {
        if isOver { return }  // enough are, though the one who waits has not run yet
        ready.append(number)
        if ready.count >= target { leaveAll() }
        if ready.count >= wanted { waiter?.wake() }
    }

    /// One of those outside has become ready.
    fileprivate func leftExternal() {
        externalCount -= 1
        // One that has been woken gives all back when it runs; one that stayed behind in a fork is not counted any more.
        guard let waiter, waiter.isWaiting else { return }
        countedWaits -= 1
        waiter.greenlet.hub.externalWaits -= 1
    }

    /// Nobody is told any more.
    fileprivate func leaveAll() {
        isOver = true
        for watcher in watchers { watcher.leave() }
    }
}

extension ReadySet: CustomStringConvertible {
    /// What it still waits for; the first few.
    var description: String {
        firstFew(of: watchers.filter { $0.waitState.isWaiting }.map { objects[$0.number] })
    }
}

/// A set that others may drop on any thread.
final class ReadyWatch: HubWatch {
    private let set: ReadySet

    init(_ set: ReadySet) {
        self.set = set
        super.init()
        isStarted()
    }

    override func stop() {
        set.leaveAll()
        super.stop()
    }
}

/// Stands where one object tells that it is ready.
private final class Watcher: StandIn {
    let number: Int
    /// Safe because it takes this out of the list before it goes.
    private unowned(unsafe) let set: ReadySet

    init(on hub: Hub, _ number: Int, of set: ReadySet) {
        self.number = number
        self.set = set
        super.init(on: hub)
    }

    override func wokenAtSeveralPlaces() -> Bool {
        if isExternal { set.leftExternal() }
        leave()
        set.isReady(number)
        return true
    }
}
