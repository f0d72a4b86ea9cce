// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Places where greenlets wait for each other, end each other, or keep each other out.

import GreenletCore
import GreenletHub

func makePlaces(_ ledger: Ledger) -> [any StormPlace] {
    [
        QueuePlace(Queue(), ledger), QueuePlace(Queue(capacity: 1), ledger), QueuePlace(Queue(capacity: 4), ledger),
        QueuePlace(LifoQueue(capacity: 2), ledger), QueuePlace(PriorityQueue(capacity: 3), ledger),
        QueuePlace(Channel(), ledger), ConditionPlace(ledger), ResultPlace(ledger), SemaphorePlace(1),
        SemaphorePlace(3), LockPlace(), ReadWritePlace(), EventPlace(), BarrierPlace(), PoolPlace(), KillPlace(),
        ShieldPlace(), TimeoutPlace(),
    ]
}

final class EventPlace: StormPlace {
    private let event = Event()

    func act(_ storm: Storm) throws {
        if storm.chance(30) {
            event.set()
            if !storm.isOver { event.clear() }
        } else if try !event.wait(timeout: storm.patience()) {
            storm.timeouts += 1
        }
    }

    func close() { event.set() }

    var stuck: String? { event.isSet && number(of: "waiting", in: event) > 0 ? "\(event)" : nil }
    var problem: String? { number(of: "waiting", in: event) > 0 ? "\(event) in the end" : nil }
}

final class BarrierPlace: StormPlace {
    private let barrier: Barrier
    private var isClosed = false
    private var leaders = 0
    private let rounds: Rounds

    private final class Rounds {
        var count = 0
    }

    init() {
        let rounds = Rounds()
        self.rounds = rounds
        barrier = Barrier(parties: 3) { rounds.count += 1 }
    }

    func act(_ storm: Storm) throws {
        do {
            if try barrier.wait(timeout: storm.patience()) == barrier.parties - 1 { leaders += 1 }
        } catch is BarrierBroken {
            if !isClosed { barrier.reset() }
        } catch let own as Timeout where "\(own)".contains(": ") {
            storm.timeouts += 1
        }
    }

    func close() {
        isClosed = true
        barrier.abort()
    }

    var stuck: String? { barrier.waitingCount >= barrier.parties ? "\(barrier)" : nil }

    var problem: String? {
        // Whoever comes last doesn't wait, so nothing can keep him from leading.
        if leaders != rounds.count { return "\(barrier): \(leaders) leaders of \(rounds.count) rounds" }
        return barrier.waitingCount > 0 ? "\(barrier) in the end" : nil
    }
}

final class PoolPlace: StormPlace {
    private let pool = Pool(size: 4)
    private var inside = 0
    private var most = 0

    func act(_ storm: Storm) throws {
        if storm.chance(10) { return try waitForSome(storm) }
        let member = try pool.spawn { [self] in
            inside += 1
            most = max(most, inside)
            defer { inside -= 1 }
            do { try storm.pause() } catch is Killed {}
        }
        if storm.chance(30) {
            storm.kills += 1
            try member.kill(with: Killed(), wait: storm.chance(50), timeout: .milliseconds(1))
        } else if storm.chance(30), try !member.join(timeout: storm.patience()) {
            storm.timeouts += 1
        }
    }

    private func waitForSome(_ storm: Storm) throws {
        let limit = Duration.microseconds(storm.number(0..<1_000))
        if storm.chance(30) {
            _ = try pool.waitAvailable(timeout: limit)
        } else if storm.chance(50) {
            _ = try joinAll(pool.members, timeout: limit)
        } else {
            for _ in iterateAsReady(pool.members, timeout: limit) {}
        }
    }

    var problem: String? {
        if inside != 0 || most > 4 { return "\(inside) run in \(pool), \(most) at most" }
        return pool.isEmpty && pool.freeCount == 4 ? nil : "\(pool) in the end, \(pool.freeCount) free"
    }
}

/// Where greenlets end each other.
final class KillPlace: StormPlace {
    func act(_ storm: Storm) throws {
        if storm.isOver { return }
        let victim = storm.somebody
        if victim === AnyGreenlet.current { return }
        if storm.chance(20) {
            if try !victim.join(timeout: .microseconds(storm.number(0..<500))) { storm.timeouts += 1 }
        }
        storm.kills += 1
        try victim.kill(
            with: storm.chance(50) ? Killed() : GreenletExit(),
            wait: storm.chance(20),
            timeout: .microseconds(storm.number(0..<2_000))
        )
    }
}

/// Where nobody is to be disturbed.
final class ShieldPlace: StormPlace {
    func act(_ storm: Storm) throws {
        try shield {
            for _ in 0..<3 {
                do { try storm.pause() } catch { storm.report("\(error) went through a shield") }
            }
        }
        try yieldNow()
    }
}

/// Where time runs out.
final class TimeoutPlace: StormPlace {
    func act(_ storm: Storm) throws {
        let limits = (0..<2).map { _ in Timeout(.microseconds(storm.number(0..<1_000))) }
        defer { for limit in limits { limit.cancel() } }
        for limit in limits { limit.start() }
        do {
            try sleep(.microseconds(storm.number(0..<1_000)))
        } catch let own as Timeout {
            guard limits.contains(where: { $0 === own }) else { throw own }
            storm.timeouts += 1
            if own.isPending { storm.report("\(own) fired, and is pending") }
        }
    }
}
