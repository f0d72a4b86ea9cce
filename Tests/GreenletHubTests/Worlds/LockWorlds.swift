// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Semaphores, events and locks, as models and real.

import GreenletCore
import GreenletHub

enum SemaphoreOperation: Hashable, Sendable, CaseIterable {
    case acquire
    case release
    case wait
}

struct ModelSemaphore: ModelThing {
    private var value = 1
    private var waiters: [Int] = []
    private var watchers: [Int] = []
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [SemaphoreOperation] { SemaphoreOperation.allCases }

    mutating func perform(_ operation: SemaphoreOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .release:
            if waiters.isEmpty {
                value += 1
                woken = watchers.map { ($0, nil) }
                watchers = []
            } else {
                woken = [(waiters.removeFirst(), .done)]
            }
        case .acquire where value > 0: value -= 1
        case .wait where value > 0: break
        case .acquire:
            waiters.append(who)
            return nil
        case .wait:
            watchers.append(who)
            return nil
        }
        return .done
    }

    mutating func leave(_ who: Int) {
        waiters.removeAll { $0 == who }
        watchers.removeAll { $0 == who }
    }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [value] }
}

struct RealSemaphore: RealThing {
    private let semaphore = Semaphore(1)

    var model: ModelSemaphore { ModelSemaphore() }

    func perform(_ operation: SemaphoreOperation, item: Int) throws -> Answer {
        switch operation {
        case .acquire: return try semaphore.acquire(timeout: .seconds(1_000)) ? .done : .expired
        case .wait: return try semaphore.wait(timeout: .seconds(1_000)) > 0 ? .done : .expired
        case .release: semaphore.release()
        }
        return .done
    }

    func takeRemains() -> [Int] { [semaphore.value] }

    var problem: String? { "\(semaphore)".hasSuffix(" 0 waiting>") ? nil : "left in \(semaphore)" }
}

enum EventOperation: Hashable, Sendable, CaseIterable {
    case set
    case clear
    case wait
}

struct ModelEvent: ModelThing {
    private var isSet = false
    private var waiters: [Int] = []
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [EventOperation] { EventOperation.allCases }

    mutating func perform(_ operation: EventOperation, by who: Int, item: Int) -> Answer? {
        if operation == .wait, !isSet {
            waiters.append(who)
            return nil
        }
        if operation == .clear { isSet = false }
        if operation == .set {
            isSet = true
            woken = waiters.map { ($0, .done) }
            waiters = []
        }
        return .done
    }

    mutating func leave(_ who: Int) { waiters.removeAll { $0 == who } }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [isSet ? 1 : 0] }
}

struct RealEvent: RealThing {
    private let event = Event()

    var model: ModelEvent { ModelEvent() }

    func perform(_ operation: EventOperation, item: Int) throws -> Answer {
        switch operation {
        case .set: event.set()
        case .clear: event.clear()
        case .wait: return try event.wait(timeout: .seconds(1_000)) ? .done : .expired
        }
        return .done
    }

    func takeRemains() -> [Int] { [event.isSet ? 1 : 0] }

    var problem: String? { "\(event)".hasSuffix(" 0 waiting>") ? nil : "left in \(event)" }
}

enum LockOperation: Hashable, Sendable {
    case acquire
    case release
}

struct ModelLock: ModelThing {
    private var owner: Int?
    private var depth = 0
    private var waiters: [Int] = []
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [LockOperation] { owner == who ? [.acquire, .release] : [.acquire] }

    mutating func perform(_ operation: LockOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .acquire:
            if let owner, owner != who {
                waiters.append(who)
                return nil
            }
            owner = who
            depth += 1
        case .release:
            depth -= 1
            if depth > 0 { break }
            owner = waiters.first
            if let owner {
                depth = 1
                woken = [(owner, .done)]
                waiters.removeFirst()
            }
        }
        return .done
    }

    mutating func leave(_ who: Int) { waiters.removeAll { $0 == who } }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [depth] }
}

struct RealLock: RealThing {
    private let lock = ReentrantLock()

    var model: ModelLock { ModelLock() }

    func perform(_ operation: LockOperation, item: Int) throws -> Answer {
        switch operation {
        case .acquire: return try lock.acquire(timeout: .seconds(1_000)) ? .done : .expired
        case .release: try lock.release()
        }
        return .done
    }

    func takeRemains() -> [Int] { [lock.depth] }

    var problem: String? { "\(lock)".hasSuffix(" 0 waiting>") ? nil : "left in \(lock)" }
}
