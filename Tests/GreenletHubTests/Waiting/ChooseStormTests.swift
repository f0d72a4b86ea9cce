// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Choosing, with everybody else, kills and short times at once.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ChooseStormTests {
    /// Greenlets that choose, plain ones, kills and short times, all at once: each item that was put is taken once.
    @Test func noItemIsLostOrDoubled() async {
        await onHub {
            var random = SeededRandom(for: "ChooseStormTests")
            for _ in 0..<20 { try storm(&random) }
        }
    }

    private func storm(_ random: inout SeededRandom) throws {
        let plain = (0..<3).map { Queue<Int>(capacity: 1 + $0) }
        let channels = (0..<2).map { _ in Channel<Int>() }
        let (event, permits) = (Event(), Semaphore(2))
        var (sent, received, next, held) = ([Int](), [Int](), 0, 0)
        var source = random
        func newItem() -> Int {
            next += 1
            return next
        }
        func choice(_ kind: Int, _ place: Int) -> Choice<Void> {
            let item = newItem()
            switch (kind, place) {
            case (0, 0...2): return .get(from: plain[place]) { received.append($0) }
            case (0, _): return .get(from: channels[place - 3]) { received.append($0) }
            case (1, 0...2): return .put(item, into: plain[place]) { sent.append(item) }
            case (1, _): return .put(item, into: channels[place - 3]) { sent.append(item) }
            case (2, 0...1): return .wait(for: event) {}
            case (2, _):
                return .acquire(permits) {
                    held += 1
                    defer {
                        held -= 1
                        permits.release()
                    }
                    try yieldNow()
                }
            default: return .after(.microseconds(Int64(20 * place))) {}
            }
        }
        let workers = (0..<12).map { number in
            spawn {
                for _ in 0..<60 {
                    let count = Int.random(in: 1...4, using: &source)
                    var choices = (0..<count).map { _ in
                        choice(Int.random(in: 0...3, using: &source), Int.random(in: 0...4, using: &source))
                    }
                    if number % 3 == 0 { choices = [choice(number % 2, Int.random(in: 0...4, using: &source))] }
                    choices.append(.after(.microseconds(Int64.random(in: 50...500, using: &source))) {})
                    do { try choose(choices) } catch is TestError {}
                    if Int.random(in: 0..<8, using: &source) == 0 { event.set() } else { event.clear() }
                    if Int.random(in: 0..<4, using: &source) == 0 { try? yieldNow() }
                }
            }
        }
        let disturber = spawn {
            while true {
                try sleep(.microseconds(Int64.random(in: 10...200, using: &source)))
                AnyGreenlet.disturb(workers[Int.random(in: 0..<workers.count, using: &source)])
                if let item = try plain[0].tryGet() { received.append(item) }
                let item = newItem()
                if try channels[0].tryPut(item) { sent.append(item) }
            }
        }
        try joinAll(workers)
        try disturber.kill()
        for queue in plain {
            while let item = try queue.tryGet() { received.append(item) }
            try #require("\(queue)".hasSuffix(" 0 getting, 0 putting>"))
        }
        for channel in channels { try #require("\(channel)".hasSuffix("0 getting, 0 putting>")) }
        try #require("\(event)".hasSuffix(" 0 waiting>") && permits.value == 2 && held == 0)
        try #require(sent.sorted() == received.sorted(), "GREENLET_TEST_SEED=\(random.seed)")
        try #require(Set(sent).count == sent.count && workers.allSatisfy { $0.isSuccessful })
        random = source
    }
}

extension AnyGreenlet {
    /// Throws an error where it waits, if it does.
    fileprivate static func disturb(_ greenlet: AnyGreenlet) {
        if !greenlet.isReady { greenlet.inject(TestError(9)) }
    }
}
