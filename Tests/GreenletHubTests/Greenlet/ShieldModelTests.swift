// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// All short histories of kills, timeouts and nested shields, beside a model of a few lines.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

private enum Step: Character, CaseIterable {
    /// Somebody kills the greenlet while it runs.
    case kill = "k"
    /// Somebody kills it while it waits.
    case killWaiting = "K"
    /// It starts a timeout that is due at once, and so fires in its next wait.
    case start = "t"
    /// It cancels its oldest timeout.
    case cancel = "c"
    case enter = "("
    case leave = ")"
    /// It leaves the innermost section by an error.
    case fail = "!"
    case wait = "."
}

/// What should happen: what arrives, and when.
private struct Model {
    private struct Arrival {
        let name: String
        let shieldCount: Int
    }

    private var opened = 0
    private(set) var open: [Int] = []
    private var due: [Arrival] = []
    private var arrived: [Arrival] = []
    private var timeouts = 0
    private var kills = 0
    private(set) var log: [String] = []

    /// Performs a step; false if it makes no sense here.
    mutating func perform(_ step: Step) -> Bool {
        switch step {
        case .kill:
            kill()
        case .killWaiting:
            // Not with a timeout on its way: who comes first would depend on when the loop looks at the clock.
            if !due.isEmpty { return false }
            wait { $0.kill() }
        case .start:
            timeouts += 1
            due.append(Arrival(name: "t\(timeouts)", shieldCount: opened))
        case .cancel:
            guard let oldest = cancellable else { return false }
            due.removeAll { $0.name == oldest }
            arrived.removeAll { $0.name == oldest }
        case .enter:
            opened += 1
            open.append(opened)
        case .leave:
            return open.popLast() != nil
        case .fail:
            log.append("!")
            return open.popLast() != nil
        case .wait:
            wait { _ in }
        }
        return true
    }

    /// What remains comes after the end of all sections, one a wait.
    mutating func finish() {
        open = []
        repeat { wait { _ in } } while log.last != "-"
    }

    /// The oldest timeout that has not been thrown.
    private var cancellable: String? {
        (due + arrived).map(\.name).filter { $0.hasPrefix("t") }.min { Int($0.dropFirst())! < Int($1.dropFirst())! }
    }

    private mutating func kill() {
        kills += 1
        arrived.append(Arrival(name: "k\(kills)", shieldCount: 0))
    }

    private mutating func wait(_ meanwhile: (inout Model) -> Void) {
        if throwFirst() { return meanwhile(&self) }
        meanwhile(&self)
        arrived += due
        due = []
        if !throwFirst() { log.append("-") }
    }

    private mutating func throwFirst() -> Bool {
        guard let index = arrived.firstIndex(where: { $0.shieldCount >= open.last ?? 0 }) else { return false }
        log.append(arrived.remove(at: index).name)
        return true
    }
}

/// What does happen.
private final class Actor {
    private struct Failed: Error {}
    private struct Killed: Error { let name: String }

    private var steps: [Step]
    private var timeouts: [Timeout] = []
    private var thrown: Set<Int> = []
    private var cancelled: Set<Int> = []
    private var kills = 0
    private var log: [String] = []

    init(_ steps: [Step]) { self.steps = steps.reversed() }

    func run() throws -> [String] {
        try section()
        repeat { wait() } while log.last != "-"
        return log
    }

    private func section() throws {
        while let step = steps.popLast() {
            switch step {
            case .kill:
                let (current, error) = (AnyGreenlet.current, nextKill())
                try RawGreenlet { try current.kill(with: error, wait: false) }.switch()
            case .killWaiting:
                let (current, error) = (AnyGreenlet.current, nextKill())
                let killer = spawn { try current.kill(with: error, wait: false) }
                wait()
                if !killer.isReady { try shield { _ = try killer.join() } }
            case .start:
                let timeout = Timeout(.zero)
                timeouts.append(timeout)
                timeout.start()
            case .cancel:
                let oldest = timeouts.indices.first { !thrown.contains($0) && !cancelled.contains($0) }
                guard let oldest else { break }
                cancelled.insert(oldest)
                timeouts[oldest].cancel()
            case .enter:
                do { try shield { try section() } } catch is Failed { log.append("!") }
            case .leave: return
            case .fail: throw Failed()
            case .wait: wait()
            }
        }
    }

    private func nextKill() -> Killed {
        kills += 1
        return Killed(name: "k\(kills)")
    }

    private func wait() {
        switch caught({ try sleep(.nanoseconds(1)) }) {
        case nil: log.append("-")
        case let killed as Killed: log.append(killed.name)
        case let timeout as Timeout:
            let number = timeouts.firstIndex { $0 === timeout } ?? -1
            thrown.insert(number)
            log.append("t\(number + 1)")
        case let other?: log.append("\(other)")
        }
    }
}

@Suite struct ShieldModelTests {
    @Test func allShortHistoriesAreAsTheModelSays() async {
        await onHub(limit: .seconds(300)) {
            var count = 0
            try forEachHistory(upTo: isSanitized ? 4 : 6) { steps, expected in
                count += 1
                let actor = Actor(steps)
                let log = try spawn { try actor.run() }.get()
                if log != expected { Issue.record("\(String(steps.map(\.rawValue))): \(log), not \(expected)") }
            }
            #expect(count > (isSanitized ? 300 : 20_000))
        }
    }

    @Test func longOnesByChanceToo() async {
        await onHub(limit: .seconds(300)) {
            var random = SeededRandom(seed: 7)
            for _ in 0..<(isSanitized ? 100 : 3000) {
                var (model, steps): (Model, [Step]) = (Model(), [])
                while steps.count < 30 {
                    let step = Step.allCases.randomElement(using: &random) ?? .wait
                    var next = model
                    if !next.perform(step) { continue }
                    model = next
                    steps.append(step)
                }
                model.finish()
                let actor = Actor(steps)
                let log = try spawn { try actor.run() }.get()
                if log != model.log { Issue.record("\(String(steps.map(\.rawValue))): \(log), not \(model.log)") }
            }
        }
    }

    /// All histories in which each step makes sense and a section is opened.
    private func forEachHistory(upTo length: Int, _ body: ([Step], [String]) throws -> Void) throws {
        func extend(_ steps: [Step], _ model: Model) throws {
            if steps.contains(.enter) {
                var ended = model
                ended.finish()
                try body(steps, ended.log)
            }
            if steps.count == length { return }
            for step in Step.allCases {
                var next = model
                if next.perform(step) { try extend(steps + [step], next) }
            }
        }
        try extend([], Model())
    }
}
