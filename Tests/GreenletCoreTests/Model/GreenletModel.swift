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

/// How a switch is written, and what the bodies take.
///
/// They differ in what is handed over, and not in who runs; but real greenlets go other ways for each.
enum Ways: Hashable, CaseIterable {
    /// All hand a value over.
    case values
    /// A third each hand over a value, nothing, and control alone; of bodies, that each take nothing and return nothing:
    /// every second, all, every other second.
    case odd, all, even

    enum Switch { case value, nothing, control }

    /// What is handed over at that step, also by a body that ends.
    func switching(at step: Int) -> Switch {
        switch self {
        case .values: .value
        case .odd: [.nothing, .control, .value][step % 3]
        case .all: [.control, .value, .nothing][step % 3]
        case .even: [.value, .nothing, .control][step % 3]
        }
    }

    /// Whether this one's body takes nothing and returns nothing.
    func isPlain(_ member: Int) -> Bool {
        switch self {
        case .values: false
        case .odd: member % 2 == 1
        case .all: true
        case .even: member % 2 == 0
        }
    }
}

/// What somebody gets when control comes to him.
///
/// The numbers say which step it comes from.
enum Received: Hashable {
    case value(Int)
    /// No value, or one that he does not take.
    case nothing
    case exitAsValue
    case failure(Int)
    case exit
    /// `setParent` would have made a cycle.
    case refused
    /// Something that the tracer was not told of.
    case untraced
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
        /// Whether that call takes no value.
        var dropsValues = false
        /// Whether anything refers to it.
        var isReachable = true
    }

    /// The main greenlet is the first.
    private(set) var members = [Member(state: .running, parent: -1)]
    private(set) var slots: [Int?]
    private(set) var current = 0
    /// Suspended, and nobody refers to them.
    private var orphans: Set<Int> = []

    private let ways: Ways

    init(slots: Int, ways: Ways) {
        self.slots = Array(repeating: nil, count: slots)
        self.ways = ways
    }

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
        case .switch(let slot):
            return call(slot, handedOver(at: number), dropsValues: ways.switching(at: number) == .control)
        case .fail(let slot): return call(slot, .failure(number))
        case .exit(let slot): return call(slot, .exit)
        case .setParent(let slot, let parent): return setParent(member(slot), member(parent))
        case .drop(let slot):
            slots[slot] = nil
            collect()
            return []
        case .return: return end(with: ways.isPlain(current) ? .nothing : handedOver(at: number))
        case .raise: return end(with: .failure(number))
        }
    }

    private func handedOver(at step: Int) -> Received { ways.switching(at: step) == .value ? .value(step) : .nothing }

    private mutating func call(_ slot: Int?, _ parcel: Received, dropsValues: Bool = false) -> [Arrival] {
        let ended = endOrphans()
        let (origin, callee) = (current, member(slot))
        let (target, what) = find(callee, parcel)
        members[origin].dropsValues = dropsValues
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
        var arrivals = [enter(first, what)]
        while let last = arrivals.last, last.what == .exit, last.who != 0 {
            members[last.who].state = .dead
            let (target, what) = find(members[last.who].parent, .exitAsValue)
            arrivals.append(enter(target, what))
        }
        collect()
        return arrivals
    }

    /// All that the world does after the last step: back to the main greenlet, which lets go of everything.
    mutating func finish() {
        if current != 0 { _ = call(nil, .nothing) }
        for slot in slots.indices { slots[slot] = nil }
        collect()
        while !orphans.isEmpty { _ = endOrphans() }
    }

    private mutating func enter(_ target: Int, _ parcel: Received) -> Arrival {
        let takesNone = members[target].state == .pending ? ways.isPlain(target) : members[target].dropsValues
        members[target].state = .running
        members[target].callee = nil
        members[target].dropsValues = false
        orphans.remove(target)
        current = target
        switch parcel {
        case .value where takesNone, .exitAsValue where takesNone: return Arrival(who: target, what: .nothing)
        default: return Arrival(who: target, what: parcel)
        }
    }

    /// Up the parents, until somebody can take it.
    private mutating func find(_ first: Int, _ parcel: Received) -> (Int, Received) {
        var (target, parcel) = (first, parcel)
        while !isActive(target) {
            if members[target].state == .pending {
                switch parcel {
                case .value, .nothing, .exitAsValue: return (target, parcel)
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
            members[orphan].dropsValues = false
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
