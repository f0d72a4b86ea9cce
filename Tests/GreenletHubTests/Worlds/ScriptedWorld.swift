// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The same with real greenlets on a real hub: whoever runs takes the next step of a script.

import GreenletCore
import GreenletHub
import GreenletTestSupport

/// One thing that greenlets wait for, real.
protocol RealThing {
    associatedtype Model: ModelThing

    init()

    var model: Model { get }

    /// Calls; may throw what a greenlet was killed with, and its own `Timeout`.
    func perform(_ operation: Model.Operation, item: Int) throws -> Answer

    /// What is in it; takes it out.
    func takeRemains() throws -> [Int]

    /// What is wrong when all who waited are gone; nil if nothing is.
    var problem: String? { get }
}

/// One run of a script.
final class ScriptedWorld<Thing: RealThing> {
    typealias Operation = Thing.Model.Operation

    let thing = Thing()
    private let script: [ScriptStep<Operation>]
    private var position = 0
    private var log: [Sighting<Operation>] = []
    private var greenlets: [Greenlet<Void>] = []
    private var isOver = false
    private var nextItem = 1
    private var nextError = 1

    init(_ script: [ScriptStep<Operation>]) { self.script = script }

    /// Runs it to the end; returns how it differs from the model, if it does.
    func run(expecting model: Scheduler<Thing.Model>) throws -> String? {
        spawn()
        spawn()
        // Each turn lets all run who can.
        for _ in 0..<script.count + 2 { try yieldNow() }
        if let difference = difference(from: model) { return difference }
        let waiting = greenlets.indices.filter { !greenlets[$0].isReady }
        if waiting != model.waiting { return "\(waiting) wait, not \(model.waiting)" }
        isOver = true
        for number in waiting { try greenlets[number].kill(wait: false) }
        try yieldNow()
        // Who waits for a lock in a shield, when its owner is gone, waits for ever.
        for greenlet in greenlets where greenlet.isShielded { greenlet.wake(.timedOut) }
        try yieldNow()
        if let problem = thing.problem { return problem }
        let remains = try thing.takeRemains()
        if remains != model.thing.remains { return "\(remains) is left, not \(model.thing.remains)" }
        return greenlets.allSatisfy(\.isReady) ? nil : "somebody doesn't end"
    }

    private func difference(from model: Scheduler<Thing.Model>) -> String? {
        if log == model.log { return nil }
        let same = zip(log, model.log).prefix { $0 == $1 }.count
        let seen = log.dropFirst(same).first.map { "\($0)" } ?? "nothing"
        let expected = model.log.dropFirst(same).first.map { "\($0)" } ?? "nothing"
        return "after \(same) events: \(seen), not \(expected)"
    }

    private func spawn() {
        let number = greenlets.count
        greenlets.append(GreenletHub.spawn { [unowned self] in live(number) })
    }

    private func live(_ who: Int) {
        while !isOver, position < script.count {
            let step = script[position]
            position += 1
            let answer = take(step)
            if isOver { return }
            log.append(Sighting(who: who, step: step, answer: answer))
            if step == .end { return }
        }
    }

    private func take(_ step: ScriptStep<Operation>) -> Answer {
        do {
            switch step {
            case .perform(let operation):
                let item = itemNumber(nextItem)
                nextItem += 1
                return try thing.perform(operation, item: item)
            case .yield: try yieldNow()
            case .spawn: spawn()
            case .kill(let other):
                let error = TestError(nextError)
                nextError += 1
                try greenlets[other].kill(with: error, wait: false)
            case .expire(let other): greenlets[other].wake(.timedOut)  // as the timer would
            case .end: break
            }
            return .done
        } catch let error as TestError {
            return .killed(error.number)
        } catch is Timeout {
            return .expired
        } catch {
            return .other("\(error)")
        }
    }
}
