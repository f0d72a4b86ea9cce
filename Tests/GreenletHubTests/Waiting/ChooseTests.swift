// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Choosing: exactly one of several, at once or later.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ChooseTests {
    @Test func whatIsPossibleAtOnceNeedsNoWaiting() async {
        await onHub {
            let (words, numbers, event) = (Queue<String>(), Queue<Int>(capacity: 1), Event())
            var othersRan = false
            spawn { othersRan = true }
            func chosen() throws -> String {
                try choose([
                    .get(from: words) { "got \($0)" },
                    .put(7, into: numbers) { "put" },
                    .wait(for: event) { "event" },
                    .after(.seconds(60)) { "late" },
                ])
            }
            let put = try chosen()
            try words.put("hello")
            let got = try chosen()
            event.set()
            let told = try chosen()
            #expect([put, got, told] == ["put", "got hello", "event"] && !othersRan)
            #expect(numbers.count == 1 && words.isEmpty)
            try settle()
        }
    }

    @Test func theFirstToBeServedDecidesAndTheOthersAreLeft() async {
        await onHub {
            let (first, second, full, event) = (Queue<Int>(), Queue<Int>(), Queue<Int>(capacity: 1), Event())
            try full.put(0)
            let choices: [Choice<String>] = [
                .get(from: first) { "first \($0)" },
                .get(from: second) { "second \($0)" },
                .put(9, into: full) { "put" },
                .wait(for: event) { "event" },
                .after(.milliseconds(2)) { "late" },
            ]
            // Each in turn decides, though all come before the chooser runs.
            let deeds: [() throws -> Void] = [
                { try first.put(1) }, { try second.put(2) }, { _ = try full.get() }, { event.set() },
            ]
            var seen: [String] = []
            for begin in 0..<4 {
                let chooser = spawn { try choose(choices) }
                try settle()
                for deed in 0..<4 { try deeds[(begin + deed) % 4]() }
                seen.append(try chooser.get())
                event.clear()
                #expect(first.count == (begin == 0 ? 0 : 1) && second.count == (begin == 1 ? 0 : 1))
                #expect(full.count == (begin == 2 ? 1 : 0))
                for queue in [first, second, full] { while try queue.tryGet() != nil {} }
                try full.put(0)
            }
            let late = try choose(choices)
            #expect(seen == ["first 1", "second 2", "put", "event"] && late == "late")
            for queue in [first, second, full] { #expect("\(queue)".hasSuffix(" 0 getting, 0 putting>")) }
            #expect("\(event)".hasSuffix(" 0 waiting>"))
        }
    }

    @Test func oneWhoIsServedAndThenKilledKeepsTheItem() async {
        await onHub {
            let (queue, other) = (Queue<Int>(), Channel<Int>())
            var got: [Int] = []
            let victim = spawn {
                try choose([.get(from: queue) { got.append($0) }, .put(1, into: other) {}])
                try yieldNow()
                got.append(-1)
            }
            try settle()
            try queue.put(5)
            try victim.kill()
            #expect(got == [5])
        }
    }

    @Test func oneWhoIsKilledFirstTakesNothing() async {
        await onHub {
            let (queue, other) = (Queue<Int>(), Channel<Int>())
            let victim = spawn { try choose([.get(from: queue) { _ in }, .put(1, into: other) {}]) }
            try settle()
            try victim.kill(wait: false)
            try queue.put(5)
            let none = try other.tryGet()
            let seen = try other.tryPeek()
            #expect(queue.count == 1 && none == nil && seen == nil)
            try victim.join()
            #expect(!victim.isSuccessful || queue.count == 1)
        }
    }

    @Test func twoChoosersMeetInAChannelAndNobodyMeetsHimself() async {
        await onHub {
            let channel = Channel<String>()
            func choices(_ name: String) -> [Choice<String>] {
                [
                    .put(name, into: channel) { "\(name) sent" },
                    .get(from: channel) { "\(name) got \($0)" },
                    .after(.milliseconds(3)) { "\(name) alone" },
                ]
            }
            let alone = try choose(choices("a"))
            #expect(alone == "a alone")
            let both = ["a", "b"].map { name in spawn { try choose(choices(name)) } }
            let answers = Set(try both.map { try $0.get() })
            #expect(answers == ["a sent", "b got a"] || answers == ["b sent", "a got b"])
            #expect("\(channel)".hasSuffix("0 getting, 0 putting>"))
        }
    }

    @Test func whoCameEarlierIsServedEarlierWhetherHeChoosesOrNot() async {
        await onHub {
            let queue = Queue<Int>()
            var order: [String] = []
            let waiters = (0..<4).map { number in
                spawn {
                    if number % 2 == 0 {
                        try choose([
                            .get(from: queue) { order.append("\(number) chose \($0)") }, .after(.seconds(60)) {},
                        ])
                    } else {
                        order.append("\(number) got \(try queue.get())")
                    }
                }
            }
            try settle()
            for item in 0..<4 { try queue.put(item) }
            try joinAll(waiters)
            #expect(order == ["0 chose 0", "1 got 1", "2 chose 2", "3 got 3"])
        }
    }

    @Test func amongSeveralThatArePossibleChanceIsFair() async {
        await onHub {
            let queues = (0..<3).map { _ in Queue<Int>() }
            let never = Queue<Int>()
            for queue in queues { for item in 0..<3_000 { try queue.put(item) } }
            var counts = [0, 0, 0]
            // The one that never is possible must not shift the odds to whoever stands behind it.
            var choices: [Choice<Int>] = (0..<5).map { _ in .get(from: never) { _ in 0 } }
            choices += queues.indices.map { index in .get(from: queues[index]) { _ in index } }
            for _ in 0..<3_000 { counts[try choose(choices)] += 1 }
            // 1000 each; the standard deviation is 26.
            #expect(counts.allSatisfy { (800...1_200).contains($0) }, "\(counts)")
        }
    }

    @Test func oneOfTwoChoicesOfTheSameQueueGetsTheItem() async {
        await onHub {
            let queue = Queue<Int>()
            let chooser = spawn { try choose([.get(from: queue) { $0 }, .get(from: queue) { $0 }]) }
            try settle()
            for item in 1...2 { try queue.put(item) }
            let item = try chooser.get()
            #expect(item == 1 && queue.count == 1)
        }
    }

    @Test func aClosedQueueIsAnErrorOrTheEnd() async {
        await onHub {
            let (open, closed) = (Queue<Int>(), Queue<Int>())
            closed.close()
            #expect(throws: QueueClosed()) { try choose([.get(from: closed) { _ in }]) }
            #expect(throws: QueueClosed()) { try choose([.put(1, into: closed) {}]) }
            let end = try choose([.next(from: closed) { $0 == nil }, .get(from: open) { _ in false }])
            #expect(end)

            let (first, second, third) = (Channel<Int>(), Queue<Int>(), Channel<Int>())
            let told = [
                spawn {
                    caught { try choose([.get(from: first) { _ in }, .get(from: open) { _ in }]) } is QueueClosed
                },
                spawn { caught { try choose([.put(1, into: third) {}, .get(from: open) { _ in }]) } is QueueClosed },
                spawn { try choose([.next(from: second) { $0 == nil }, .get(from: open) { _ in false }]) },
            ]
            try settle()
            first.close()
            third.close()
            second.close()
            let answers = try told.map { try $0.get() }
            #expect(answers == [true, true, true] && "\(open)".hasSuffix(" 0 getting, 0 putting>"))
        }
    }

    @Test func resultsGreenletsAndPermitsCanBeChosen() async {
        await onHub {
            let reports = Reports()
            let (result, permits, bounded) = (AsyncResult<Int>(), Semaphore(0), BoundedSemaphore(1))
            let failing = spawn {
                try sleep(.milliseconds(1))
                throw TestError(4)
            }
            spawn { result.set(8) }
            let never = Queue<Int>()
            let eight = try choose([.get(from: result) { $0 }, .get(from: never) { $0 }])
            #expect(throws: TestError(4)) { try choose([.get(from: failing) {}, .acquire(permits) {}]) }
            #expect(reports.errors.isEmpty)
            spawn { permits.release() }
            try choose([.acquire(permits) {}, .get(from: never) { _ in }])
            try choose([.acquire(bounded) {}, .get(from: never) { _ in }])
            #expect(eight == 8 && permits.value == 0 && bounded.isLocked)
            let seven = try choose([.get(from: spawn { 7 }) { $0 }, .get(from: never) { $0 }])
            #expect(seven == 7)
        }
    }

    @Test func withAnElseNobodyWaits() async {
        await onHub {
            let (queue, channel) = (Queue<Int>(), Channel<Int>())
            func chosen() throws -> Int {
                let choices: [Choice<Int>] = [
                    .get(from: queue) { $0 }, .put(1, into: channel) { -1 }, .after(.zero) { -2 },
                ]
                return try choose(choices, orElse: { -3 })
            }
            let nothing = try chosen()
            try queue.put(4)
            let item = try chosen()
            let getter = spawn { try channel.get() }
            try settle()
            let sent = try chosen()
            let got = try getter.get()
            #expect([nothing, item, sent, got] == [-3, 4, -1, 1])
        }
    }

    @Test func theBodyMayChooseAgainThrowAndReturnNothing() async {
        await onHub {
            let (outer, inner) = (Queue<Int>(), Queue<Int>())
            spawn {
                for item in 1...2 {
                    try outer.put(item)
                    try inner.put(10 * item)
                }
            }
            let sum = try choose([.get(from: outer) { item in try choose([.get(from: inner) { item + $0 }]) }])
            let nothing: Int? = try choose([.get(from: outer) { _ in nil }])
            #expect(sum == 11 && nothing == nil)
            #expect(throws: TestError(2)) { try choose([.get(from: inner) { _ in throw TestError(2) }]) }
        }
    }

    @Test func peekersSeeWhatAChooserOffers() async {
        await onHub {
            let channel = Channel<Int>()
            let peeker = spawn { try channel.peek() }
            try settle()
            let chooser = spawn { try choose([.put(3, into: channel) {}, .after(.seconds(60)) {}]) }
            let seen = try peeker.get()
            let item = try channel.get()
            try chooser.get()
            #expect(seen == 3 && item == 3)
        }
    }

    @Test func aDeadlockNamesThePlaces() async {
        await onHub {
            let (queue, event) = (Queue<Int>(), Event())
            let error = caught { try choose([.get(from: queue) { _ in }, .wait(for: event) {}]) }
            let message = (error as? LoopExit)?.blocked.first ?? ""
            #expect(message.contains("choose on ") && message.contains("get from <Queue 0x"))
            #expect(message.contains("wait for <Event 0x"))
            #expect(throws: LoopExit.self) { try choose([Choice<Void>]()) }
        }
    }

    @Test func amongManyPlacesItIsAsAmongFew() async {
        await onHub {
            for count in [15, 16, 17, 40, 3] {
                let queues = (0..<count).map { _ in Queue<Int>(capacity: 1) }
                let gets: [Choice<Int>] = queues.map { queue in .get(from: queue) { $0 } }
                let puts: [Choice<Int>] = queues.indices.map { index in .put(index, into: queues[index]) { index } }
                let filled = Set(try (0..<count).map { _ in try choose(puts, orElse: { -1 }) })
                #expect(filled == Set(0..<count))
                let putter = spawn { try choose(puts) }
                try settle()
                let taken = Set(try (0...count).map { _ in try choose(gets) })
                #expect(taken == filled)
                let again = try putter.get()
                #expect(filled.contains(again))
                for (index, queue) in queues.enumerated() {
                    let getter = spawn { try choose(gets) }
                    try settle()
                    try queue.put(index)
                    let got = try getter.get()
                    #expect(got == index)
                    #expect("\(queue)".hasSuffix(" 0 getting, 0 putting>"))
                }
            }
        }
    }

    @Test func whatBodiesHoldLivesAsLongAsTheChoices() async {
        await onHub {
            final class Held {
                let number: Int
                init(_ number: Int) { self.number = number }
            }
            weak var captured: Held?
            weak var item: Held?
            weak var queue: Queue<Held>?
            do {
                let (held, words) = (Held(3), Queue<Held>())
                (captured, queue) = (held, words)
                func choices(_ held: Held, _ offered: Held, into full: Channel<Held>) -> [Choice<Int>] {
                    [
                        .get(from: words) { held.number + $0.number },
                        .next(from: words) { held.number + ($0?.number ?? 0) },
                        .put(offered, into: full) { held.number },
                    ]
                }
                let full = Channel<Held>()
                let chooser = spawn { [held] in
                    let offered = Held(100)
                    item = offered
                    let mine = choices(held, offered, into: full)
                    return try [choose(mine), choose(mine)]
                }
                try settle()
                #expect(captured != nil && item != nil)
                try words.put(Held(4))
                try settle()
                try words.put(Held(5))
                let sums = try chooser.get()
                #expect(sums == [7, 8])
            }
            try settle()
            #expect(captured == nil && item == nil && queue == nil)
        }
    }

    @Test func oneThatIsSwitchedIntoByHandLeavesAllPlaces() async {
        await onHub(allowingLeftovers: true) {  // whoever switched by hand is never resumed
            let (queue, channel) = (Queue<Int>(), Channel<Int>())
            var error: (any Error)?
            let raw = RawGreenlet {
                error = caught { try choose([.get(from: queue) { _ in }, .put(1, into: channel) {}]) }
            }
            spawn { try raw.switch() }
            try raw.switch()
            #expect((error as? GreenletError)?.code == .invalidSwitch)
            for name in ["\(queue)", "\(channel)"] { #expect(name.hasSuffix(" 0 getting, 0 putting>")) }
        }
    }

    /// Somebody else's code is asked for its readiness, and changes what was looked at before.
    @Test(arguments: 1...2)
    func whatBecomesPossibleWhileOthersAreAskedIsSeen(look: Int) async {
        await onHub {
            for _ in 0..<16 {  // places are asked in random order
                let (queue, full, channel) = (Queue<Int>(), Queue<Int>(capacity: 1), Channel<Int>())
                let (semaphore, event, closed) = (Semaphore(0), Event(), Queue<Int>())
                func places(_ meddler: Meddler) -> [Choice<String>] {
                    [
                        .wait(for: meddler) { "meddler" }, .after(.seconds(30)) { "late" },
                        .put(9, into: channel) { "sent" }, .wait(for: channel) { "seen" },
                    ]
                }
                func chosen(_ choice: Choice<String>, when deed: @escaping () throws -> Void) throws -> String {
                    try choose(places(Meddler(at: look, deed)) + [choice])
                }
                let got = try chosen(.get(from: queue) { "got \($0)" }) { try queue.put(1) }
                let next = try chosen(.next(from: queue) { "next \($0 ?? 0)" }) { try queue.put(2) }
                try full.put(0)
                let put = try chosen(.put(3, into: full) { "put" }) { _ = try full.tryGet() }
                let permit = try chosen(.acquire(semaphore) { "permit" }) { semaphore.release() }
                let told = try chosen(.wait(for: event) { "told" }) { event.set() }
                let over = try chosen(.next(from: closed) { "next \($0 ?? 0)" }) { closed.close() }
                #expect(
                    [got, next, put, permit, told, over] == ["got 1", "next 2", "put", "permit", "told", "next 0"]
                )
                #expect(full.count == 1 && semaphore.value == 0)
                for name in ["\(queue)", "\(full)", "\(channel)"] { #expect(name.hasSuffix(" 0 getting, 0 putting>")) }
                #expect("\(semaphore)".hasSuffix(" 0 waiting>"))
                try settle()
            }
        }
    }

    @Test func whoOffersInAChannelIsNotToldOfHisOwnOffer() async {
        await onHub {
            let channel = Channel<Int>()
            let choices: [Choice<String>] = [
                .put(1, into: channel) { "sent" }, .wait(for: channel) { "seen" }, .after(.milliseconds(2)) { "alone" },
            ]
            for _ in 0..<8 {
                let alone = try choose(choices)
                #expect(alone == "alone")
            }
            // But of another's.
            let other = spawn { try channel.put(2) }
            try settle()
            let seen = try choose(choices)
            #expect(seen == "seen")
            try other.kill()
        }
    }
}

/// Does something at one of the looks at it, and never is ready.
private final class Meddler: Waitable {
    private let event = Event()
    private var looks = 0
    private let look: Int
    private let deed: () throws -> Void

    init(at look: Int, _ deed: @escaping () throws -> Void) { (self.look, self.deed) = (look, deed) }

    var readiness: Readiness {
        looks += 1
        if looks == look { try? deed() }
        return event.readiness
    }
}
