// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Forks amid greenlets, timers and descriptors.

import CGreenletCore
import Gevent
import Glibc

func forkAmidManyWhoWait() throws {
    var (ticks, defers, bytes) = (0, 0, 0)
    let pairs = (0..<50).map { _ in makePair() }
    let readers = pairs.map { pair in
        spawn {
            defer { defers += 1 }
            for _ in 0..<2 { bytes += Int(try readByte(pair.0)) }
        }
    }
    let sleepers = (0..<50).map { _ in
        spawn {
            defer { defers += 1 }
            while true {
                try sleep(.milliseconds(3))
                ticks += 1
            }
        }
    }
    let unstarted = spawn(after: .milliseconds(1)) { defers += 1_000 }
    try sleep(.microseconds(100))
    for (_, far) in pairs { writeByte(far) }  // they are runnable, or about to be
    try inChild {
        let (ticksBefore, bytesBefore) = (ticks, bytes)
        check(Hub.current.aliveCount == 0, "no greenlet is alive in the child")
        try useEverything()
        try sleep(.milliseconds(20))
        check(ticks == ticksBefore && bytes == bytesBefore && defers == 0, "none of the parent's greenlets ran")
        for greenlet in readers as [AnyGreenlet] + sleepers + [unstarted] {
            check(greenlet.isReady, "a greenlet of the parent has ended here")
            let hasEnded = try greenlet.kill()
            check(hasEnded, "it need not be killed")
        }
        do {
            try readers[0].get()
            check(false, "there is nothing to get from it")
        } catch let error as GreenletError {
            check(error == GreenletError(.leftInParent, ""), "the error says so: \(error)")
        }
        check(defers == 0, "no defer of theirs ran")
        for (near, far) in pairs {
            Hub.current.forget(near)
            close(near)
            close(far)
        }
    }
    check(ticks > 0, "the parent's sleepers go on")
    for (_, far) in pairs { writeByte(far) }
    let ended = try joinAll(readers, timeout: .seconds(5))
    check(ended.count == 50 && bytes == 100, "the parent's readers got all, and not \(bytes)")
    try killAll(sleepers)
    check(defers == 1_100, "in the parent all end as ever")
}

func forkWithTimers() throws {
    let long = spawn { try sleep(.seconds(20)) }
    let limited = spawn { _ = try withTimeout(.seconds(20), default: ()) { try Event().wait() } }
    try sleep(.milliseconds(1))
    try inChild {
        let isOver = try Hub.current.join(timeout: .seconds(10))
        check(isOver, "no timer of the parent's greenlets is left")
    }
    var isLate = false
    do {
        try withTimeout(.milliseconds(30)) {
            try inChild {
                do {
                    try sleep(.seconds(10))
                } catch is Timeout {
                    isLate = true
                }
                check(isLate, "the child inherits the time limit of who forks")
            }
        }
    } catch is Timeout {}
    try killAll([long, limited] as [AnyGreenlet])
}

func forkWithTimersThatCallBack() throws {
    var (beats, quiet) = (0, 0)
    let beat = TimerWatcher(after: .milliseconds(1), repeating: .milliseconds(1)) { beats += 1 }
    let heart = spawn {
        while true {
            try sleep(.milliseconds(1), keepsHubAlive: false)
            quiet += 1
        }
    }
    let callback = Hub.current.runCallback { check(getpid() == parent, "a callback of the parent's runs there") }
    let limit = Timeout(.seconds(20), keepsHubAlive: false)
    limit.start()
    try inChild {
        check(!beat.isPending && !callback.isPending, "timers and callbacks stay in the parent")
        do {
            try Event().wait()
            check(false, "nothing can set it")
        } catch is LoopExit {}
        check(limit.isPending, "the time limit of who forks goes on, and is not counted here either")
        limit.cancel()
        var isAwake = false
        spawn(after: .milliseconds(5)) { isAwake = true }
        let isOver = try Hub.current.join(timeout: .seconds(10))
        check(isOver && isAwake && beats == 0 && quiet == 0, "the child counts its own timers only")
        beat.again()
        while beats < 2 { try sleep(.milliseconds(1)) }
        beat.cancel()
    }
    limit.cancel()
    try sleep(.milliseconds(20))
    check(beats > 0 && quiet > 0 && beat.isPending, "the parent's go on")
    beat.cancel()
    try heart.kill()
}

