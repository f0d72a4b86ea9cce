// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The model of a hub with three greenlets and one thing to wait for, as simple as can be: no code of the library's.

/// How a call ended.
enum Answer: Hashable {
    case done
    case item(Int)
    case no
    case expired
    case killed(Int)
    case other(String)
}

/// The items of a world, in no order.
func itemNumber(_ number: Int) -> Int { number * 12 % 31 }

/// One thing that greenlets wait for, as a model.
protocol ModelThing {
    associatedtype Operation: Hashable & Sendable

    /// What greenlet `who` may do with it now.
    func operations(of who: Int) -> [Operation]

    /// Somebody calls; nil if he has to wait.
    mutating func perform(_ operation: Operation, by who: Int, item: Int) -> Answer?

    /// He who waited is killed, or his time is over.
    mutating func leave(_ who: Int)

    /// He who waited runs again; nil if he must wait once more, for the end of which nobody can disturb him.
    mutating func comeBack(_ who: Int, _ operation: Operation, _ answer: Answer) -> Answer?

    /// Whether an error that came after the time was over is thrown in place of saying so.
    func prefersErrors(_ operation: Operation) -> Bool

    /// Who has been woken since last asked for, in order, and with what; nil is to look again.
    mutating func takeWoken() -> [(who: Int, answer: Answer?)]

    /// What is in it in the end.
    var remains: [Int] { get }
}

extension ModelThing {
    mutating func comeBack(_ who: Int, _ operation: Operation, _ answer: Answer) -> Answer? { answer }
    func prefersErrors(_ operation: Operation) -> Bool { false }
}

/// What a greenlet does next: whoever runs takes the next step of the script.
enum ScriptStep<Operation: Hashable & Sendable>: Hashable {
    case perform(Operation)
    case yield
    case spawn
    case kill(Int)
    case expire(Int)
    case end
}

/// What was seen.
struct Sighting<Operation: Hashable & Sendable>: Hashable {
    let who: Int
    let step: ScriptStep<Operation>
    let answer: Answer
}

/// Greenlets that take turns.
struct Scheduler<Thing: ModelThing> {
    typealias Operation = Thing.Operation
    typealias Step = ScriptStep<Operation>

    private enum Stage {
        case new
        case ready
        case waiting(Operation, item: Int)
        case woken(Operation, item: Int, Answer?)
        /// Waits again, and nothing but being served ends it.
        case shielded(Operation, Answer)
        case served(Operation, Answer)
        case yielding
        case ended
    }

    private(set) var thing: Thing
    private(set) var log: [Sighting<Operation>] = []
    private var stages: [Stage] = []
    private var errors: [[Int]] = []
    private var runnable: [Int] = []
    private var running: Int?
    private var nextItem = 1
    private var nextError = 1

    /// Two greenlets are there already; a third may come.
    init(_ thing: Thing) {
        self.thing = thing
        spawn()
        spawn()
        run()
    }

    private mutating func spawn() {
        runnable.append(stages.count)
        stages.append(.new)
        errors.append([])
    }

    /// Whether somebody runs, and wants to know what to do.
    var asks: Bool { running != nil }

    /// The steps that make sense for him who asks.
    var steps: [ScriptStep<Operation>] {
        guard let running else { return [] }
        var steps = thing.operations(of: running).map { ScriptStep.perform($0) } + [.end]
        if !runnable.isEmpty || !errors[running].isEmpty { steps.append(.yield) }
        if stages.count < 3 { steps.append(.spawn) }
        for (other, stage) in stages.enumerated() where other != running {
            if case .ended = stage { continue }
            steps.append(.kill(other))
            if case .waiting = stage { steps.append(.expire(other)) }
        }
        return steps
    }

    /// Who has begun and not ended, and waits.
    var waiting: [Int] {
        stages.indices.filter {
            switch stages[$0] {
            case .waiting, .shielded: true
            default: false
            }
        }
    }

