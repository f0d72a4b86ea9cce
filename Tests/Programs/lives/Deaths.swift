// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Ends of which a user reads on standard error.

import Gevent
import Glibc

func blockForEver() throws {
    let orders = Queue<Int>(capacity: 2)
    let cook = spawn(name: "cook") { try orders.get() }
    let waiter = spawn(name: "waiter") { try cook.join() }
    try waiter.join()
}

/// The error is held, and `main` returns.
func endALoopThatNothingCanEnd() throws {
    let orders = Queue<Int>(capacity: 2)
    for _ in orders {}
}

func endALoopByATimeout() throws {
    Timeout(.milliseconds(1)).start()
    for _ in Queue<Int>() {}
}

/// A greenlet ends the process, and had been killed in a loop.
func exitBehindALoop() throws {
    struct Stop: Error {}
    let worker = spawn(name: "worker") {
        for _ in Queue<Int>() {}
        say("left")
        exit(0)
    }
    try yieldNow()
    try worker.kill(with: Stop())
}

func endALoopInARawGreenlet() throws {
    struct Stop: Error {}
    var raw: AnyGreenlet?
    let outer = spawn {
        try RawGreenlet {
            raw = AnyGreenlet.current
            for _ in Queue<Int>() {}
        }.switch()
    }
    try yieldNow()
    try raw?.kill(with: Stop())
    try outer.join()
}

func throwWhatEndedALoop() throws {
    for _ in Queue<Int>() {}
    do { try checkInterruption() } catch { say("caught \(type(of: error))") }
}

func throwInALink() throws {
    struct Full: Error {}
    let worker = spawn(name: "worker") { 42 }
    worker.link { _ in throw Full() }
    worker.link { say("second link: \($0.value ?? 0)") }
    try worker.join()
    try sleep(.milliseconds(1))
}

func endAThreadWhoseGreenletsRefuse() throws {
    let isOver = onAnotherThread {
        spawn(name: "polite") {
            defer { say("polite: defer") }
            try sleep(.seconds(20))
        }
        spawn(name: "deaf") {
            defer { say("never printed") }
            let event = Event()
            while true { do { try event.wait() } catch {} }
        }
        try sleep(.milliseconds(1))
    }
    while isOver.load() == 0 { try sleep(.milliseconds(1)) }
    try sleep(.milliseconds(1_500))  // till the thread has gone
}

func destroyAHubWhoseGreenletsRefuse() throws {
    spawn(name: "deaf") { while true { do { try sleep(.seconds(20)) } catch {} } }
    try sleep(.milliseconds(1))
    try Hub.current.destroy()
    let answer = try spawn { 42 }.get()
    say("next hub: \(answer)")
}

func destroyManyHubs() throws {
    final class Former { weak var hub: Hub? }
    func useAndDestroy(_ former: Former, _ number: Int) throws {
        if number & 1 != 0 { try useEverything() }
        if number & 2 != 0 { spawn { try sleep(.seconds(20)) } }
        if number & 4 != 0 { spawn(after: .seconds(20)) { say("never") } }
        let created = number & 8 != 0 ? Greenlet {} : nil
        let watcher = number & 16 != 0 ? try SignalWatcher(SIGUSR1) {} : nil
        if number & 32 != 0 { try sleep(.milliseconds(1)) }
        former.hub = Hub.current
        try Hub.current.destroy()
        watcher?.cancel()
        check(created?.isReady != true, "one that was not started has not ended")
    }
    try useAndDestroy(Former(), 63)  // libuv keeps two descriptors for all loops
    let before = countDescriptors()
    for number in 0..<64 {
        let former = Former()
        try useAndDestroy(former, number)
        check(former.hub == nil, "hub \(number) is freed")
    }
    check(countDescriptors() == before, "its descriptors are closed: \(countDescriptors()), and not \(before)")
}

func failInTheErrorHandler() throws {
    struct Broken: Error {}
    struct NoLog: Error {}
    Hub.current.errorHandler = { _, _ in throw NoLog() }
    try spawn(name: "first") { throw Broken() }.join()
    Hub.current.errorHandler = { greenlet, _ in
        try sleep(.milliseconds(1))
        say("handled \(greenlet.name)")
    }
    try spawn(name: "second") { throw Broken() }.join()
    try sleep(.milliseconds(5))
}

/// In a process and in its child; to be run with GREENLET_MAX_BLOCKING_TIME.
func holdUpTheHub() throws {
    try spawn(name: "busy", calculateForAWhile).join()
    let child = try Hub.fork()
    if child == 0 {
        try sleep(.milliseconds(1))
        try spawn(sleepInC).join()
        exit(0)
    }
    _ = try waitForChild(child)
    say("limit: \(Hub.current.isMonitored)")
}

@inline(never)
private func calculateForAWhile() {
    let end = ContinuousClock.now + .milliseconds(250)
    while ContinuousClock.now < end {}
}

@inline(never)
private func sleepInC() {
    // Looked at, as a call at the very end leaves no frame in a release.
    if usleep(250_000) != 0 { say("interrupted") }
}
