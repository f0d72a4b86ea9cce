// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Forks amid hand-overs: somebody was given a thing, and had not run yet.

import Gevent
import Glibc

func forkAmidHandOvers() throws {
    try forkAmidItems()
    try forkAmidPermits()
    try forkAmidLocks()
    try forkAmidChoices()
}

/// The first use of the child's hub is what would wake a greenlet of the parent's.
func forkBeforeWakingThem() throws {
    let (full, empty, channel, lock) = (Queue<Int>(capacity: 1), Queue<Int>(), Channel<Int>(), ReadWriteLock())
    try full.put(1)
    try lock.acquireRead()
    let others = [
        spawn { try full.put(2) }, spawn { _ = try empty.get() }, spawn { try channel.put(3) },
        spawn { try lock.acquireWrite() },
    ]
    try yieldNow()
    try inChildOfC {
        let first = try full.tryGet()
        let second = try full.tryGet()
        check(first == 1 && second == nil, "who waits to put has stayed in the parent: \(String(describing: second))")
    }
    try inChildOfC {
        try empty.put(4)
        check(empty.count == 1, "an item lies there, as nobody waits for it")
        let item = try empty.tryGet()
        check(item == 4, "and is for the child's")
    }
    try inChildOfC {
        let item = try channel.tryGet()
        check(item == nil, "nobody is to be met in the channel")
    }
    try inChildOfC {
        try lock.releaseRead()
        check(lock.writer == nil, "the lock is free")
        let isFree = lock.tryAcquireWrite()
        check(isFree, "and may be taken")
    }
    try inChildOfC {
        full.close()
        let first = try full.tryGet()
        check(first == 1, "it can be closed")
    }
    try lock.releaseRead()
    try killAll(others)
}

/// The first use of the child's hub is a wait for what a greenlet of the parent's was given.
func forkBeforeTakingBack() throws {
    let queue = Queue<Int>()
    let getter = spawn { try queue.get() }
    try yieldNow()
    try queue.put(1)
    try inChildOfC {
        let items = try (queue.get(), queue.tryGet())
        check(items == (1, nil), "the item is for the child's: \(items)")
    }
    let item = try getter.get()
    check(item == 1, "and in the parent for the parent's")

    let semaphore = Semaphore(0)
    let taker = spawn { try semaphore.acquire() }
    try yieldNow()
    semaphore.release()
    try inChildOfC {
        try semaphore.acquire()
        check(semaphore.value == 0, "it has the only permit")
    }
    try taker.join()

    let pool = Pool(size: 1)
    let member = try pool.spawn { try yieldNow() }
    let spawner = spawn { try pool.spawn {} }
    while !member.isReady { try yieldNow() }
    try inChildOfC {
        let isEmpty = try pool.kill()
        check(isEmpty && pool.freeCount == 1, "no place is on its way to anybody")
    }
    try inChildOfC {
        let value = try pool.spawn { 8 }.get()
        check(value == 8 && pool.freeCount == 1, "it has the only place")
    }
    try spawner.join()

    try forkAmidALine()
    for isReading in [true, false] { try forkBeforeALockIsTakenBack(isReading) }
    try forkBeforeLookingOnly()
}

/// Greenlets stand in line for places, one of which has just been given.
private func forkAmidALine() throws {
    for isGiven in [false, true] {
        let pool = Pool(size: 1)
        var runs = 0
        let gate = Event()
        let member = try pool.spawn { try gate.wait() }
        let spawner = spawn { try pool.spawn {} }
        try yieldNow()
        let inLine = (0..<1_000).map { _ in pool.applyAsync { runs += 1 } }
        if isGiven {
            gate.set()
            while !member.isReady { try yieldNow() }
        }
        try inChildOfC {
            let value = try pool.applyAsync { 8 }.get()
            check(value == 8 && pool.freeCount == 1, "it has the only place: \(pool)")
            check(runs == 0 && inLine.allSatisfy { $0.error != nil }, "who stood in line has stayed in the parent")
        }
        gate.set()
        try spawner.join()
        try pool.join()
        check(runs == 1_000, "and runs there: \(runs)")
    }
}

