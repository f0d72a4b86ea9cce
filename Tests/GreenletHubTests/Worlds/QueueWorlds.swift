// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Queues of each order and capacity, as a model and real.

import GreenletHub

enum QueueOperation: Hashable, Sendable {
    case put
    case get
    case peek
    case close
    /// Its capacity becomes 2 if it is 1, and else 1.
    case resize
}

/// A queue in which the lists of those who wait say everything.
struct ModelQueue: ModelThing {
    enum Order {
        case first
        case last
        case smallest
    }

    let order: Order
    /// 0 is a channel.
    private var capacity: Int
    private let isResized: Bool
    private var items: [Int] = []
    private var putters: [(who: Int, item: Int)] = []
    private var getters: [Int] = []
    private var peekers: [Int] = []
    private var isClosed = false
    private var woken: [(who: Int, answer: Answer?)] = []

    init(_ order: Order, capacity: Int, isResized: Bool = false) {
        self.order = order
        self.capacity = capacity
        self.isResized = isResized
    }

    func operations(of who: Int) -> [QueueOperation] {
        if isResized { return [.put, .get, .resize] }
        return isClosed ? [.put, .get, .peek] : [.put, .get, .peek, .close]
    }

    mutating func perform(_ operation: QueueOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .put: return put(item, by: who)
        case .get: return get(by: who)
        case .peek:
            if let first = next ?? putters.first?.item { return .item(first) }
            if isClosed { return .no }
            peekers.append(who)
            return nil
        case .close:
            isClosed = true
            woken += (putters.map(\.who) + getters + peekers).map { ($0, .no) }
            (putters, getters, peekers) = ([], [], [])
            return .done
        case .resize:
            capacity = capacity == 1 ? 2 : 1
            admit()
            return .done
        }
    }

    private mutating func admit() {
        while items.count < capacity, !putters.isEmpty {
            items.append(putters[0].item)
            woken.append((putters.removeFirst().who, .done))
        }
    }

    private mutating func put(_ item: Int, by who: Int) -> Answer? {
        if isClosed { return .no }
        if !getters.isEmpty {
            woken.append((getters.removeFirst(), .item(item)))
            return .done
        }
        if items.count < capacity { items.append(item) } else { putters.append((who, item)) }
        if items.count + putters.count > capacity, capacity > 0 { return nil }
        // There is something to see.
        woken += peekers.map { ($0, nil) }
        peekers = []
        return capacity > 0 ? .done : nil
    }

    private mutating func get(by who: Int) -> Answer? {
        if let item = next {
            items.remove(at: items.firstIndex(of: item) ?? 0)
            admit()
            return .item(item)
        }
        if !putters.isEmpty {
            let putter = putters.removeFirst()
            woken.append((putter.who, .done))
            return .item(putter.item)
        }
        if isClosed { return .no }
        getters.append(who)
        return nil
    }

    private var next: Int? {
        switch order {
        case .first: items.first
        case .last: items.last
        case .smallest: items.min()
        }
    }

    mutating func leave(_ who: Int) {
        putters.removeAll { $0.who == who }
        getters.removeAll { $0 == who }
        peekers.removeAll { $0 == who }
    }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] {
        switch order {
        case .first: items
        case .last: items.reversed()
        case .smallest: items.sorted()
        }
    }
}

/// A kind of queue.
protocol QueueKind {
    associatedtype Order: QueueOrder where Order.Element == Int

    static var model: ModelQueue { get }
    static func make() -> OrderedQueue<Order>
}

enum AChannel: QueueKind {
    static let model = ModelQueue(.first, capacity: 0)
    static func make() -> Channel<Int> { Channel() }
}

enum AQueueOfOne: QueueKind {
    static let model = ModelQueue(.first, capacity: 1)
    static func make() -> Queue<Int> { Queue(capacity: 1) }
}

enum AQueueThatIsResized: QueueKind {
    static let model = ModelQueue(.first, capacity: 1, isResized: true)
    static func make() -> Queue<Int> { Queue(capacity: 1) }
}

enum AQueue: QueueKind {
    static let model = ModelQueue(.first, capacity: .max)
    static func make() -> Queue<Int> { Queue() }
}

enum ALifoQueueOfTwo: QueueKind {
    static let model = ModelQueue(.last, capacity: 2)
    static func make() -> LifoQueue<Int> { LifoQueue(capacity: 2) }
}

enum ALifoQueue: QueueKind {
    static let model = ModelQueue(.last, capacity: .max)
    static func make() -> LifoQueue<Int> { LifoQueue() }
}

enum APriorityQueueOfTwo: QueueKind {
    static let model = ModelQueue(.smallest, capacity: 2)
    static func make() -> PriorityQueue<Int> { PriorityQueue(capacity: 2) }
}

enum APriorityQueue: QueueKind {
    static let model = ModelQueue(.smallest, capacity: .max)
    static func make() -> PriorityQueue<Int> { PriorityQueue() }
}

struct RealQueue<Kind: QueueKind>: RealThing {
    private let queue = Kind.make()

    var model: ModelQueue { Kind.model }

    func perform(_ operation: QueueOperation, item: Int) throws -> Answer {
        do {
            switch operation {
            case .put: try queue.put(item, timeout: .seconds(1_000))
            case .get: return .item(try queue.get(timeout: .seconds(1_000)))
            case .peek: return .item(try queue.peek(timeout: .seconds(1_000)))
            case .close: queue.close()
            case .resize: queue.capacity = queue.capacity == 1 ? 2 : 1
            }
            return .done
        } catch is QueueClosed {
            return .no
        }
    }

    func takeRemains() throws -> [Int] {
        queue.close()
        var items: [Int] = []
        while let item = try queue.next() { items.append(item) }
        return items
    }

    var problem: String? { "\(queue)".hasSuffix(" 0 getting, 0 putting>") ? nil : "left in \(queue)" }
}
