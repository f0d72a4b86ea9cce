// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Conditions and barriers, as models and real: what they do when a wait ends otherwise is half of them.

import GreenletCore
import GreenletHub

enum ConditionOperation: Hashable, Sendable {
    case acquire
    case release
    case wait
    case notify
    case notifyAll
}

struct ModelCondition: ModelThing {
    private var owner: Int?
    private var waitingForLock: [Int] = []
    private var waiting: [Int] = []
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [ConditionOperation] {
        owner == who ? [.release, .wait, .notify, .notifyAll] : [.acquire]
    }

    mutating func perform(_ operation: ConditionOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .acquire:
            if owner != nil {
                waitingForLock.append(who)
                return nil
            }
            owner = who
        case .release: passOn()
        case .wait:
            passOn()
            waiting.append(who)
            return nil
        case .notify: notify(1)
        case .notifyAll: notify(waiting.count)
        }
        return .done
    }

    private mutating func passOn() {
        owner = waitingForLock.first
        guard let owner else { return }
        waitingForLock.removeFirst()
        woken.append((owner, .done))
    }

    private mutating func notify(_ count: Int) {
        woken += waiting.prefix(count).map { ($0, .done) }
        waiting = Array(waiting.dropFirst(count))
    }

    mutating func leave(_ who: Int) {
        waiting.removeAll { $0 == who }
        waitingForLock.removeAll { $0 == who }
    }

    mutating func comeBack(_ who: Int, _ operation: ConditionOperation, _ answer: Answer) -> Answer? {
        guard operation == .wait else { return answer }
        if owner == nil {
            owner = who
            return answer
        }
        waitingForLock.append(who)
        return nil
    }

    func prefersErrors(_ operation: ConditionOperation) -> Bool { operation == .wait }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [] }
}

struct RealCondition: RealThing {
    private let condition = Condition()

    var model: ModelCondition { ModelCondition() }

    func perform(_ operation: ConditionOperation, item: Int) throws -> Answer {
        switch operation {
        case .acquire: return try condition.lock.acquire(timeout: .seconds(1_000)) ? .done : .expired
        case .release: try condition.lock.release()
        case .wait: return try condition.wait(timeout: .seconds(1_000)) ? .done : .expired
        case .notify: try condition.notify()
        case .notifyAll: try condition.notifyAll()
        }
        return .done
    }

    func takeRemains() -> [Int] { [] }

    var problem: String? {
        "\(condition)".hasSuffix(" 0 waiting>") && "\(condition.lock)".hasSuffix(" 0 waiting>")
            ? nil : "left in \(condition), \(condition.lock)"
    }
}

enum BarrierOperation: Hashable, Sendable, CaseIterable {
    case wait
    case reset
    case abort
}

/// For two.
struct ModelBarrier: ModelThing {
    private enum Round {
        case filling
        case open
        case broken
    }

    private var rounds = [Round.filling]
    private var arrived = 0
    private var waiting: [Int] = []
    /// In which round each was last.
    private var place: [Int: Int] = [:]
    private var isBroken = false
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [BarrierOperation] { BarrierOperation.allCases }

    mutating func perform(_ operation: BarrierOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .abort:
            isBroken = true
            end(.broken)
        case .reset:
            isBroken = false
            end(.broken)
            begin()
        case .wait where isBroken: return .no
        case .wait where arrived == 1:
            end(.open)
            begin()
        case .wait:
            arrived += 1
            place[who] = rounds.count - 1
            waiting.append(who)
            return nil
        }
        return .done
    }

    private mutating func begin() {
        rounds.append(.filling)
        arrived = 0
    }

    private mutating func end(_ end: Round) {
        guard rounds[rounds.count - 1] == .filling else { return }
        rounds[rounds.count - 1] = end
        woken += waiting.map { ($0, end == .open ? .done : .no) }
        waiting = []
    }

    mutating func leave(_ who: Int) { waiting.removeAll { $0 == who } }

    mutating func comeBack(_ who: Int, _ operation: BarrierOperation, _ answer: Answer) -> Answer? {
        guard answer != .done, answer != .no, let round = place[who] else { return answer }
        // He counted as there until he said that he is not: the round may have been filled meanwhile.
        if rounds[round] == .open { return answer == .expired ? .done : answer }
        if rounds[round] == .filling {
            end(.broken)
            isBroken = true
        }
        return answer
    }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [] }
}

struct RealBarrier: RealThing {
    private let barrier = Barrier(parties: 2)

    var model: ModelBarrier { ModelBarrier() }

    func perform(_ operation: BarrierOperation, item: Int) throws -> Answer {
        do {
            switch operation {
            case .wait: try barrier.wait(timeout: .seconds(1_000))
            case .reset: barrier.reset()
            case .abort: barrier.abort()
            }
            return .done
        } catch is BarrierBroken {
            return .no
        }
    }

    func takeRemains() -> [Int] { [] }

    var problem: String? { barrier.waitingCount == 0 ? nil : "left in \(barrier)" }
}
