// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Forks while threads give each other work and permits: what was on its way, and who may still be reached.

import Gevent
import Glibc

/// Another thread leaves work, a permit and an end of a watcher; the process forks before the hub has looked.
func forkAmidErrands() throws {
    let (hub, semaphore) = (Hub.current.handle, ThreadSafeSemaphore(0))
    let runs = Flag()
    let waiting = spawn { try semaphore.acquire() }
    try yieldNow()
    let isOver = onAnotherThread {
        try hub.submit { runs.set(runs.load() + 1) }
        try hub.runCallback { runs.set(runs.load() + 1) }
        semaphore.release()
    }
    while isOver.load() == 0 { usleep(100) }  // the hub doesn't look
    try inChild {
        try hub.submit { runs.set(runs.load() + 10) }
        check(hub.isCurrent, "the handle is that of the thread which forked")
        try sleep(.milliseconds(2))
        check(runs.load() == 10, "the child runs its own work, and not the parent's: \(runs.load())")
        check(waiting.isReady && semaphore.value == 1, "a permit for one who is not here is free: \(semaphore)")
        let told = ThreadSafeEvent()
        let isOver = onAnotherThread { try hub.submit { told.set() } }
        let isTold = try told.wait(timeout: .seconds(10))
        while isOver.load() == 0 { try sleep(.milliseconds(1)) }
        check(isTold, "the child's threads can reach it")
        try useEverything()
    }
    try waiting.join(timeout: .seconds(10))
    check(runs.load() == 2 && waiting.isSuccessful, "the parent is not disturbed: \(runs.load()), \(waiting)")
}

/// Threads and greenlets wait, on several hubs; the child has one of them all.
func forkAmidWaitingThreads() throws {
    let (semaphore, event) = (ThreadSafeSemaphore(0), ThreadSafeEvent())
    let (other, isUp) = (HandleBox(), ThreadSafeEvent())
    let plain = onAnotherThread {
        try semaphore.acquire()
        try event.wait()
    }
    let hub = onAnotherThread {
        other.handle = Hub.current.handle
        isUp.set()
        let waiting = spawn { try semaphore.acquire() }
        try event.wait()
        try waiting.join()
    }
    let own = spawn { try semaphore.acquire() }
    let chooser = spawn { try waitAll([event]) }
    try isUp.wait()
    while !"\(semaphore)".contains("3 waiting") { try sleep(.milliseconds(1)) }
    try inChild {
        let error = thrown { try other.handle?.submit {} }
        check((error as? GreenletError)?.code == .leftInParent, "the other hub is not here")
        let call = thrown { try other.handle?.call {} }
        check((call as? GreenletError)?.code == .leftInParent, "nor can it be called")
        let taker = spawn { try semaphore.acquire(timeout: .seconds(10)) }
        try yieldNow()
        semaphore.release()
        let isTaken = try taker.get()
        check(isTaken, "those who are not here are passed over")
        semaphore.release()
        check(semaphore.value == 1, "nobody else is here: \(semaphore)")
        event.set()
        check(own.isReady && chooser.isReady, "the parent's greenlets have ended here")
        try useEverything()
    }
    check(semaphore.value == 0, "the child's permits are its own")
    for _ in 0..<3 { semaphore.release() }
    event.set()
    try joinAll([own], timeout: .seconds(10), raisingErrors: true)
    try chooser.join()
    while plain.load() == 0 || hub.load() == 0 { try sleep(.milliseconds(1)) }
    check(semaphore.value == 0, "the parent's waiters each had one: \(semaphore)")
}

/// Two threads never cease to take and release; wherever a fork finds them, the child can do so too.
func forkAmidBusyThreads() throws {
    let (semaphores, isOver) = ((0..<20).map { _ in ThreadSafeSemaphore(1) }, Flag())
    let handle = Hub.current.handle
    let areBusy = ThreadSafeSemaphore(0)
    let busy = (0..<2).map { _ in
        onAnotherThread {
            var round = 0
            while isOver.load() == 0 {
                for semaphore in semaphores { try semaphore.withPermit { try handle.runCallback {} } }
                round += 1
                if round == 10 { areBusy.release() }
            }
        }
    }
    // A thread that does something for the first time may hold a lock of Swift's runtime, which no child gets again.
    for _ in busy { try areBusy.acquire() }
    for _ in 0..<40 {
        try inChild {
            for semaphore in semaphores {
                _ = semaphore.tryAcquire()  // it may be a thread's that is not here
                semaphore.release()
                try semaphore.acquire()
            }
            let isDone = ThreadSafeEvent()
            try handle.submit { isDone.set() }
            try isDone.wait(timeout: .seconds(10))
            check(isDone.isSet, "the hub does what it is given")
        }
    }
    isOver.set(1)
    for thread in busy { while thread.load() == 0 { try sleep(.milliseconds(1)) } }
}

/// Safe because it is written before an event is set, and read after that.
private final class HandleBox: @unchecked Sendable { var handle: HubHandle? }

/// What a body throws.
private func thrown(_ body: () throws -> Void) -> (any Error)? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
