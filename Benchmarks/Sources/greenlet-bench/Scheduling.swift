// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What goes through the hub without a descriptor: yields, spawns, queues.

import GreenletHub

/// Greenlets yield in turns: two, or as many as `tasks` says.
///
/// From when the last has begun to when the last is done: what it takes to have so many is another figure.
func yields(_ count: Int, tasks: Int?) throws -> Figures {
    let tasks = tasks ?? 2
    func run(_ count: Int) throws -> Duration {
        var (begun, done) = (0, 0)
        var (start, end) = (ContinuousClock.now, ContinuousClock.now)
        let greenlets = (0..<tasks).map { number in
            let turns = count / tasks + (number < count % tasks ? 1 : 0)
            return spawn {
                begun += 1
                if begun == tasks { start = .now }
                while begun < tasks { try yieldNow() }
                for _ in 0..<turns { try yieldNow() }
                done += 1
                if done == tasks { end = .now }
                while done < tasks { try yieldNow() }
            }
        }
        try joinAll(greenlets, raisingErrors: true)
        return end - start
    }
    _ = try run(count / 10)
    return Figures(operations: count, elapsed: try run(count))
}

/// A greenlet that does nothing is started and waited for, again and again.
func spawnsAndJoins(_ count: Int) throws -> Figures {
    try measure(count) { count in
        for _ in 0..<count { try spawn {}.join() }
        return count
    }
}

/// Greenlets that do nothing are started, a thousand at once or `tasks`, and waited for together.
func spawnsOfMany(_ count: Int, tasks: Int?) throws -> Figures {
    let tasks = tasks ?? 1000
    return try measure(count) { count in
        let rounds = max(1, count / tasks)
        for _ in 0..<rounds { try joinAll((0..<tasks).map { _ in spawn {} }) }
        return rounds * tasks
    }
}

/// This greenlet hands numbers out, one by one, to a thousand others or `tasks`, which all wait at one queue.
func handOut(_ count: Int, tasks: Int?) throws -> Figures {
    let queue = Queue<Int>(capacity: 1)
    defer { queue.close() }
    for _ in 0..<(tasks ?? 1000) { spawn { while try queue.next() != nil {} } }
    return try measure(count) { count in
        for number in 0..<count { try queue.put(number) }
        return count
    }
}

/// One greenlet sends numbers, another one receives them, through a queue with room for one.
func channel(_ count: Int) throws -> Figures {
    try measure(count) { count in
        let queue = Queue<Int>(capacity: 1)
        let receiver = spawn {
            for expected in 0..<count {
                let number = try queue.get()
                precondition(number == expected, "the queue lost its order")
            }
        }
        let sender = spawn { for number in 0..<count { try queue.put(number) } }
        try joinAll([sender, receiver], raisingErrors: true)
        return count
    }
}
