// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Places where items change hands.

import GreenletCore
import GreenletHub

/// A number in a description: `waiting` in `<Semaphore 0x7f… 0 free, 3 waiting>` is 3.
func number(of what: String, in object: Any) -> Int {
    let words = "\(object)".split { " ,:>".contains($0) }
    guard let index = words.firstIndex(where: { $0 == what }), index > 0 else { preconditionFailure("\(object)") }
    return Int(words[index - 1]) ?? 0
}

final class QueuePlace<Order: QueueOrder>: StormPlace where Order.Element == Int {
    private let queue: OrderedQueue<Order>
    private let ledger: Ledger

    init(_ queue: OrderedQueue<Order>, _ ledger: Ledger) {
        self.queue = queue
        self.ledger = ledger
    }

    func act(_ storm: Storm) throws {
        do {
            if let capacity = queue.capacity, capacity > 0, storm.chance(2) { queue.capacity = storm.number(1..<5) }
            if storm.chance(5) { _ = try queue.peek(timeout: storm.patience() ?? .milliseconds(1)) }
            if storm.chance(20) {
                try chooseAmongAll(storm)
            } else if storm.chance(50) {
                let number = ledger.takeNumber()
                try queue.put(number, timeout: storm.patience())
                ledger.sent(number)
            } else {
                ledger.received(try queue.get(timeout: storm.patience()))
                try queue.taskDone()
            }
        } catch let own as Timeout where "\(own)".contains(": ") {
            storm.timeouts += 1
        } catch is QueueClosed {
            if !storm.isOver { storm.report("\(queue) is closed") }
        }
    }

    private func chooseAmongAll(_ storm: Storm) throws {
        let number = ledger.takeNumber()
        let get = Choice<Void>.get(from: queue) { [self] in
            ledger.received($0)
            try queue.taskDone()
        }
        let put = Choice<Void>.put(number, into: queue) { [self] in ledger.sent(number) }
        let choices = storm.pick([[get, put], [put, get], [get], [put]])
        try choose(choices + [.after(storm.patience() ?? .milliseconds(2)) { storm.timeouts += 1 }])
    }

    func close() throws { queue.close() }

    var stuck: String? {
        let isNotEmpty = !queue.isEmpty && number(of: "getting", in: queue) > 0
        let isNotFull = !queue.isFull && number(of: "putting", in: queue) > 0
        return isNotEmpty || isNotFull ? "\(queue)" : nil
    }

    var problem: String? {
        while let item = try? queue.next() {
            ledger.received(item)
            try? queue.taskDone()
        }
        if queue.unfinishedTasks > 0 { return "\(queue.unfinishedTasks) tasks of \(queue) are unfinished" }
        return "\(queue)".hasSuffix(" 0 getting, 0 putting>") ? nil : "\(queue) is waited for"
    }
}

/// A buffer made of a condition.
final class ConditionPlace: StormPlace {
    private let condition = Condition()
    private var buffer: [Int] = []
    private var isClosed = false
    private let ledger: Ledger

    init(_ ledger: Ledger) { self.ledger = ledger }

    func act(_ storm: Storm) throws {
        if storm.chance(50) {
            try condition.withLock {
                if storm.chance(20) { try storm.pause() }
                let number = ledger.takeNumber()
                buffer.append(number)
                ledger.sent(number)
                try condition.notify()
            }
        } else {
            try condition.withLock {
                if try condition.wait(timeout: storm.patience(), until: { !buffer.isEmpty || isClosed }) {
                    if !buffer.isEmpty { ledger.received(buffer.removeFirst()) }
                } else {
                    storm.timeouts += 1
                }
                if storm.chance(20) { try storm.pause() }
            }
        }
    }

    func close() throws {
        try condition.withLock {
            isClosed = true
            try condition.notifyAll()
        }
    }

    var stuck: String? {
        let isWaiting = number(of: "waiting", in: condition) > 0
        return !buffer.isEmpty && isWaiting && !condition.lock.isLocked ? "\(condition), \(buffer.count) items" : nil
    }

    var problem: String? {
        for item in buffer { ledger.received(item) }
        if condition.lock.isLocked { return "\(condition.lock) is held" }
        return number(of: "waiting", in: condition) == 0 ? nil : "\(condition) is waited for"
    }
}

/// A value that somebody makes for one who waits for it.
final class ResultPlace: StormPlace {
    private let ledger: Ledger

    init(_ ledger: Ledger) { self.ledger = ledger }

    func act(_ storm: Storm) throws {
        let number = ledger.takeNumber()
        do {
            if storm.chance(50) {
                let result = AsyncResult<Int>()
                spawn {
                    try storm.pause()
                    result.set(number)
                }
                check(try result.get(timeout: storm.patience()), number, storm)
            } else {
                let child = spawn {
                    try storm.pause()
                    return number
                }
                check(try child.get(timeout: storm.patience()), number, storm)
            }
        } catch let own as Timeout where "\(own)".contains(": ") {
            storm.timeouts += 1
        }
    }

    private func check(_ value: Int, _ expected: Int, _ storm: Storm) {
        if value != expected { storm.report("a result is \(value), not \(expected)") }
    }
}