/// The same, and the wait takes nothing, or is for the end of greenlets that end by having stayed behind.
private func forkBeforeLookingOnly() throws {
    let (queue, semaphore, group, result) = (Queue<Int>(), Semaphore(0), Group(), AsyncResult<Int>())
    let (getter, taker) = (spawn { try queue.get() }, spawn { try semaphore.acquire() })
    let gate = Event()
    let member = group.spawn {
        _ = try gate.wait()
        return 1
    }
    result.take(member)
    let map = Pool(size: 1).lazyMap([1]) { (number: Int) -> Int in
        _ = try gate.wait()
        return number
    }
    try yieldNow()
    try yieldNow()
    let limit = Duration.seconds(5)
    try queue.put(1)
    try inChildOfC {
        let item = try queue.peek(timeout: limit)
        check(item == 1 && queue.count == 1, "the item lies there")
    }
    semaphore.release()
    try inChildOfC {
        let free = try semaphore.wait(timeout: limit)
        check(free == 1, "the permit is there")
    }
    try inChildOfC {
        let isEmpty = try group.join(timeout: limit)
        check(isEmpty, "nobody of the parent's is a member")
    }
    try inChildOfC {
        do {
            _ = try result.get(timeout: limit)
            check(false, "there is no value")
        } catch let error as GreenletError {
            check(error.code == .leftInParent, "it says that its greenlet stayed behind, not \(error)")
        }
    }
    try inChildOfC {
        do {
            _ = try map.next(timeout: limit)
            check(false, "there is no result")
        } catch let error as GreenletError {
            check(error.code == .leftInParent, "it says that its worker stayed behind, not \(error)")
        }
    }
    gate.set()
    try joinAll([getter, taker, member] as [AnyGreenlet])
    _ = try map.next()
}

private func forkBeforeALockIsTakenBack(_ isReading: Bool) throws {
    let lock = ReadWriteLock()
    try lock.acquireWrite()
    let writer = spawn { try lock.withWriteLock {} }
    try yieldNow()
    try lock.releaseWrite()
    check(lock.writer === writer, "it has been handed over")
    try inChildOfC {
        if isReading { try lock.acquireRead() } else { try lock.acquireWrite() }
        check(lock.readerCount == (isReading ? 1 : 0) && lock.writer !== writer, "the child's has it: \(lock)")
    }
    try writer.join()
}

private func inChildOfC(line: UInt = #line, _ body: () throws -> Void) throws {
    let child = forkBelowC()
    if child == 0 {
        do { try body() } catch { check(false, "the child ends without \(error)", line: line) }
        leaveChild()
    }
    let status = try endOf(child)
    check(status == 0, "the child of a C function ends with 0, and not with \(status)", line: line)
}

private func forkAmidItems() throws {
    let (queue, stack, smallest, channel) = (Queue<Int>(), LifoQueue<Int>(), PriorityQueue<Int>(), Channel<Int>())
    var got: [Int] = []
    let getters = [
        spawn { got.append(try queue.get()) }, spawn { got.append(try queue.get()) },
        spawn { got.append(try stack.get()) }, spawn { got.append(try smallest.get()) },
        spawn { got.append(try channel.get()) },
    ]
    try yieldNow()
    for number in 1...3 { try queue.put(number) }
    for number in 4...6 { try stack.put(number) }
    for number in [9, 8, 7] { try smallest.put(number) }
    try channel.put(10)
    try inChild {
        let inOrder = try (0..<3).map { _ in try queue.tryGet() }
        check(inOrder == [1, 2, 3], "what was handed to the parent's comes first: \(inOrder)")
        let newest = try (0..<3).map { _ in try stack.tryGet() }
        check(newest == [6, 5, 4], "the newest comes first: \(newest)")
        let sorted = try (0..<3).map { _ in try smallest.tryGet() }
        check(sorted == [7, 8, 9], "the smallest comes first: \(sorted)")
        let left = try (queue.tryGet(), channel.tryGet())
        check(left == (nil, nil), "nothing is left: \(left)")
        for _ in 0..<3 { try queue.taskDone() }
        for number in 11...13 {
            let getters = [spawn { try queue.get() }, spawn { try channel.get() }]
            try yieldNow()
            try queue.put(number)
            try channel.put(-number)
            let items = try getters.map { try $0.get() }
            check(items == [number, -number], "each gets what is meant for it: \(items)")
        }
        check(channel.unfinishedTasks == 3, "what the parent's took is theirs to be done: \(channel.unfinishedTasks)")
    }
    try joinAll(getters)
    check(got == [1, 2, 4, 9, 10], "the parent's got what they were handed: \(got)")
}

