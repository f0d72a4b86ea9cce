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
