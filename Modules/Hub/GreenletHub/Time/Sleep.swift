// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Doing nothing for a while.

/// Stops the current greenlet for at least `duration`; others run.
///
/// Switch point.
///
/// A duration of zero or less lets every other runnable greenlet run once, like `yieldNow()`.
///
/// - Parameter duration: How long. Wakes up to a millisecond late, later if other greenlets hold the thread.
/// - Throws: Whatever the greenlet is killed with; `GreenletError` where nothing may block.
///
/// gevent: `gevent.sleep`. POSIX: `nanosleep(2)`.
public func sleep(_ duration: Duration) throws {
    if duration <= .zero { return try yieldNow() }
    let deadline = Deadline(after: duration)
    try Hub.parkableReference()._withUnsafeGuaranteedRef { greenlet in
        greenlet.beginWait()
        _ = try greenlet.park(for: WaitReason("sleep"), until: deadline)
    }
}

/// Stops the current greenlet for at least `duration`, maybe without being a reason to go on.
///
/// Switch point.
///
/// One that sleeps and keeps nothing alive is for beats beside the work: ``Hub/join(timeout:)`` returns though such
/// sleepers are left, and a ``LoopExit`` is thrown as if they were not there. Nothing else is different: it wakes in time as
/// long as the hub runs, and ends with its hub.
///
/// ```swift
/// let heartbeat = spawn {
///     while true {
///         try sleep(.seconds(10), keepsHubAlive: false)
///         beat()
///     }
/// }
/// try Hub.current.join()  // returns when all the others have ended
/// ```
///
/// - Parameters:
///   - duration: How long; zero or less lets every other runnable greenlet run once.
///   - keepsHubAlive: False for one whose waking is not to be waited for.
/// - Throws: Whatever the greenlet is killed with; `GreenletError` where nothing may block; in the main greenlet a
///   `LoopExit` at once, if nothing else is left.
///
/// gevent: `gevent.sleep(seconds, ref=False)`.
public func sleep(_ duration: Duration, keepsHubAlive: Bool) throws {
    if keepsHubAlive || duration <= .zero { return try sleep(duration) }
    let deadline = Deadline(after: duration)
    try Hub.parkableReference()._withUnsafeGuaranteedRef { greenlet in
        greenlet.beginWait()
        greenlet.hub.uncountedTimers += 1
        defer { greenlet.hub.uncountedTimers -= 1 }
        _ = try greenlet.park(for: .uncountedSleep, until: deadline)
    }
}

/// Lets the other runnable greenlets run, and comes back after them.
///
/// Switch point.
///
/// - Throws: Whatever the greenlet is killed with; `GreenletError` where nothing may block.
///
/// gevent: `gevent.sleep(0)`. POSIX: `sched_yield(2)`.
public func yieldNow() throws {
    try Hub.parkableReference()._withUnsafeGuaranteedRef { greenlet in
        try greenlet.checkPending()
        greenlet.yield()
        try greenlet.checkPending()
    }
}
