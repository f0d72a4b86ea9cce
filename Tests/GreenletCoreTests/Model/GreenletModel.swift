// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// greenlet's rules once more, as plainly as possible: what must happen, to be compared with what does.

/// What the greenlet that runs does next.
///
/// Greenlets are named by the slots that hold on to them; nil is the main greenlet.
enum Step: Hashable {
    case create(Int)
    case `switch`(Int?)
    case fail(Int?)
    case exit(Int?)
    case setParent(Int, Int?)
    case drop(Int)
    case `return`
    case raise
}

/// What somebody gets when control comes to him.
///
/// The numbers say which step it comes from.
enum Received: Hashable {
    case value(Int)
    case exitAsValue
    case failure(Int)
    case exit
    /// `setParent` would have made a cycle.
    case refused
}

struct Arrival: Hashable {
    let who: Int
    let what: Received
}

/// All that is true of a few greenlets between two steps.
struct GreenletModel: Hashable {
    enum State: Hashable { case pending, suspended, running, dead }

    struct Member: Hashable {
        var state: State
        var parent: Int
        /// On whom it called, if it is suspended in a call: it keeps that one alive.
        var callee: Int?
        /// Whether anything refers to it.
        var isReachable = true
    }

    /// The main greenlet is the first.
    private(set) var members = [Member(state: .running, parent: -1)]
    private(set) var slots: [Int?]
    private(set) var current = 0
    /// Suspended, and nobody refers to them.
    private var orphans: Set<Int> = []

    init(slots: Int) { self.slots = Array(repeating: nil, count: slots) }

    /// How many stacks are in use.
    var stacks: Int { members.dropFirst().count { $0.state == .suspended || $0.state == .running } }

    func isActive(_ index: Int) -> Bool { members[index].state == .suspended || members[index].state == .running }

    private func member(_ slot: Int?) -> Int { slot.map { slots[$0] ?? 0 } ?? 0 }

    /// Everything that can be done now.
    func choices(members limit: Int) -> [Step] {
        var all: [Step] = []
        // Slots are alike: only the first free one is interesting.
        if members.count <= limit, let free = slots.firstIndex(of: nil) { all.append(.create(free)) }
        let held = slots.indices.filter { slots[$0] != nil }
        for slot in held {
            all.append(.drop(slot))
            for parent in held + [nil] where members[member(slot)].parent != member(parent) {
                all.append(.setParent(slot, parent))
            }
        }
        for slot in held + [nil] { all += [.switch(slot), .fail(slot), .exit(slot)] }
        if current != 0 { all += [.return, .raise] }
        return all
    }

    /// Does it; returns who gets what.
    mutating func take(_ step: Step, number: Int) -> [Arrival] {
        switch step {
        case .create(let slot):
            let ended = endOrphans()
            slots[slot] = members.count
            members.append(Member(state: .pending, parent: current))
            return ended
        case .switch(let slot): return call(slot, .value(number))
        case .fail(let slot): return call(slot, .failure(number))
        case .exit(let slot): return call(slot, .exit)
        case .setParent(let slot, let parent): return setParent(member(slot), member(parent))
        case .drop(let slot):
            slots[slot] = nil
            collect()
            return []
        case .return: return end(with: .value(number))
        case .raise: return end(with: .failure(number))
        }
    }

    private mutating func call(_ slot: Int?, _ parcel: Received) -> [Arrival] {
        let ended = endOrphans()
        let (origin, callee) = (current, member(slot))
        let (target, what) = find(callee, parcel)
        if target != origin {
            members[origin].state = .suspended
            members[origin].callee = callee
        }
        return ended + arrive(target, what)
    }

    private mutating func end(with parcel: Received) -> [Arrival] {
        members[current].state = .dead
        let (target, what) = find(members[current].parent, parcel)
        return arrive(target, what)
    }

    /// `GreenletExit` ends everybody but the main greenlet.
    private mutating func arrive(_ first: Int, _ what: Received) -> [Arrival] {
        var arrivals = [Arrival(who: first, what: what)]
        enter(first)
        while let last = arrivals.last, last.what == .exit, last.who != 0 {
            members[last.who].state = .dead
            let (target, what) = find(members[last.who].parent, .exitAsValue)
            arrivals.append(Arrival(who: target, what: what))
            enter(target)
        }
        collect()
        return arrivals
    }

    /// All that the world does after the last step: back to the main greenlet, which lets go of everything.
    mutating func finish() {
        if current != 0 { _ = call(nil, .value(-1)) }
        for slot in slots.indices { slots[slot] = nil }
        collect()
        while !orphans.isEmpty { _ = endOrphans() }
    }

    private mutating func enter(_ target: Int) {
        members[target].state = .running
        members[target].callee = nil
        orphans.remove(target)
        current = target
    }

    /// Up the parents, until somebody can take it.
    private mutating func find(_ first: Int, _ parcel: Received) -> (Int, Received) {
        var (target, parcel) = (first, parcel)
        while !isActive(target) {
            if members[target].state == .pending {
                switch parcel {
                case .value, .exitAsValue: return (target, parcel)
                default: members[target].state = .dead
                }
            }
            if parcel == .exit { parcel = .exitAsValue }
            target = members[target].parent
        }
        return (target, parcel)
    }

    private mutating func setParent(_ child: Int, _ parent: Int) -> [Arrival] {
        var next = parent
        while next >= 0 {
            if next == child { return [Arrival(who: current, what: .refused)] }
            next = members[next].parent
        }
        members[child].parent = parent
        collect()
        return []
    }

    /// A safe point.
    private mutating func endOrphans() -> [Arrival] {
        let ended = orphans.sorted()
        orphans = []
        for orphan in ended {
            members[orphan].state = .dead
            members[orphan].callee = nil
        }
        collect()
        return ended.map { Arrival(who: $0, what: .exit) }
    }

    /// Finds out to whom nobody refers any more.
    private mutating func collect() {
        var reachable = Set(slots.compactMap { $0 })
        reachable.insert(0)
        for (index, member) in members.enumerated() where isActive(index) {
            if let callee = member.callee { reachable.insert(callee) }
            if member.parent >= 0 { reachable.insert(member.parent) }
        }
        // A parent is kept by those that are reachable themselves, whatever their state.
        var open = Array(reachable)
        while let index = open.popLast() {
            let parent = members[index].parent
            if parent >= 0, reachable.insert(parent).inserted { open.append(parent) }
        }
        for index in members.indices {
            members[index].isReachable = reachable.contains(index)
            if !reachable.contains(index), members[index].state == .suspended { orphans.insert(index) }
        }
    }
}
