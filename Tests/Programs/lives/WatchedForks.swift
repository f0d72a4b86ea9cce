// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Forks whose child is watched from its first moment on.

import Gevent
import Glibc

func forkAndWatch() throws {
    try waitForOneThatIsWatched()
    try forkSomeAtOnce()
    try forkWithoutADescriptor()
    check(countDescriptors() < 16, "no child's descriptor is left")
}

/// A child that ends at once with `code`, or in a while.
private func watchedChild(_ code: CInt, after delay: Duration? = nil) throws -> ChildWatcher {
    if let child = try Gevent.forkAndWatch() { return child }
    if let delay { try sleep(delay) }
    _exit(code)
}

private func waitForOneThatIsWatched() throws {
    // It has ended, and was reaped, before anybody asks.
    let quick = try watchedChild(3)
    for _ in 0..<2_000 where quick.status == nil { try sleep(.milliseconds(2)) }
    check(quick.status == .exited(code: 3), "it is reaped without anybody waiting")
    check(kill(quick.pid, 0) == -1 && errno == ESRCH, "it is no zombie")
    let answers = [try quick.wait(), try waitForChild(quick.pid)]
    check(answers == [.exited(code: 3), .exited(code: 3)], "who asks later gets the answer, by its number too")

    let slow = try watchedChild(4, after: .milliseconds(20))
    let others = (0..<3).map { _ in spawn { try waitForChild(slow.pid, timeout: .seconds(10)) } }
    let told = spawn { try slow.wait() }
    for other in others + [told] {
        let status = try other.get()
        check(status == .exited(code: 4), "others who wait for the number get the answer")
    }

    // Who lets go of the watcher leaves the child to others.
    let pid = try watchedChild(5, after: .milliseconds(5)).pid
    let status = try waitForChild(pid, timeout: .seconds(10))
    check(status == .exited(code: 5), "a child that nobody watches any more can be waited for")
    do {
        _ = try waitForChild(pid)
        check(false, "nobody knows it any more")
    } catch let error as GreenletError {
        check(error.cause == ECHILD, "it is no child any more, and not \(error)")
    }
}

private func forkSomeAtOnce() throws {
    let children = try (0..<20).map { try watchedChild(CInt($0), after: .milliseconds($0 % 3)) }
    for (number, child) in children.enumerated() {
        let status = try child.wait(timeout: .seconds(10))
        check(status == .exited(code: CInt(number)), "each child has its own end")
    }
}

/// With no descriptor left the child is not lost: waiting for it tries again.
private func forkWithoutADescriptor() throws {
    try yieldNow()
    var taken: [CInt] = []
    var before = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
    var few = rlimit(rlim_cur: 64, rlim_max: before.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
    while case let next = dup(1), next >= 0 { taken.append(next) }
    guard let child = try Gevent.forkAndWatch() else {  // its hub takes the numbers of the parent's queues
        try sleep(.milliseconds(20))
        _exit(6)
    }
    for _ in 0..<2 {
        do {
            let status = try child.wait()
            check(status == .exited(code: 6), "it can only have ended")
        } catch let error as GreenletError {
            let isNamed = error.message.contains("process \(child.pid)")
            check(error.cause == EMFILE && isNamed, "the error says so: \(error)")
        }
    }
    for number in taken { close(number) }
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
    let status = try child.wait(timeout: .seconds(10))
    check(status == .exited(code: 6), "it can still be waited for")
}
