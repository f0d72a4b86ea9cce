// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What is still to be done of what came into a queue, as a model and real.

import GreenletCore
import GreenletHub

enum TaskOperation: Hashable, Sendable, CaseIterable {
    case put
    case take
    case taskDone
    case join
    case closeDiscarding
}

/// Work may be called done before it was taken out.
struct ModelTasks: ModelThing {
    private var items: [Int] = []
    private var unfinished = 0
    private var isClosed = false
    private var joiners: [Int] = []
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [TaskOperation] { TaskOperation.allCases }

    mutating func perform(_ operation: TaskOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .put:
            if isClosed { return .no }
            items.append(item)
            unfinished += 1
        case .take: return items.isEmpty ? .no : .item(items.removeFirst())
        case .taskDone:
            if unfinished == 0 { return .no }
            unfinished -= 1
        case .join where unfinished == 0: break
        case .join:
            joiners.append(who)
            return nil
        case .closeDiscarding:
            isClosed = true
            unfinished = max(0, unfinished - items.count)
            items = []
        }
        if unfinished == 0 {
            woken = joiners.map { ($0, .done) }
            joiners = []
        }
        return .done
    }

    mutating func leave(_ who: Int) { joiners.removeAll { $0 == who } }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [unfinished, items.count] }
}

struct RealTasks: RealThing {
    private let queue = Queue<Int>()

    var model: ModelTasks { ModelTasks() }

    func perform(_ operation: TaskOperation, item: Int) throws -> Answer {
        do {
            switch operation {
            case .put: try queue.put(item)
            case .take: return try queue.tryGet().map { .item($0) } ?? .no
            case .taskDone: try queue.taskDone()
            case .join: return try queue.join(timeout: .seconds(1_000)) ? .done : .expired
            case .closeDiscarding: queue.close(discardingItems: true)
            }
            return .done
        } catch is QueueClosed {
            return .no
        } catch let error as GreenletError where error.code == .invalidArgument {
            return .no
        }
    }

    func takeRemains() -> [Int] { [queue.unfinishedTasks, queue.count] }

    var problem: String? { nil }
}
