// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Forks where it is not the main greenlet of the main thread that calls.

import Gevent
import Glibc
import Synchronization

/// Forks in a greenlet, while the main one waits for it.
private func forkInGreenlet(_ body: @escaping () throws -> Void) throws -> CInt {
    defer { check(getpid() == parent, "the main greenlet's defer runs in the parent only") }
    let forker = spawn(name: "forker") {
        let child = try Gevent.fork()
        if child == 0 { try body() }
        return child
    }
    forker.link { _ in check(getpid() == parent, "the parent's links are called in the parent only") }
    let child = try forker.get()
    check(child > 0, "the main greenlet goes on in the parent only")
    return try endOf(child)
}

func forkInAGreenlet() throws {
    let sleeper = spawn {
        defer { check(getpid() == parent, "a defer of the parent's runs there") }
        try sleep(.seconds(20))
    }
    let status = try forkInGreenlet {
        try useEverything()
        spawn { try sleep(.seconds(20)) }  // nobody waits for it
        try sleep(.milliseconds(1))
        say("child ends")
    }
    check(status == 0, "the child ends with its greenlet: \(status)")
    try sleeper.kill()
}

func forkInAGreenletThatFails() throws {
    struct Broken: Error {}
    let status = try forkInGreenlet { throw Broken() }
    check(status == 1, "the child tells of the error: \(status)")
}

func forkInAGreenletThatWaitsForEver() throws {
    let sleeper = spawn { try sleep(.seconds(20)) }
    let status = try forkInGreenlet { try Event().wait() }
    check(status == 1, "nothing can wake it, whatever the parent's greenlets do: \(status)")
    try sleeper.kill()
}

/// The child never uses its hub.
func forkAndReturn() throws {
    let ready = spawn { check(getpid() == parent, "it runs in the parent only") }
    let child = spawn {
        let child = forkBelowC()
        if child == 0 { say("child ends") }
        return child
    }
    spawn { check(getpid() == parent, "this one, too") }
    let status = try endOf(try child.get())
    check(status == 0, "the child ends with its greenlet: \(status)")
    try ready.join()
    let inner = forkBelowC()
    if inner == 0 { leaveChild() }
    let end = try endOf(inner)
    check(end == 0, "the child leaves: \(end)")
}

func forkInACallback() throws {
    let sleeper = spawn { try sleep(.seconds(20)) }
    // Before the child uses its hub, and after that.
    for fork in [forkBelowC, { (try? Hub.fork()) ?? -1 }] {
        var child: CInt = 0
        Hub.current.runSoon { child = fork() }
        Hub.current.runSoon { check(getpid() == parent, "other callbacks are the parent's") }
        try sleep(.milliseconds(5))
        check(getpid() == parent, "the main greenlet goes on in the parent only")
        let status = try endOf(child)
        check(status == 0, "the child ends, as nobody is left: \(status)")
    }
    try sleeper.kill()
}

func forkInARawGreenlet() throws {
    var steps: [String] = []
    let sleeper = spawn { try sleep(.seconds(20)) }
    try sleep(.milliseconds(1))
    let generator = Generator<Int> { yield in for number in 0... { try yield(number) } }
    _ = generator.next()
    var child: CInt = 0
    try RawGreenlet {
        child = try Gevent.fork()
        steps.append("raw")
        if child == 0 { try useEverything() }
    }.switch()
    // Whoever called by hand goes on in both.
    let number = generator.next()
    check(number == 1 && steps == ["raw"], "greenlets that are switched by hand are at hand: \(steps)")
    if child == 0 {
        try useEverything()
        leaveChild()
    }
    let status = try endOf(child)
    check(status == 0, "the child ends well: \(status)")
    try sleeper.kill()
}

