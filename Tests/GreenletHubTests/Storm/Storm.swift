// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Thousands of greenlets that do at random what can be done, kill each other, and run out of time.

import GreenletCore
import GreenletHub
import GreenletTestSupport

/// A thing that greenlets meet at, and what must hold there.
protocol StormPlace: AnyObject {
    /// One greenlet does something there; its own timeouts end there.
    func act(_ storm: Storm) throws

    /// Nobody will come any more: who waits for what only newcomers could bring is let go.
    func close() throws

    /// What is wrong if it lasts: somebody waits for what is there.
    var stuck: String? { get }

    /// What is wrong when everybody has gone.
    var problem: String? { get }
}

extension StormPlace {
    func close() throws {}
    var stuck: String? { nil }
    var problem: String? { nil }
}

/// A population of greenlets that never gets smaller, until it is over.
final class Storm {
    private(set) var random: SeededRandom
    private let places: [any StormPlace]
    let ledger: Ledger
    private var citizens: [Greenlet<Void>] = []
    private(set) var isOver = false
    private(set) var problems: [String] = []

    var operations = 0
    var kills = 0
    var timeouts = 0
    private(set) var births = 0

    init(population: Int, _ random: SeededRandom) {
        self.random = random
        let ledger = Ledger()
        self.ledger = ledger
        // Some twenty greenlets a place, so that there is somebody to meet.
        places = (0..<max(1, population / 400)).flatMap { _ in makePlaces(ledger) }
        for slot in 0..<population { citizens.append(makeCitizen(slot)) }
    }

    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    func pick<Element>(_ array: [Element]) -> Element { array[number(0..<array.count)] }

    /// How long somebody is ready to wait; nil is for ever.
    func patience() -> Duration? { chance(30) ? nil : .microseconds(number(0..<3_000)) }

    /// A moment in which others run.
    func pause() throws {
        if chance(30) { try sleep(.microseconds(number(0..<500))) } else { try yieldNow() }
    }

    func report(_ problem: String) { if problems.count < 10 { problems.append(problem) } }

    /// Somebody who is there now.
    var somebody: Greenlet<Void> {
        let slot = number(0..<citizens.count)
        // One that was killed before it began has no successor yet.
        if citizens[slot].isReady, !isOver { citizens[slot] = makeCitizen(slot) }
        return citizens[slot]
    }

    private func makeCitizen(_ slot: Int) -> Greenlet<Void> {
        births += 1
        return spawn { [unowned self] in
            live()
            if !isOver { citizens[slot] = makeCitizen(slot) }
        }
    }

    private func live() {
        for _ in 0..<number(1..<30) where !isOver {
            do {
                let place = pick(places)
                if chance(10) {
                    let limit = Timeout(.microseconds(number(0..<2_000)))
                    limit.start()
                    defer { limit.cancel() }
                    do {
                        try place.act(self)
                        try checkInterruption()  // of a loop, which is no success
                    } catch let own as Timeout where own === limit {
                        timeouts += 1
                    }
                } else {
                    try place.act(self)
                }
                operations += 1
            } catch is Killed {
                if chance(50) { return }
            } catch is GreenletExit {
                return
            } catch {
                report("astray: \(error)")
            }
        }
    }

    /// The storm itself: lets it rage, and looks after it.
    func rage(for duration: Duration) throws {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, problems.isEmpty {
            try sleep(.milliseconds(50))
            try watch()
        }
    }

    /// Whoever waits for what is there must have gone on a little later.
    private func watch() throws {
        var suspects = places.filter { $0.stuck != nil }
        for _ in 0..<10 where !suspects.isEmpty {
            try sleep(.milliseconds(2))
            suspects.removeAll { $0.stuck == nil }
        }
        for suspect in suspects { report("stuck: \(suspect.stuck ?? "")") }
    }

    /// Everybody ends by himself: nobody is killed any more, and whoever waits will be served or let go.
    func calmDown() throws {
        isOver = true
        for place in places { try place.close() }
        let everybody = Hub.current.alive
        let gone = try joinAll(everybody, timeout: .seconds(20))
        if gone.count < everybody.count {
            report("\(everybody.count - gone.count) of \(everybody.count) never go on: \(blocked())")
            try killAll(everybody, timeout: .seconds(20))
        }
        for place in places { place.problem.map { report($0) } }
        ledger.problem.map { report($0) }
        let (greenlets, timers) = (Hub.current.aliveCount, Hub.current.timerCount)
        if greenlets + timers > 0 { report("\(greenlets) greenlets, \(timers) timers are left") }
        citizens = []
    }

    /// Who waits for what, said by the hub when nothing else can happen.
    private func blocked() -> String {
        do { try Event().wait() } catch { return "\(error)".prefix(2_000).description }
        return ""
    }
}

/// What kills in a storm.
struct Killed: Error {}

extension Storm: CustomStringConvertible {
    var description: String {
        "\(citizens.count) greenlets at a time, \(births) in all: \(operations) operations, \(ledger.count) items, "
            + "\(kills) kills, \(timeouts) timeouts"
    }
}
