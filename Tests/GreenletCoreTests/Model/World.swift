// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Real greenlets that take one step after the other, whoever of them runs, and note what comes to them.

import GreenletCore

/// What is true of the world before a step.
struct Snapshot: Equatable {
    struct Held: Equatable {
        var member: Int
        var isDead: Bool
        var isActive: Bool
        var parent: Int
    }

    var stacks: Int
    var held: [Held?]

    /// What the model says.
    init(of model: GreenletModel) {
        stacks = model.stacks
        held = model.slots.map { slot in
            slot.map {
                let member = model.members[$0]
                return Held(
                    member: $0,
                    isDead: member.state == .dead,
                    isActive: model.isActive($0),
                    parent: member.parent
                )
            }
        }
    }

    init(stacks: Int, held: [Held?]) {
        self.stacks = stacks
        self.held = held
    }
}

final class World {
    private struct Failure: Error {
        let number: Int
    }

    private struct Resident {
        let greenlet: RawGreenlet
        let member: Int
    }

    private struct Weak {
        weak var greenlet: RawGreenlet?
    }

    private let script: [Step]
    private let ways: Ways
    private let firstTraced: Int?
    /// Whom the tracer saw entered last.
    private var traced: ObjectIdentifier?
    private let main = RawGreenlet.current
    private let thread = GreenletThread.current
    private var slots: [Resident?]
    /// Which member has this address, for parents whose slot is empty.
    private var numbers: [ObjectIdentifier: Int] = [:]
    private var everybody: [Weak] = []
    private var count = 1
    private var position = 0
    private var isOver: Bool { position > script.count }
    private(set) var arrivals: [[Arrival]] = []
    private(set) var snapshots: [Snapshot] = []

    /// - Parameters:
    ///   - script: What to do.
    ///   - slots: How many greenlets can be held.
    ///   - ways: How.
    ///   - firstTraced: From which step on a tracer must see all; it is set there. Not for worlds that drop handles.
    init(_ script: [Step], slots: Int, ways: Ways, tracedFrom firstTraced: Int?) {
        self.script = script
        self.ways = ways
        self.firstTraced = firstTraced
        self.slots = Array(repeating: nil, count: slots)
        numbers[ObjectIdentifier(main)] = 0
    }

    /// Takes all steps, then lets go of everything.
    ///
    /// - Returns: How many stacks that leaves: those that keep each other alive.
    func run() -> Int {
        let tracer = RawGreenlet.tracer
        defer { RawGreenlet.setTracer(tracer) }
        do { _ = try live(as: 0) } catch { fatalError("the main greenlet catches everything: \(error)") }
        for slot in slots.indices { slots[slot] = nil }
        for _ in 0..<count where thread.stackCounts.live > 0 { _ = RawGreenlet {} }
        return thread.stackCounts.live
    }

    /// Ends those that keep each other alive.
    ///
    /// - Returns: How many stacks are left; none should be.
    func clear() throws -> Int {
        for greenlet in everybody.compactMap(\.greenlet) where greenlet.isActive {
            try greenlet.setParent(main)
            try greenlet.throw()
        }
        return thread.stackCounts.live
    }

    private func next() -> Step? {
        defer { position += 1 }
        if position <= script.count { snapshots.append(look()) }
        if position == firstTraced {
            RawGreenlet.setTracer { [unowned self] in traced = ObjectIdentifier($0.target) }
        }
        guard position < script.count else { return nil }
        arrivals.append([])
        return script[position]
    }

    private func look() -> Snapshot {
        Snapshot(
            stacks: thread.stackCounts.live,
            held: slots.map { slot in
                slot.map { resident in
                    let greenlet = resident.greenlet
                    let parent = greenlet.parent.map { numbers[ObjectIdentifier($0)] ?? -2 } ?? -1
                    return Snapshot.Held(
                        member: resident.member,
                        isDead: greenlet.isDead,
                        isActive: greenlet.isActive,
                        parent: parent
                    )
                }
            }
        )
    }

    private func note(_ who: Int, _ what: Received) {
        if isOver { return }
        let isSeen = position <= firstTraced ?? script.count || what == .refused || traced.map { numbers[$0] } == who
        arrivals[arrivals.count - 1].append(Arrival(who: who, what: isSeen ? what : .untraced))
    }

    private func note(_ who: Int, _ value: Any?) {
        note(who, value is GreenletExit ? .exitAsValue : (value as? Int).map { .value($0) } ?? .nothing)
    }

    /// The life of everybody, until the steps are used up or one of them ends it.
    private func live(as me: Int) throws -> Any? {
        while let step = next() {
            let number = position - 1
            switch step {
            case .create(let slot): create(slot, by: me)
            case .switch(let slot): try call(slot, as: me) { try `switch`(to: $0, at: number) }
            case .fail(let slot): try call(slot, as: me) { try $0.throw(Failure(number: number)) }
            case .exit(let slot): try call(slot, as: me) { try $0.throw() }
            case .setParent(let slot, let parent): setParent(slot, parent, as: me)
            case .drop(let slot): slots[slot] = nil
            case .return: return ways.switching(at: number) == .value ? number : nil
            case .raise: throw Failure(number: number)
            }
        }
        return me == 0 ? nil : try main.switch()
    }

    private func `switch`(to greenlet: RawGreenlet, at number: Int) throws -> Any? {
        switch ways.switching(at: number) {
        case .value: return try greenlet.switch(number)
        case .nothing: return try greenlet.switch()
        case .control:
            try RawGreenlet.switch(to: greenlet)
            return nil
        }
    }

    private func make(_ member: Int) -> RawGreenlet {
        if ways.isPlain(member) {
            return RawGreenlet { [unowned self] () -> Void in
                note(member, .nothing)
                _ = try live(as: member)
            }
        }
        return RawGreenlet { [unowned self] received in
            note(member, received)
            return try live(as: member)
        }
    }

    private func create(_ slot: Int, by me: Int) {
        let member = count
        count += 1
        let greenlet = make(member)
        // The parent is the creator, who may have lost his handle: then it is a new one.
        for (handle, number) in [(greenlet, member), (RawGreenlet.current, me)] {
            numbers[ObjectIdentifier(handle)] = number
            if number != 0 { everybody.append(Weak(greenlet: handle)) }
        }
        slots[slot] = Resident(greenlet: greenlet, member: member)
    }

    /// Failures are survived; `GreenletExit` only by the main greenlet.
    private func call(_ slot: Int?, as me: Int, _ body: (RawGreenlet) throws -> Any?) throws {
        guard let greenlet = slot.map({ slots[$0]?.greenlet }) ?? main else { fatalError("an empty slot") }
        do {
            let received = try withExtendedLifetime(greenlet) { try body(greenlet) }
            note(me, received)
        } catch let failure as Failure {
            note(me, .failure(failure.number))
        } catch {
            note(me, .exit)
            if me != 0 { throw error }
        }
    }

    private func setParent(_ slot: Int, _ parent: Int?, as me: Int) {
        let parent = parent.map { slots[$0]?.greenlet } ?? main
        guard let child = slots[slot]?.greenlet, let parent else { return }
        do { try child.setParent(parent) } catch { note(me, .refused) }
    }
}