func forkAmidThoseLeftByHand() throws {
    var log: [String] = []
    spawn(name: "caller") {
        // Left by hand for one that waits: nothing leads back to it in the child.
        try RawGreenlet { try sleep(.milliseconds(30)) }.switch()
        log.append("caller \(getpid() == parent)")
    }
    var child: CInt = 0
    spawn(name: "forker") {
        try RawGreenlet {
            child = try Gevent.fork()
            if child == 0 { try useEverything() }
        }.switch()
        if child == 0 {
            try useEverything()
            say("child ends")
        }
    }
    // The main greenlet, too, is left by hand for one that waits.
    try RawGreenlet { try sleep(.milliseconds(10)) }.switch()
    check(getpid() == parent, "the main greenlet goes on in the parent only")
    let status = try endOf(child)
    check(status == 0, "the child ends with the greenlet that called by hand: \(status)")
    try Hub.current.join()
    check(log == ["caller true"], "the parent's go on: \(log)")
}

func forkInAChild() throws {
    let (near, far) = makePair()
    let status = try forkInGreenlet {
        let sleeper = spawn { try sleep(.seconds(20)) }
        let inner = spawn {
            let grandchild = try Gevent.fork()
            if grandchild > 0 { return try endOf(grandchild) }
            check(sleeper.isReady, "the child's greenlet stays in the child")
            try useEverything()
            writeByte(far, 3)
            return 0
        }
        let status = try inner.get()
        check(status == 0, "the grandchild ends with its greenlet: \(status)")
        try useEverything()
        if status == 0 { leaveChild() }
    }
    check(status == 0, "the child ends well: \(status)")
    let byte = try readByte(near)
    check(byte == 3, "the grandchild was there")
}

func forkOnAnotherThread() throws {
    let ticker = spawn { while true { try sleep(.milliseconds(1)) } }
    let isOver = onAnotherThread {
        let sleeper = spawn { try sleep(.seconds(20)) }
        try inChild { try useEverything() }
        let status = try forkInGreenlet { try useEverything() }
        check(status == 0, "the child ends with its greenlet: \(status)")
        try sleeper.kill()
    }
    while isOver.load() == 0 { try sleep(.milliseconds(1)) }
    let isOverToo = onAnotherThread {
        let own = getpid()
        let sleeper = spawn {
            defer { check(getpid() == own, "no defer of the parent's runs where the child's thread ends") }
            try sleep(.seconds(20))
        }
        spawn {
            try RawGreenlet {
                defer { check(getpid() == own, "nor one of a raw greenlet that waits") }
                try sleep(.seconds(20))
            }.switch()
        }
        try sleep(.milliseconds(1))
        let child = forkBelowC()
        if child == 0 { return }  // the only thread of the child ends, and so the child
        let status = try endOf(child)
        check(status == 0, "the child ends with its thread: \(status)")
        try sleeper.kill()
    }
    while isOverToo.load() == 0 { try sleep(.milliseconds(1)) }
    try ticker.kill()
}

/// Runs `body` on a thread of its own, and says when that has ended.
func onAnotherThread(_ body: @escaping () throws -> Void) -> Flag {
    let work = Work(body)
    var thread = pthread_t()
    pthread_create(
        &thread,
        nil,
        { argument in
            guard let argument else { return nil }
            let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
            do { try work.body() } catch { check(false, "a thread ends without \(error)") }
            work.isOver.set(1)
            return nil
        },
        Unmanaged.passRetained(work).toOpaque()
    )
    pthread_detach(thread)
    return work.isOver
}

private final class Work {
    let body: () throws -> Void
    let isOver = Flag()
    init(_ body: @escaping () throws -> Void) { self.body = body }
}

/// A number that threads tell each other.
final class Flag: Sendable {
    private let value = Atomic<Int>(0)
    func load() -> Int { value.load(ordering: .acquiring) }
    func set(_ number: Int) { value.store(number, ordering: .releasing) }
}