    /// Lets greenlets run until one asks for a step, or none can run.
    mutating func run() {
        while running == nil, !runnable.isEmpty {
            let who = runnable.removeFirst()
            switch stages[who] {
            case .ended: continue
            case .new, .ready: resume(who)
            case .yielding: finish(who, .yield, takeError(of: who) ?? .done)
            case .woken(let operation, let item, let answer):
                if let answer { comeBack(who, operation, answer) } else { perform(operation, item, by: who) }
            case .served(let operation, let answer): conclude(who, operation, answer)
            case .waiting, .shielded: preconditionFailure("\(who) waits, and runs")
            }
        }
    }

    /// Gives him who asks his step.
    mutating func take(_ step: ScriptStep<Operation>) {
        guard let who = running else { return }
        running = nil
        switch step {
        case .perform(let operation):
            let item = itemNumber(nextItem)
            nextItem += 1
            perform(operation, item, by: who)
        case .yield:
            if let error = takeError(of: who) {
                finish(who, step, error)
            } else {
                stages[who] = .yielding
                runnable.append(who)
            }
        case .spawn:
            spawn()
            finish(who, step, .done)
        case .kill(let other):
            kill(other)
            finish(who, step, .done)
        case .expire(let other):
            stop(other, .expired)
            finish(who, step, .done)
        case .end:
            log.append(Sighting(who: who, step: step, answer: .done))
            stages[who] = .ended
        }
        run()
    }

    /// There are no more steps: who asks for one ends without a word.
    mutating func endScript() {
        while let who = running {
            stages[who] = .ended
            running = nil
            run()
        }
    }

    private mutating func resume(_ who: Int) {
        stages[who] = .ready
        running = who
    }

    private mutating func finish(_ who: Int, _ step: ScriptStep<Operation>, _ answer: Answer) {
        log.append(Sighting(who: who, step: step, answer: answer))
        resume(who)
    }

    private mutating func perform(_ operation: Operation, _ item: Int, by who: Int) {
        if let answer = thing.perform(operation, by: who, item: item) {
            finish(who, .perform(operation), answer)
        } else if let error = takeError(of: who) {
            // It arrived earlier, and ends the wait before it begins.
            thing.leave(who)
            comeBack(who, operation, error)
        } else {
            stages[who] = .waiting(operation, item: item)
        }
        wakeAll()
    }

    private mutating func comeBack(_ who: Int, _ operation: Operation, _ answer: Answer) {
        if let last = thing.comeBack(who, operation, answer) {
            conclude(who, operation, last)
        } else {
            stages[who] = .shielded(operation, answer)
        }
        wakeAll()
    }

    private mutating func conclude(_ who: Int, _ operation: Operation, _ answer: Answer) {
        let isOver = answer == .expired && thing.prefersErrors(operation)
        finish(who, .perform(operation), isOver ? takeError(of: who) ?? answer : answer)
    }

    private mutating func wakeAll() {
        for (who, answer) in thing.takeWoken() {
            switch stages[who] {
            case .waiting(let operation, let item): stages[who] = .woken(operation, item: item, answer)
            case .shielded(let operation, let answer): stages[who] = .served(operation, answer)
            default: preconditionFailure("\(who) was woken, and doesn't wait")
            }
            runnable.append(who)
        }
    }

    private mutating func stop(_ who: Int, _ answer: Answer) {
        guard case .waiting(let operation, let item) = stages[who] else { return }
        thing.leave(who)
        stages[who] = .woken(operation, item: item, answer)
        runnable.append(who)
    }

    private mutating func kill(_ who: Int) {
        let error = nextError
        nextError += 1
        switch stages[who] {
        case .new: stages[who] = .ended
        case .waiting: stop(who, .killed(error))
        default: errors[who].append(error)
        }
    }

    private mutating func takeError(of who: Int) -> Answer? {
        errors[who].isEmpty ? nil : .killed(errors[who].removeFirst())
    }
}

extension ScriptStep: CustomStringConvertible {
    var description: String {
        switch self {
        case .perform(let operation): "\(operation)"
        case .yield: "yield"
        case .spawn: "spawn"
        case .kill(let other): "kill \(other)"
        case .expire(let other): "expire \(other)"
        case .end: "end"
        }
    }
}

extension Sighting: CustomStringConvertible {
    var description: String { "\(who): \(step) → \(answer)" }
}