private func forkAmidPermits() throws {
    let (semaphore, bounded, pool) = (Semaphore(0), BoundedSemaphore(1), Pool(size: 1))
    var taken = 0
    try bounded.acquire()
    let member = try pool.spawn { try yieldNow() }
    let takers = [
        spawn {
            try semaphore.acquire()
            taken += 1
        },
        spawn {
            try bounded.acquire()
            taken += 1
        },
        spawn { taken += try pool.spawn { 1 }.get() },
    ]
    while !member.isReady { try yieldNow() }
    semaphore.release()
    try bounded.release()
    check(semaphore.value == 0 && bounded.value == 0 && pool.freeCount == 0, "all have been handed over")
    try inChild {
        check(semaphore.value == 1 && bounded.value == 1, "permits that were handed to the parent's are free")
        check(pool.freeCount == 1 && pool.count == 0, "and so is the place")
        let value = try pool.trySpawn { 8 }?.get()
        check(value == 8 && pool.freeCount == 1, "it is there for the child's")
        try semaphore.acquire()
        try bounded.acquire()
        try bounded.release()
    }
    try joinAll(takers)
    check(taken == 3, "in the parent they have what they were handed")
}

private func forkAmidLocks() throws {
    let (lock, written, read, changed) = (ReentrantLock(), ReadWriteLock(), ReadWriteLock(), Condition())
    var taken = 0
    try lock.acquire()
    try written.acquireWrite()
    try read.acquireWrite()
    let reading = { try read.withReadLock { taken += 1 } }
    let takers = [
        spawn { try lock.withLock { taken += 1 } }, spawn { try written.withWriteLock { taken += 1 } },
        spawn(reading), spawn(reading),
        spawn { try changed.withLock { if try changed.wait() { taken += 1 } } },
    ]
    try yieldNow()
    try changed.withLock { try changed.notify() }
    try changed.withLock { try yieldNow() }  // who was notified waits for the lock, and has been given it now
    try lock.release()
    try written.releaseWrite()
    try read.releaseWrite()
    check(lock.isLocked && written.writer != nil && read.readerCount == 2, "all have been handed over")
    check(changed.lock.isLocked, "the one of the condition, too")
    try inChild {
        check(!lock.isLocked && lock.depth == 0, "the lock is free: \(lock)")
        check(written.writer == nil && read.readerCount == 0, "these are: \(written), \(read)")
        check(!changed.lock.isLocked, "and this one: \(changed)")
        let values = try withTimeout(.seconds(5)) {
            try [lock.withLock { 1 }, written.withWriteLock { 2 }, read.withWriteLock { 3 }, changed.withLock { 4 }]
        }
        check(values == [1, 2, 3, 4], "they can be taken")
    }
    try joinAll(takers)
    check(taken == 5, "in the parent they have what they were handed")
}

private func forkAmidChoices() throws {
    let (queue, semaphore, other) = (Queue<Int>(), Semaphore(0), Event())
    let choosers = [
        spawn { try choose([.get(from: queue) { $0 }, .wait(for: other) { 0 }]) },
        spawn { try choose([.acquire(semaphore) { 2 }, .wait(for: other) { 0 }]) },
        spawn { try choose([.wait(for: other) { 0 }, .after(.seconds(9)) { 0 }]) },
    ]
    try yieldNow()
    try queue.put(1)
    semaphore.release()
    other.set()
    try inChild {
        let item = try queue.tryGet()
        check(item == 1, "an item that a chooser of the parent's was handed lies there: \(queue)")
        check(semaphore.value == 1, "and its permit is free")
    }
    let chosen = try choosers.map { try $0.get() }
    check(chosen == [1, 2, 0], "in the parent they have what they were handed: \(chosen)")
}
