// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Reading and writing, as a model and real.

import GreenletCore
import GreenletHub

enum ReadWriteOperation: Hashable, Sendable {
    case read
    case write
    case releaseRead
    case releaseWrite
}

/// A lock that knows who reads; a reader who asks again waits for himself, as the real one does, if a writer waits.
struct ModelReadWriteLock: ModelThing {
    private var reads: [Int: Int] = [:]
    private var writer: Int?
    /// In the order they came.
    private var waiting: [(who: Int, writes: Bool)] = []
    private var woken: [(who: Int, answer: Answer?)] = []

    func operations(of who: Int) -> [ReadWriteOperation] {
        if writer == who { return [.releaseWrite] }
        return reads[who] == nil ? [.read, .write] : [.read, .write, .releaseRead]
    }

    mutating func perform(_ operation: ReadWriteOperation, by who: Int, item: Int) -> Answer? {
        switch operation {
        case .read:
            if writer != nil || waiting.contains(where: \.writes) {
                waiting.append((who, writes: false))
                return nil
            }
            reads[who, default: 0] += 1
        case .write:
            if writer != nil || !reads.isEmpty {
                waiting.append((who, writes: true))
                return nil
            }
            writer = who
        case .releaseRead:
            reads[who] = reads[who].flatMap { $0 == 1 ? nil : $0 - 1 }
            if reads.isEmpty { admitWriter() }
        case .releaseWrite:
            writer = nil
            if waiting.allSatisfy(\.writes) { admitWriter() } else { admitReaders(waiting.count) }
        }
        return .done
    }

    /// Those among the first who wait.
    private mutating func admitReaders(_ count: Int) {
        let first = waiting.prefix(count)
        for (reader, writes) in first where !writes {
            reads[reader, default: 0] += 1
            woken.append((reader, .done))
        }
        waiting = first.filter(\.writes) + waiting.dropFirst(count)
    }

    private mutating func admitWriter() {
        guard let next = waiting.firstIndex(where: \.writes) else { return }
        let who = waiting.remove(at: next).who
        writer = who
        woken.append((who, .done))
    }

    mutating func leave(_ who: Int) { waiting.removeAll { $0.who == who } }

    mutating func comeBack(_ who: Int, _ operation: ReadWriteOperation, _ answer: Answer) -> Answer? {
        // A writer who gave up lets those in whom he alone kept out: all who came before the next writer.
        if operation == .write, answer != .done, writer == nil {
            admitReaders(waiting.firstIndex(where: \.writes) ?? waiting.count)
        }
        return answer
    }

    mutating func takeWoken() -> [(who: Int, answer: Answer?)] {
        defer { woken = [] }
        return woken
    }

    var remains: [Int] { [reads.values.reduce(0, +), writer == nil ? 0 : 1] }
}

struct RealReadWriteLock: RealThing {
    private let lock = ReadWriteLock()

    var model: ModelReadWriteLock { ModelReadWriteLock() }

    func perform(_ operation: ReadWriteOperation, item: Int) throws -> Answer {
        switch operation {
        case .read: return try lock.acquireRead(timeout: .seconds(1_000)) ? .done : .expired
        case .write: return try lock.acquireWrite(timeout: .seconds(1_000)) ? .done : .expired
        case .releaseRead: try lock.releaseRead()
        case .releaseWrite: try lock.releaseWrite()
        }
        return .done
    }

    func takeRemains() -> [Int] { [lock.readerCount, lock.writer == nil ? 0 : 1] }

    var problem: String? {
        "\(lock)".hasSuffix(" waiting: 0 to read, 0 to write>") ? nil : "left in \(lock)"
    }
}
