// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Ending greenlets from outside: by an error thrown at the place where they wait.

import CGreenletCore
public import GreenletCore

extension AnyGreenlet {
    /// Throws `error` in this greenlet, at the switch point where it waits or at its next one, and waits for its end.
    ///
    /// One that has not started never runs, but its links are still called. One that has ended is left alone. A
    /// greenlet may catch the error and go on; then this waits on. Killing the current greenlet throws here and now.
    /// Switch point, if `wait` is true and the greenlet has not ended.
    ///
    /// - Parameters:
    ///   - error: What to throw; `GreenletExit` ends it silently.
    ///   - wait: Whether to wait for its end.
    ///   - timeout: At most how long to wait; nil means for ever.
    /// - Returns: Whether it has ended.
    /// - Throws: Whatever the waiting greenlet itself is killed with.
    /// - Precondition: It is not the main greenlet.
    ///
    /// gevent: `Greenlet.kill`.
    @discardableResult
    public func kill(
        with error: any Error = GreenletExit(),
        wait: Bool = true,
        timeout: Duration? = nil
    ) throws -> Bool {
        checkThread("kill")
        precondition(self !== hub.main, "the main greenlet of a thread can't be killed")
        if isReady || abandonUnstarted(with: error) { return true }
        if hub.thread.running == context { throw error }
        inject(error)
        guard wait else { return isReady }
        return try waitForEnd(timeout: timeout)
    }

    /// Traps if this is another thread than the greenlet's.
    ///
    /// - Returns: Whether that was the first use of the hub in the child of a fork: much is different then.
    @inline(__always)
    @discardableResult
    func checkThread(_ operation: StaticString) -> Bool {
        // By addresses: comparing the objects would count references, twice for each wake-up.
        let present = cgreenlet_thread_if_started()?.pointee.hub
        if present == Unmanaged.passUnretained(hub).toOpaque() { return false }
        resumeOrTrap(operation)
        return true
    }

    /// Traps if whoever wakes it does so on another thread than the greenlet's.
    ///
    /// - Returns: False if its hub is gone, and so all that waited there.
    @inline(__always)
    func checkWaker() -> Bool {
        let present = cgreenlet_thread_if_started()?.pointee.hub
        return present == Unmanaged.passUnretained(hub).toOpaque() || isWokenElsewhere()
    }

    @inline(never)
    private func isWokenElsewhere() -> Bool {
        if hub.isGone { return false }
        resumeOrTrap("wake")
        return true
    }

    @inline(never)
    private func resumeOrTrap(_ operation: StaticString) {
        if hub.resumeIfInherited() { return }
        if hub.isGone, cgreenlet_thread_if_started() == hub.record {
            if isReady { return }
            fatalError("\(operation) on \(self): its hub was destroyed, and the thread has another one since")
        }
        fatalError(
            "\(operation) on \(self), which belongs to \(hub.thread.name), from \(GreenletThread.current.name): "
                + "greenlets never leave their thread"
        )
    }
}

/// Kills several greenlets and waits until all have ended.
///
/// Switch point, if `wait` is true.
///
/// - Parameters:
///   - greenlets: Whom to kill; those that have not started never run.
///   - error: What to throw in them.
///   - wait: Whether to wait for their end.
///   - timeout: At most how long to wait; nil means for ever.
/// - Throws: `Timeout` if they have not all ended in time; whatever the waiting greenlet itself is killed with.
///
/// gevent: `gevent.killall`.
public func killAll<G: AnyGreenlet>(
    _ greenlets: some Sequence<G>,
    with error: any Error = GreenletExit(),
    wait: Bool = true,
    timeout: Duration? = nil
) throws {
    let all = Array(greenlets)
    var includesCurrent = false
    for greenlet in all {
        if greenlet.context != nil && greenlet.context == greenlet.hub.thread.running {
            includesCurrent = true  // last, or the others would be spared
        } else {
            try greenlet.kill(with: error, wait: false)
        }
    }
    if includesCurrent { throw error }
    guard wait else { return }
    let finished = try joinAll(all, timeout: timeout)
    if Set(finished).count < Set(all).count { throw Timeout.expired(after: timeout, "killAll", nil) }
}
