// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What one wait costs: a park and its wake, an event for which many wait, a choice, and waiting for nothing.

import Glibc
import GreenletHub
import GreenletNet

/// Two greenlets wake each other in turns: an operation is one park and one wake.
func parkAndWake(_ count: Int) throws -> Figures {
    try measure(count) { count in
        var waiting: Waiter?
        let two = (0..<2).map { number in
            spawn {
                for _ in 0..<count / 2 {
                    let other = waiting
                    let own = try Waiter()
                    waiting = own
                    other?.wake()
                    _ = try own.park(for: "its turn")
                }
                if number == 0 { waiting?.wake() }
            }
        }
        try joinAll(two, raisingErrors: true)
        return count
    }
}

/// Events are set, each when all of a thousand greenlets or of `tasks` wait for it, until all have run again.
///
/// Each has parked for the next one then, which is part of it.
func event(_ count: Int, tasks: Int?) throws -> Figures {
    let tasks = tasks ?? 1000
    // By turns, as one that is still set would not let anybody wait.
    let (even, odd, turn) = (Event(), Event(), Turn())
    let waiters = (0..<tasks).map { _ in
        spawn {
            while true {
                try even.wait()
                turn.ran()
                try odd.wait()
                turn.ran()
            }
        }
    }
    try yieldNow()  // all of them wait now, as greenlets start in the order they were spawned
    func set(_ event: Event, after former: Event) throws {
        turn.begin(with: tasks)
        former.clear()
        event.set()
        try turn.allRan.wait()
    }
    let figures = try measure(count) { count in
        let pairs = max(1, count / tasks / 2)
        for _ in 0..<pairs {
            try set(even, after: odd)
            try set(odd, after: even)
        }
        return 2 * pairs * tasks
    }
    try killAll(waiters)
    return figures
}

/// How many have not run yet since the event was set.
private final class Turn {
    /// Safe because one thread runs; checked, it would be a tenth of what is measured.
    @exclusivity(unchecked) private var left = 0
    let allRan = Event()

    func begin(with tasks: Int) {
        left = tasks
        allRan.clear()
    }

    func ran() {
        left -= 1
        if left == 0 { allRan.set() }
    }
}

/// A greenlet chooses between two queues, of which now the one and now the other gets an item.
func chooses(_ count: Int) throws -> Figures {
    try measure(count) { count in
        let queues = [Queue<Int>(capacity: 1), Queue<Int>(capacity: 1)]
        let sender = spawn { for number in 0..<count { try queues[number & 1].put(number) } }
        let receiver = spawn {
            var sum = 0
            for _ in 0..<count { sum &+= try choose([.get(from: queues[0]) { $0 }, .get(from: queues[1]) { $0 }]) }
            precondition(sum == count * (count - 1) / 2, "an item was lost")
        }
        try joinAll([sender, receiver], raisingErrors: true)
        return count
    }
}

/// One sleeps for ten seconds or for `nap`, one waits for a connection that doesn't come, and one for an event.
///
/// Counted is how often the thread was put to sleep by the kernel, and so woken, but for the once that it takes.
func idle(_ nap: Int?) throws -> Figures {
    let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0))
    let waiting = [spawn { _ = try listener.accept() }, spawn { try Event().wait() }]
    try yieldNow()
    let start = ContinuousClock.now
    let before = switches()
    try sleep(.seconds(nap ?? 10))
    let wakeUps = switches() - before - 1
    let elapsed = ContinuousClock.now - start
    try killAll(waiting)
    listener.close()
    return Figures(operations: 1, elapsed: elapsed, wakeUps: wakeUps)
}

/// How often this process gave up its processor to wait.
private func switches() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_nvcsw
}

/// By how much sleeps of a millisecond are too long, alone on the hub; one after the other.
func lateness(_ count: Int) throws -> Figures {
    let nap = Duration.milliseconds(1)
    var late = Duration.zero
    for _ in 0..<count {
        let start = ContinuousClock.now
        try sleep(nap)
        late += ContinuousClock.now - start - nap
    }
    return Figures(operations: count, elapsed: late)
}
