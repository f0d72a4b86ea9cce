// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Everything at once, at random: whatever happens, no item is lost or doubled and every counter comes back to zero.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// What is to be true at the end.
private final class Ledger {
    var sent: Set<Int> = []
    var received: [Int] = []
    var next = 0
    var inside = 0
    var mostInside = 0

    func takeNumber() -> Int {
        defer { next += 1 }
        return next
    }
}

/// A place with producers, consumers and killers, all of whom may be killed or run out of time anywhere.
private final class Storm {
    let queues: [Queue<Int>]
    let semaphore = Semaphore(3)
    let event = Event()
    let pool = Pool(size: 12)
    let producers = Group()
    let consumers = Group()
    let ledger = Ledger()
    var random: SeededRandom

    init(_ random: SeededRandom) {
        queues = [Queue(), Queue(capacity: 1), Queue(capacity: 4)]
        self.random = random
    }

    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    func limit() -> Duration? { chance(50) ? nil : .microseconds(Int.random(in: 0..<800, using: &random)) }

    var queue: Queue<Int> { queues[Int.random(in: 0..<queues.count, using: &random)] }

    /// What is put is noted in the very step in which `put` returned: nothing can come in between.
    func produce() throws {
        for _ in 0..<Int.random(in: 1..<8, using: &random) {
            let number = ledger.takeNumber()
            do {
                try queue.put(number, timeout: limit())
                ledger.sent.insert(number)
            } catch is Timeout {}
            if chance(20) { try yieldNow() }
        }
    }

    func consume() throws {
        for _ in 0..<Int.random(in: 1..<8, using: &random) {
            do {
                if chance(10) { _ = try queue.peek(timeout: .microseconds(100)) }
                ledger.received.append(try queue.get(timeout: limit()))
            } catch is Timeout {}
            if chance(20) { try yieldNow() }
        }
    }

    func guarded() throws {
        guard try semaphore.acquire(timeout: limit()) else { return }
        defer {
            ledger.inside -= 1
            semaphore.release()
        }
        ledger.inside += 1
        ledger.mostInside = max(ledger.mostInside, ledger.inside)
        if chance(50) { try sleep(.microseconds(Int.random(in: 0..<300, using: &random))) } else { try yieldNow() }
    }

    func pooled() throws {
        let member = try withTimeout(.milliseconds(1), default: nil) {
            try pool.spawn { [unowned self] in
                if chance(50) { try guarded() } else { try sleep(.microseconds(200)) }
            } as Greenlet<Void>?
        }
        if chance(30) { try member?.kill(wait: chance(50), timeout: .milliseconds(1)) }
    }

    func waitOrSet() throws {
        if chance(50) {
            event.set()
            event.clear()
        } else {
            try event.wait(timeout: .microseconds(500))
        }
    }

    /// Begins one more greenlet of some kind.
    func begin() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: producers.spawn { [unowned self] in try produce() }
        case 3..<6: consumers.spawn { [unowned self] in try consume() }
        case 6: consumers.spawn { [unowned self] in try guarded() }
        case 7: consumers.spawn { [unowned self] in try pooled() }
        case 8: consumers.spawn { [unowned self] in try waitOrSet() }
        default: killSomebody()
        }
    }

    func killSomebody() {
        let all = (chance(50) ? producers : consumers).members + pool.members
        guard !all.isEmpty else { return }
        let victim = all[Int.random(in: 0..<all.count, using: &random)]
        _ = try? victim.kill(with: chance(50) ? GreenletExit() : TestError(), wait: false)
    }

    func rage(for duration: Duration) throws {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end {
            for _ in 0..<Int.random(in: 1..<20, using: &random) { begin() }
            if chance(30) { try sleep(.microseconds(Int.random(in: 0..<500, using: &random))) } else { try yieldNow() }
        }
    }

    /// Ends all, then takes out what is still there.
    func calmDown() throws {
        let limit = Duration.seconds(5)
        let ended = [
            try producers.kill(timeout: limit), try consumers.kill(timeout: limit), try pool.kill(timeout: limit),
        ]
        #expect(ended == [true, true, true])
        for queue in queues {
            queue.close()
            while let number = try queue.next() { ledger.received.append(number) }
        }
    }
}

@Suite struct StormTests {
    @Test func nothingIsLostOrDoubledInAStorm() async {
        await onHub {
            let storm = Storm(SeededRandom(for: "StormTests"))
            Hub.current.errorHandler = { greenlet, error in
                if !(error is TestError || error is Timeout) { Issue.record("\(greenlet): \(error)") }
            }
            try storm.rage(for: .milliseconds(1_500))
            try storm.calmDown()
            let ledger = storm.ledger
            #expect(ledger.received.count == Set(ledger.received).count, "doubled")
            #expect(ledger.sent.subtracting(ledger.received).isEmpty, "lost")
            #expect(Set(ledger.received).subtracting(ledger.sent).isEmpty, "from nowhere")
            #expect(ledger.sent.count > 1_000, "not much of a storm")
            #expect(ledger.inside == 0 && ledger.mostInside == 3 && storm.semaphore.value == 3)
            #expect(storm.pool.freeCount == 12 && storm.pool.isEmpty)
            #expect(storm.producers.isEmpty && storm.consumers.isEmpty)
            let waiting = ["\(storm.semaphore)", "\(storm.event)"] + storm.queues.map { "\($0)" }
            #expect(waiting.prefix(2).allSatisfy { $0.hasSuffix("0 waiting>") })
            #expect(waiting.dropFirst(2).allSatisfy { $0.hasSuffix("0 getting, 0 putting>") })
        }
    }
}
