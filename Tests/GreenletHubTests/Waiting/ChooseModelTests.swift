// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Two choosers and somebody who disturbs them, in every order, against a model that is as simple as can be.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// What the disturber does; the choosers run only where a script says so.
private enum Step: CaseIterable {
    case putA, getA, putB, getB, killFirst, expireFirst, killSecond, startSecond, run
}

private enum Offer: Hashable {
    case get(Int)
    case put(Int)
}

/// What the two choose among.
private enum Roles: String, CaseIterable, Sendable {
    case crosswise, sameChannel, oneSided, intoFull

    var offers: [[Offer]] {
        switch self {
        case .crosswise: [[.get(0), .put(1)], [.get(1), .put(0)]]
        case .sameChannel: [[.get(0), .put(0)], [.get(0), .put(0)]]
        case .oneSided: [[.get(0), .get(1)], [.put(0), .put(1)]]
        case .intoFull: [[.put(0), .put(1)], [.put(0), .get(1)]]
        }
    }

    /// What lies in the queues at first, if they can hold it.
    var items: [[Int]] { self == .intoFull ? [[-1], [-2]] : [[], []] }
}

/// What somebody else's code does, which the choosers ask whether it is ready: it never is.
private enum Meddling: CaseIterable, Sendable {
    case none, putAtOnce, putLater, getAtOnce, getLater

    static let item = 50

    /// At which look of all, counted from 0; each time a chooser begins it is looked at, and when it stands everywhere.
    var look: Int? {
        switch self {
        case .none: nil
        case .putAtOnce, .getAtOnce: 0
        case .putLater, .getLater: 1
        }
    }

    var puts: Bool { self == .putAtOnce || self == .putLater }
}

private enum End: Hashable {
    case got(Int, from: Int)
    case put(into: Int)
    case expired
    case killed
}

/// The rules, said plainly; where chance decides there are several successors.
private struct Model: Hashable {
    enum Stage: Hashable {
        case new, begun, waiting
        case served(End)
        case ended(End)
    }

    let offers: [[Offer]]
    let capacity: Int
    let meddling: Meddling
    var looks = 0
    var items: [[Int]] = [[], []]
    var stages: [Stage] = [.new, .new]
    /// Who waits, in the order they came.
    var waiting: [Int] = []
    /// Whose turn comes, in order.
    var runnable: [Int] = []

    static func item(of chooser: Int) -> Int { 100 * (chooser + 1) }

    mutating func start(_ chooser: Int) {
        guard stages[chooser] == .new else { return }
        stages[chooser] = .begun
        runnable.append(chooser)
    }

    mutating func put(_ item: Int, into queue: Int) -> Bool {
        if let getter = waiting.first(where: { offers[$0].contains(.get(queue)) }) {
            serve(getter, .got(item, from: queue))
            return true
        }
        if items[queue].count >= capacity { return false }
        items[queue].append(item)
        return true
    }

    mutating func get(from queue: Int) -> Int? {
        let putter = waiting.first { offers[$0].contains(.put(queue)) }
        if items[queue].isEmpty {
            guard capacity == 0, let putter else { return nil }
            serve(putter, .put(into: queue))
            return Self.item(of: putter)
        }
        let item = items[queue].removeFirst()
        if let putter {
            serve(putter, .put(into: queue))
            items[queue].append(Self.item(of: putter))
        }
        return item
    }

    mutating func stop(_ chooser: Int, _ end: End) {
        if stages[chooser] == .waiting { serve(chooser, end) }
        if stages[chooser] == .begun, end == .killed {
            stages[chooser] = .ended(.killed)
            runnable.removeAll { $0 == chooser }
        }
    }

    private mutating func serve(_ chooser: Int, _ end: End) {
        stages[chooser] = .served(end)
        waiting.removeAll { $0 == chooser }
        runnable.append(chooser)
    }

    /// All that may be so when those whose turn it is have run once.
    func run() -> Set<Model> {
        var worlds: Set<Model> = [self]
        for chooser in runnable {
            worlds = Set(worlds.flatMap { $0.runOne(chooser) })
        }
        return worlds
    }

    private func runOne(_ chooser: Int) -> [Model] {
        var world = self
        world.runnable.removeAll { $0 == chooser }
        if case .served(let end) = stages[chooser] {
            world.stages[chooser] = .ended(end)
            return [world]
        }
        // The meddler may be asked later than what is possible, or earlier.
        let possible = offers[chooser].compactMap { after(chooser, taking: $0) }
        world.look()
        let possibleNow = offers[chooser].compactMap { world.after(chooser, taking: $0) }
        if !possibleNow.isEmpty { return possible + possibleNow }
        world.stages[chooser] = .waiting
        world.waiting.append(chooser)
        world.look()
        return possible + [world]
    }

    private mutating func look() {
        if looks == meddling.look {
            if meddling.puts { _ = put(Meddling.item, into: 0) } else { _ = get(from: 0) }
        }
        looks += 1
    }

    private func after(_ chooser: Int, taking offer: Offer) -> Model? {
        var world = self
        world.runnable.removeAll { $0 == chooser }
        switch offer {
        case .get(let queue):
            guard let item = world.get(from: queue) else { return nil }
            world.stages[chooser] = .ended(.got(item, from: queue))
        case .put(let queue):
            guard world.put(Self.item(of: chooser), into: queue) else { return nil }
            world.stages[chooser] = .ended(.put(into: queue))
        }
        return world
    }

    var ends: [End?] {
        stages.map {
            guard case .ended(let end) = $0 else { return nil }
            return end
        }
    }
}

