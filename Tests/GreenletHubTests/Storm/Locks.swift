// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Places that only so many may enter at a time.

import GreenletCore
import GreenletHub

/// Counts who is inside.
private struct Inside {
    var now = 0
    var most = 0

    mutating func enter() {
        now += 1
        most = max(most, now)
    }

    mutating func leave() { now -= 1 }
}

final class SemaphorePlace: StormPlace {
    private let semaphore: Semaphore
    private let permits: Int
    private var inside = Inside()

    init(_ permits: Int) {
        self.permits = permits
        semaphore = Semaphore(permits)
    }

    func act(_ storm: Storm) throws {
        if storm.chance(10) {
            _ = try semaphore.wait(timeout: storm.patience())
        } else if storm.chance(20) {
            let choices: [Choice<Bool>] = [
                .acquire(semaphore) { true }, .after(storm.patience() ?? .milliseconds(1)) { false },
            ]
            if try choose(choices) { try beInside(storm) } else { storm.timeouts += 1 }
        } else if try semaphore.acquire(timeout: storm.patience()) {
            try beInside(storm)
        } else {
            storm.timeouts += 1
        }
    }

    private func beInside(_ storm: Storm) throws {
        inside.enter()
        defer {
            inside.leave()
            semaphore.release()
        }
        try storm.pause()
    }

    var stuck: String? {
        semaphore.value > 0 && number(of: "waiting", in: semaphore) > 0 ? "\(semaphore)" : nil
    }

    var problem: String? {
        if inside.now != 0 || inside.most > permits { return "\(inside.now) in \(semaphore), \(inside.most) at most" }
        return semaphore.value == permits && number(of: "waiting", in: semaphore) == 0 ? nil : "\(semaphore) in the end"
    }
}

final class LockPlace: StormPlace {
    private let lock = ReentrantLock()
    private var inside = Inside()

    func act(_ storm: Storm) throws {
        guard try lock.acquire(timeout: storm.patience()) else {
            storm.timeouts += 1
            return
        }
        inside.enter()
        defer {
            inside.leave()
            do { try lock.release() } catch { storm.report("\(error)") }
        }
        try storm.pause()
        try lock.withLock { try storm.pause() }
    }

    var stuck: String? { !lock.isLocked && number(of: "waiting", in: lock) > 0 ? "\(lock)" : nil }

    var problem: String? {
        if inside.now != 0 || inside.most > 1 { return "\(inside.now) in \(lock), \(inside.most) at most" }
        return lock.isLocked || number(of: "waiting", in: lock) > 0 ? "\(lock) in the end" : nil
    }
}

final class ReadWritePlace: StormPlace {
    private let lock = ReadWriteLock()
    private var readers = Inside()
    private var writers = Inside()

    func act(_ storm: Storm) throws {
        let isWriter = storm.chance(30)
        let limit = storm.patience()
        guard try isWriter ? lock.acquireWrite(timeout: limit) : lock.acquireRead(timeout: limit) else {
            storm.timeouts += 1
            return
        }
        if isWriter { writers.enter() } else { readers.enter() }
        if writers.now > 1 || writers.now == 1 && readers.now > 0 {
            storm.report("\(readers.now) read beside \(writers.now) writers")
        }
        defer {
            if isWriter { writers.leave() } else { readers.leave() }
            do { try isWriter ? lock.releaseWrite() : lock.releaseRead() } catch { storm.report("\(error)") }
        }
        try storm.pause()
    }

    private var isWaitedFor: Bool { !"\(lock)".hasSuffix(" waiting: 0 to read, 0 to write>") }

    var stuck: String? { lock.writer == nil && lock.readerCount == 0 && isWaitedFor ? "\(lock)" : nil }

    var problem: String? {
        lock.writer != nil || lock.readerCount != 0 || isWaitedFor ? "\(lock) in the end" : nil
    }
}
