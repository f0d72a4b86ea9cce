// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Small worlds, all of them, and large ones at random: what real greenlets do is what the model says.

import GreenletCore
import GreenletTestSupport
import Testing

/// Takes the steps in the model and in the world, and compares.
///
/// - Returns: What differs, if anything does.
private func difference(_ script: [Step], slots: Int, ways: Ways, tracedFrom first: Int? = nil) throws -> String? {
    var model = GreenletModel(slots: slots, ways: ways)
    var snapshots = [Snapshot(of: model)]
    var arrivals: [[Arrival]] = []
    for (number, step) in script.enumerated() {
        arrivals.append(model.take(step, number: number))
        snapshots.append(Snapshot(of: model))
    }
    model.finish()
    let world = World(script, slots: slots, ways: ways, tracedFrom: first)
    let stacks = world.run()
    let rest = try world.clear()
    for index in script.indices {
        // Several orphans end at one safe point in the order in which they were dropped, which the model doesn't know.
        let (seen, expected) = (world.arrivals[index], arrivals[index])
        let isSafePointAlone = if case .create = script[index] { true } else { false }
        let endsAlike = isSafePointAlone || seen.last == expected.last
        if !endsAlike || seen.count != expected.count || Set(seen) != Set(expected) {
            return "step \(index): \(seen) instead of \(expected)"
        }
    }
    if let index = snapshots.indices.first(where: { world.snapshots[$0] != snapshots[$0] }) {
        return "before step \(index): \(world.snapshots[index]) instead of \(snapshots[index])"
    }
    if stacks != model.stacks { return "\(stacks) stacks at the end instead of \(model.stacks)" }
    return rest == 0 ? nil : "\(rest) stacks are left"
}

/// Visits every script of `length` steps that begins with `prefix`.
///
/// A step that changes nothing, such as one that is refused, ends its script: what follows is in a shorter one.
private func everyScript(
    of length: Int,
    after prefix: [Step] = [],
    members: Int,
    ways: Ways,
    where isWanted: (Step) -> Bool = { _ in true },
    _ visit: ([Step]) throws -> Void
) rethrows {
    func extend(_ script: [Step], _ model: GreenletModel) throws {
        if script.count == length { return try visit(script) }
        for step in model.choices(members: members) where isWanted(step) {
            var next = model
            _ = next.take(step, number: script.count)
            let longer = script + [step]
            if next == model { try visit(longer) } else { try extend(longer, next) }
        }
    }
    var model = GreenletModel(slots: members, ways: ways)
    for (number, step) in prefix.enumerated() { _ = model.take(step, number: number) }
    try withoutActuallyEscaping(visit) { _ in try extend(prefix, model) }
}

@Suite struct ModelTests {
    @Test(arguments: Ways.allCases) func everyShortScriptGoesAsTheModelSays(ways: Ways) async {
        await onThread(limit: .seconds(300)) {
            var worlds = 0
            var differences: [String] = []
            let visit: ([Step]) throws -> Void = { script in
                worlds += 1
                if let text = try difference(script, slots: 3, ways: ways) { differences.append("\(script): \(text)") }
            }
            // The steps at which nothing is handed over take turns: shorter worlds show what the other orders do.
            let last = (ways == .values || ways == .all ? 6 : 5) - (isSanitized ? 1 : 0)
            try everyScript(of: last, members: 3, ways: ways, visit)
            let three: [Step] = [.create(0), .create(1), .create(2)]
            try everyScript(of: last + 1, after: three, members: 3, ways: ways, visit)
            print("ModelTests: \(worlds) worlds, \(ways): \(last) steps, and \(last - 2) after three were made")
            #expect(differences.isEmpty, "\(differences.count) differ: \(differences.prefix(3))")
        }
    }

    // Two greenlets, each started by the one before: who waits in which call when which of them ends. Untraced, traced,
    // and traced once both run.
    @Test(arguments: [nil, 0, 4], Ways.allCases)
    func everyOrderOfNestedEndsGoesAsTheModelSays(firstTraced: Int?, ways: Ways) async {
        await onThread(limit: .seconds(300)) {
            var worlds = 0
            var differences: [String] = []
            let nested: [Step] = [.create(0), .switch(0), .create(1), .switch(1)]
            func isWanted(_ step: Step) -> Bool {
                switch step {
                case .switch, .return, .raise, .setParent: true
                default: false
                }
            }
            try everyScript(of: isSanitized ? 8 : 9, after: nested, members: 2, ways: ways, where: isWanted) { script in
                worlds += 1
                if let text = try difference(script, slots: 2, ways: ways, tracedFrom: firstTraced) {
                    differences.append("\(script): \(text)")
                }
            }
            print("ModelTests: \(worlds) worlds, \(ways): all of the steps of two that are nested")
            #expect(differences.isEmpty, "\(differences.count) differ: \(differences.prefix(3))")
        }
    }

    @Test(arguments: [false, true], Ways.allCases)
    func longScriptsAtRandomGoAsTheModelSays(traced: Bool, ways: Ways) async {
        await onThread(limit: .seconds(300)) {
            var random = SeededRandom(for: "ModelTests")
            var differences: [String] = []
            var events = 0
            if traced { RawGreenlet.setTracer { _ in events += 1 } }
            for _ in 0..<(isSanitized ? 40 : 200) {
                var model = GreenletModel(slots: 6, ways: ways)
                var script: [Step] = []
                while script.count < 150, let step = model.choices(members: 150).randomElement(using: &random) {
                    _ = model.take(step, number: script.count)
                    script.append(step)
                }
                if let text = try difference(script, slots: 6, ways: ways) { differences.append(text) }
            }
            #expect(traced == (events > 0))
            #expect(differences.isEmpty, "\(differences.count) differ: \(differences.prefix(3))")
        }
    }
}