/// Threads with hubs of their own, each with all kinds of descriptors.
func forkAmidHubsOfOtherThreads() throws {
    let (near, far) = makePair()
    let (signals, folder) = (try SignalWatcher(SIGWINCH) {}, try FileWatcher("/tmp"))
    try sleep(.milliseconds(1))
    let before = countDescriptors()
    let stages = (0..<3).map { _ in Flag() }
    let ends = stages.map { stage in
        onAnotherThread {
            let (signals, folder) = (try SignalWatcher(SIGWINCH) {}, try FileWatcher("/tmp"))
            stage.set(1)
            let isReady = try waitReadable(near, timeout: .seconds(20))
            check(isReady, "a hub of another thread goes on in the parent")
            withExtendedLifetime((signals, folder)) {}
        }
    }
    for stage in stages { while stage.load() == 0 { try sleep(.milliseconds(1)) } }
    try sleep(.milliseconds(5))
    check(countDescriptors() >= before + 3 * 4, "each hub has descriptors")
    try inChild {
        let count = countDescriptors()
        check(count == before, "in the child those of other threads' hubs are closed: \(count), and not \(before)")
        try useEverything()
    }
    check(countDescriptors() >= before + 3 * 4, "the parent has them still")
    writeByte(far)
    for end in ends { while end.load() == 0 { try sleep(.milliseconds(1)) } }
    signals.cancel()
    folder.cancel()
    for end in [near, far] { close(end) }
}

/// Waits until it is so, five seconds at most.
private func waitUntil(_ isSo: () -> Bool) throws {
    try withTimeout(.seconds(5), default: ()) {
        while !isSo() { try sleep(.milliseconds(1)) }
    }
}

func forkWithSignalWatchers() throws {
    var (own, foreign) = (0, 0)
    let watcher = try SignalWatcher(SIGUSR1) { own += 1 }
    let (stage, heard) = (Flag(), Flag())
    let isOver = onAnotherThread {
        let watcher = try SignalWatcher(SIGUSR2) { heard.set(1) }
        stage.set(1)
        while stage.load() == 1 { try sleep(.milliseconds(2)) }
        watcher.cancel()
    }
    while stage.load() == 0 { try sleep(.milliseconds(1)) }
    let child = forkBelowC()
    if child == 0 {
        kill(getpid(), SIGUSR1)  // before the hub is used
        try waitUntil { own > 0 }
        try sleep(.milliseconds(5))
        check(own == 1, "the child's watcher hears the child's signal once, and not \(own) times")
        leaveChild()
    }
    let status = try endOf(child)
    check(status == 0, "the child goes on watching: \(status)")
    try sleep(.milliseconds(5))
    check(own == 0, "the parent does not hear it")
    let second = forkBelowC()
    if second == 0 {
        kill(getpid(), SIGUSR2)  // watched by a thread that is not here
        leaveChild()
    }
    let end = try endOf(second)
    check(end == -SIGUSR2, "the child dies of it as it would without a watcher: \(end)")
    let third = forkBelowC()
    if third == 0 {
        let mine = try SignalWatcher(SIGUSR2) { foreign += 1 }
        kill(getpid(), SIGUSR2)
        try waitUntil { foreign > 0 }
        check(foreign == 1, "the child can watch it anew")
        mine.cancel()
        leaveChild()
    }
    let last = try endOf(third)
    check(last == 0, "the child ends well: \(last)")
    kill(getpid(), SIGUSR1)
    try waitUntil { own > 0 }
    check(own == 1, "the parent still watches")
    watcher.cancel()
    stage.set(2)
    while isOver.load() == 0 { try sleep(.milliseconds(1)) }
    check(heard.load() == 0, "the parent's thread heard nothing")
}

func forkWithPatchedCalls() throws {
    Monkey.patchAll()
    let (near, far) = makePair()
    let reader = spawn { try readWithGlibc(near) }
    try sleep(.milliseconds(1))
    let child = forkBelowC()
    if child == 0 {
        // The first use of the hub here is by the C library's calls.
        close(near)
        let (mine, yours) = makePair()
        spawn(after: .milliseconds(3)) { writeByte(yours, 6) }
        let byte = try readWithGlibc(mine)
        check(byte == 6, "a patched read lets the child's other greenlets run")
        usleep(2_000)
        leaveChild()
    }
    let status = try endOf(child)
    check(status == 0, "the child ends well: \(status)")
    writeByte(far, 4)
    let byte = try reader.get()
    check(byte == 4, "the parent's reader is served")
}

private func readWithGlibc(_ descriptor: CInt) throws -> UInt8 {
    var byte: UInt8 = 0
    let count = read(descriptor, &byte, 1)
    check(count == 1, "one byte is read, and not \(count)")
    return byte
}