func forkWithWatchers() throws {
    let (near, far) = makePair()
    let readable = DescriptorWatcher(near, .reading)
    let file = try FileStatusWatcher("/tmp/greenlet-lives-\(getpid())", interval: .milliseconds(5))
    let changes = try FileWatcher("/tmp")
    let semaphore = Semaphore(0)
    let waiters: [AnyGreenlet] = [
        spawn { _ = try readable.wait() }, spawn { _ = try file.next() },
        spawn { _ = try waitAll([changes, readable] as [any Waitable]) }, spawn { try semaphore.acquire() },
    ]
    try sleep(.milliseconds(12))
    try inChild {
        changes.cancel()
        spawn(after: .milliseconds(5)) { writeByte(far, 7) }
        let isReadable = try readable.wait(timeout: .seconds(5))
        check(isReadable, "a watcher of the parent's tells the child")
        let change = try file.next(timeout: .milliseconds(20))
        check(change == nil, "a file that is not there doesn't change")
        do {
            try Event().wait()
            check(false, "nothing can set it")
        } catch is LoopExit {}
        let isOver = try Hub.current.join(timeout: .seconds(5))
        check(isOver, "nothing is left to wait for")
    }
    let child = forkBelowC()
    if child == 0 {
        semaphore.release()  // the hub's first use here
        check(semaphore.value == 1, "nobody of the parent's takes it")
        leaveChild()
    }
    let status = try endOf(child)
    check(status == 0, "the child of a C function ends with 0, and not with \(status)")
    try killAll(waiters)
    for end in [near, far] {
        Hub.current.forget(end)
        close(end)
    }
}

func forkAmidWaitersOfAllKinds() throws {
    let (event, semaphore, queue, pool) = (Event(), Semaphore(0), Queue<Int>(), Pool(size: 1))
    let lock = Semaphore(1)
    var ran: [String] = []
    let holder = spawn {
        try semaphore.acquire()
        ran.append("semaphore")
    }
    let others = [
        spawn { if try event.wait() { ran.append("event") } },
        spawn { ran.append("queue \(try queue.get())") },
        spawn {
            let queued = Choice<String>.get(from: queue) { "choice \($0)" }
            ran.append(try choose([queued, .acquire(lock) { "choice" }, .after(.seconds(9)) { "" }]))
        },
        spawn { _ = try holder.join() },
        spawn { _ = try joinAll([holder]) },
    ]
    try lock.acquire()
    let member = pool.makeFull()
    try event.rawLink { _ in ran.append("link") }
    try sleep(.milliseconds(5))
    try inChild {
        event.set()
        semaphore.release()
        lock.release()
        try queue.put(5)
        try sleep(.milliseconds(5))
        check(ran.isEmpty, "nobody of the parent is served: \(ran)")
        let item = try queue.tryGet()
        check(item == 5, "the item is for the child's")
        try semaphore.acquire()
        try lock.acquire()
        let value = try withTimeout(.seconds(5)) { try pool.spawn { 8 }.get() }
        check(value == 8, "the pool is empty in the child")
        try pool.join()
        try useEverything()
    }
    check(ran.isEmpty, "the parent's wait on")
    try killAll(others + [holder, member] as [AnyGreenlet])
}

extension Pool {
    fileprivate func makeFull() -> AnyGreenlet {
        do { return try spawn { try sleep(.seconds(20)) } } catch { fatalError("\(error)") }
    }
}

func forkManyTimes() throws {
    let (near, far) = makePair()
    let reader = spawn { try readByte(near) }
    try sleep(.milliseconds(1))
    let before = countDescriptors()
    for _ in 0..<10 {
        try inChild {
            try useEverything()
            let now = countDescriptors()
            check(now == before, "the child has as many descriptors as the parent, \(before), and not \(now)")
        }
    }
    check(countDescriptors() == before, "the parent has as many as before")
    writeByte(far, 9)
    let byte = try reader.get()
    check(byte == 9, "the parent is not disturbed")
}

func forkAndExecute() throws {
    var ticks = 0
    let sleeper = spawn {
        while true {
            try sleep(.milliseconds(1))
            ticks += 1
        }
    }
    try sleep(.milliseconds(5))
    let child = forkBelowC()
    if child == 0 {
        let isUntouched = cgreenlet_thread_if_started()?.pointee.inherited_hub != nil
        if !isUntouched { _exit(4) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup("exit 5"), nil]
        execv("/bin/sh", &arguments)
        _exit(6)
    }
    let status = try endOf(child)
    check(status == 5, "the program was executed, and nothing done before: \(status)")
    let before = ticks
    try sleep(.milliseconds(10))
    check(ticks > before, "the parent goes on")
    try sleeper.kill()
}
