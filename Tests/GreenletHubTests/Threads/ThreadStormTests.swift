// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Four threads with hubs and two without, who share permits and flags, at random: none is lost, and nobody sleeps for ever.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization
import Testing

/// What they share, and what they count.
private final class Shared: Sendable {
    static let permits = 3

    let semaphore = ThreadSafeSemaphore(permits)
    let events = (0..<3).map { _ in ThreadSafeEvent() }
    let isOver = Atomic<Bool>(false)
    private let holders = Tally()
    let operations = Tally()
    let kills = Tally()
    let timeouts = Tally()
    let problems = SharedLog<String>()

    /// Does one thing, with waits of `pause` in between.
    func act(_ random: inout SeededRandom, pause: (Duration) throws -> Void) throws {
        operations.add()
        let event = events[Int.random(in: 0..<events.count, using: &random)]
        let limit = Duration.microseconds(Int64.random(in: 0...400, using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0: event.set()
        case 1: event.clear()
        case 2: if try !event.wait(timeout: limit) { timeouts.add() }
        case 3: try semaphore.withPermit { try hold { try pause(limit) } }
        default:
            guard try semaphore.acquire(timeout: limit) else {
                timeouts.add()
                return
            }
            defer { semaphore.release() }
            try hold { try pause(Bool.random(using: &random) ? .zero : limit) }
        }
    }

    private func hold(_ body: () throws -> Void) rethrows {
        let count = holders.add()
        if count > Self.permits { problems.append("\(count) hold \(Self.permits) permits") }
        defer { holders.add(-1) }
        try body()
    }
}

/// Greenlets that act, and one that kills them, until it is over.
private func rage(_ shared: Shared, _ handles: [HubHandle], _ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    Hub.current.errorHandler = { greenlet, error in shared.problems.append("\(greenlet): \(error)") }
    var actors: [Greenlet<Void>] = []
    var started: UInt64 = 0
    func start() -> Greenlet<Void> {
        started += 1
        var own = SeededRandom(seed: seed &+ started &* 1_000_003)
        return spawn {
            while !shared.isOver.load(ordering: .relaxed) {
                try shared.act(&own) { try sleep($0) }
                if Int.random(in: 0..<20, using: &own) > 0 { continue }
                let other = handles[Int.random(in: 0..<handles.count, using: &own)]
                let number = Int.random(in: 0..<100, using: &own)
                do {
                    let answer = try other.call(timeout: .microseconds(500)) {
                        if try shared.semaphore.acquire(timeout: .zero) { shared.semaphore.release() }
                        return number
                    }
                    if answer != number { shared.problems.append("\(answer) for \(number)") }
                } catch is Timeout {
                    shared.timeouts.add()
                }
            }
        }
    }
    for _ in 0..<12 { actors.append(start()) }
    while !shared.isOver.load(ordering: .relaxed) {
        try sleep(.microseconds(Int64.random(in: 0...200, using: &random)))
        let index = Int.random(in: 0..<actors.count, using: &random)
        try actors[index].kill(wait: false)
        shared.kills.add()
        actors.append(start())
        try actors.remove(at: index).join()
    }
    try joinAll(actors, timeout: .seconds(30))
    for actor in actors where !actor.isReady { shared.problems.append("\(actor) sleeps on") }
}

/// A thread without a hub that acts until it is over.
private func rageWithoutHub(_ shared: Shared, _ handles: [HubHandle], _ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    while !shared.isOver.load(ordering: .relaxed) {
        do {
            try shared.act(&random) { usleep(useconds_t($0 / .microseconds(1))) }
            let handle = handles[Int.random(in: 0..<handles.count, using: &random)]
            try handle.submit { try shared.semaphore.withPermit {} }
        } catch {
            shared.problems.append("a plain thread: \(error)")
        }
    }
}

@Suite struct ThreadStormTests {
    /// Set GREENLET_THREAD_STORM_SECONDS to let it rage longer.
    private static let seconds = getenv("GREENLET_THREAD_STORM_SECONDS").flatMap { Int(String(cString: $0)) } ?? 2

    @Test func noPermitIsLostAndNobodySleepsForEver() async {
        await onHub(limit: .seconds(Self.seconds + 60)) {
            let seed = SeededRandom(for: "ThreadStormTests").seed
            let (shared, workers) = (Shared(), try (0..<4).map { _ in try Worker() })
            let handles = workers.map(\.handle)
            let ragers = handles.enumerated().map { number, handle in
                spawn { try handle.call { try rage(shared, handles, seed &+ UInt64(number)) } }
            }
            let plain = (0..<2).map { number in
                startJoinableThread { rageWithoutHub(shared, handles, seed &+ 10 &+ UInt64(number)) }
            }
            try sleep(.seconds(Self.seconds))
            shared.isOver.store(true, ordering: .relaxed)
            for thread in plain { pthread_join(thread, nil) }
            try joinAll(ragers, timeout: .seconds(40), raisingErrors: true)
            for handle in handles { try handle.call(timeout: .seconds(30)) { try sleep(.milliseconds(1)) } }
            for worker in workers { worker.stop() }

            let counts = [shared.operations, shared.kills, shared.timeouts].map(\.count)
            let report = "\(counts[0]) operations, \(counts[1]) kills, \(counts[2]) timeouts"
            print("ThreadStormTests: \(report)")
            #expect(shared.problems.entries == [], "GREENLET_TEST_SEED=\(seed)")
            let ends = ["\(shared.semaphore)"] + shared.events.map { "\($0)" }
            #expect(ends[0].hasSuffix(" \(Shared.permits) free, 0 waiting>"), "\(ends[0]), GREENLET_TEST_SEED=\(seed)")
            #expect(ends.allSatisfy { $0.hasSuffix(" 0 waiting>") }, "\(ends), GREENLET_TEST_SEED=\(seed)")
            #expect(counts[0] > 500 && counts[1] > 20 && counts[2] > 20, "not much of a storm: \(report)")
        }
    }
}
