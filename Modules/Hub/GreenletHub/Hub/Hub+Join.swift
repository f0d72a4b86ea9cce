// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for all there is.

import GreenletCore

extension Hub {
    /// Waits until nothing is left that could happen: all greenlets have ended, or are blocked for ever; no timer is set;
    /// nobody waits for a descriptor.
    ///
    /// Switch point. Where another wait would get a `LoopExit`, this one returns. What was told to keep no hub alive, as a
    /// ``sleep(_:keepsHubAlive:)``, may be left; time limits of those who wait here are nothing that could happen, nor are
    /// those of greenlets that have ended. Any greenlet may call it, and several at once.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: True if nothing is left, false if the time ran out.
    /// - Throws: Whatever the waiting greenlet is killed with; `GreenletError` where nothing may block.
    /// - Precondition: It is this thread's hub.
    ///
    /// gevent: `Hub.join`, `gevent.wait()`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws -> Bool {
        checkThread("join", self)
        if timeout != nil { uncountedTimers += 1 }
        defer { if timeout != nil { uncountedTimers -= 1 } }
        return try joiners.wait(for: WaitReason("join", self), until: Deadline(after: timeout))
    }
}

extension Hub {
    /// Whether nothing is to be expected of all timers that run.
    @inline(__always)
    var awaitsNoTimer: Bool {
        if timers.count <= uncountedTimers { return true }
        return (leftTimeouts > 0 || !joiners.isEmpty) && hasFutileTimersOnly()
    }

    /// The same, where some may belong to greenlets that wait for nothing but this, or have ended.
    @inline(never)
    private func hasFutileTimersOnly() -> Bool {
        // First whether there are enough of those at all: to look at each timer takes long where there are many.
        var limits = leftTimeouts
        joiners.visit { limits += $0.timeLimitCount }
        if timers.count > uncountedTimers + limits { return false }
        limits = 0
        var left: [TimerAction] = []
        timers.removeAll { action in
            guard case .expire(let timeout, _) = action else { return false }
            guard let target = timeout._withUnsafeGuaranteedRef({ $0.target }) else { return false }
            if target.isReady {
                left.append(action)
                return true
            }
            let isLimit = target.waitList?.takeUnretainedValue() === joiners
            if isLimit && !timeout._withUnsafeGuaranteedRef({ $0.isUncounted }) { limits += 1 }
            return false
        }
        leftTimeouts = 0
        for timeout in left { timeout.drop() }  // which may end what somebody has waited for
        return timers.count <= uncountedTimers + limits && runnable.isEmpty && callbacks.isEmpty && externalWaits == 0
    }
}