/// The same with real greenlets, and the worlds that the model thinks possible beside it.
private final class World<Order: QueueOrder>: Waitable where Order.Element == Int {
    private let queues: [OrderedQueue<Order>]
    private let offers: [[Offer]]
    private var choosers: [Greenlet<Void>?] = [nil, nil]
    private var ends: [End?] = [nil, nil]
    private var worlds: Set<Model>
    private var nextItem = 1
    private let meddling: Meddling
    private let never = Event()
    private var looks = 0

    init(_ roles: Roles, _ meddling: Meddling, capacity: Int, _ make: () -> OrderedQueue<Order>) {
        queues = [make(), make()]
        offers = roles.offers
        self.meddling = meddling
        var model = Model(offers: roles.offers, capacity: capacity, meddling: meddling)
        for number in 0...1 where capacity > 0 {
            for item in roles.items[number] { _ = try? queues[number].tryPut(item) }
            model.items[number] = roles.items[number]
        }
        worlds = [model]
    }

    /// It is asked by the choosers.
    var readiness: Readiness {
        if looks == meddling.look {
            if meddling.puts { _ = try? queues[0].tryPut(Meddling.item) } else { _ = try? queues[0].tryGet() }
        }
        looks += 1
        return never.readiness
    }

    /// Runs a script; returns what went otherwise than any model thinks.
    func run(_ script: [Step]) throws -> String? {
        start(0)
        try turn()
        for step in script {
            try perform(step)
            if worlds.isEmpty { return "\(script): no model agrees after \(step)" }
        }
        try turn()
        for chooser in 0...1 { stop(chooser, .killed) }
        try turn()
        let expected = Set(worlds.map(\.ends))
        if !expected.contains(ends) { return "\(script): \(ends), expected one of \(expected)" }
        for queue in 0...1 {
            for _ in 0...3 { try get(from: queue) }
            if !"\(queues[queue])".hasSuffix(" 0 getting, 0 putting>") { return "\(script): left in \(queues[queue])" }
        }
        return worlds.isEmpty ? "\(script): other items are left" : nil
    }

    private func perform(_ step: Step) throws {
        switch step {
        case .putA: try put(into: 0)
        case .getA: try get(from: 0)
        case .putB: try put(into: 1)
        case .getB: try get(from: 1)
        case .killFirst: stop(0, .killed)
        case .expireFirst: stop(0, .expired)
        case .killSecond: stop(1, .killed)
        case .startSecond: start(1)
        case .run: try turn()
        }
    }

    private func put(into queue: Int) throws {
        let done = try queues[queue].tryPut(nextItem)
        check { $0.put(nextItem, into: queue) == done }
        nextItem += 1
    }

    private func get(from queue: Int) throws {
        let item = try queues[queue].tryGet()
        check { $0.get(from: queue) == item }
    }

    /// Keeps the models that agree with what was seen.
    private func check(_ agrees: (inout Model) -> Bool) {
        worlds = Set(
            worlds.compactMap {
                var world = $0
                return agrees(&world) ? world : nil
            }
        )
    }

    private func turn() throws {
        try yieldNow()
        worlds = Set(worlds.flatMap { $0.run() })
        check { model in zip(model.ends, ends).allSatisfy { $0 == $1 } }
    }

    private func stop(_ number: Int, _ end: End) {
        if let chooser = choosers[number] {
            if end == .killed {
                if !chooser.isReady, ends[number] == nil { _ = try? chooser.kill(wait: false) }
                if chooser.isReady, ends[number] == nil { ends[number] = .killed }
            } else {
                chooser.wake(.timedOut)  // as the timer would
            }
        }
        check { model in
            model.stop(number, end)
            return true
        }
    }

    private func start(_ number: Int) {
        check { model in
            model.start(number)
            return true
        }
        if choosers[number] != nil { return }
        let choices = offers[number].map { offer -> Choice<End> in
            switch offer {
            case .get(let queue): .get(from: self.queues[queue]) { .got($0, from: queue) }
            case .put(let queue): .put(Model.item(of: number), into: self.queues[queue]) { .put(into: queue) }
            }
        }
        choosers[number] = spawn { [unowned self] in
            do {
                let others: [Choice<End>] = [.wait(for: self) { .killed }, .after(.seconds(60)) { .expired }]
                ends[number] = try choose(choices + others)
            } catch {
                ends[number] = .killed
            }
        }
    }
}

@Suite struct ChooseModelTests {
    @Test(arguments: Roles.allCases, [0, 1])
    fileprivate func everyScriptEndsAsTheModelSays(roles: Roles, capacity: Int) async {
        await check(roles, .none, capacity: capacity, length: 4)
    }

    @Test(arguments: Roles.allCases, Meddling.allCases.dropFirst())
    fileprivate func soItDoesWhenSomebodyMeddlesWhileTheyLook(roles: Roles, meddling: Meddling) async {
        for capacity in 0...1 { await check(roles, meddling, capacity: capacity, length: 3) }
    }

    private func check(_ roles: Roles, _ meddling: Meddling, capacity: Int, length: Int) async {
        await onHub {
            var scripts: [[Step]] = [[]]
            for _ in 1...length {
                scripts = scripts.flatMap { script in Step.allCases.map { script + [$0] } }
            }
            for script in scripts {
                let problem =
                    capacity == 0
                    ? try World(roles, meddling, capacity: 0) { Channel<Int>() }.run(script)
                    : try World(roles, meddling, capacity: 1) { Queue<Int>(capacity: 1) }.run(script)
                if let problem {
                    Issue.record("\(problem)")
                    return
                }
            }
            try settle()
        }
    }
}
