// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for all there is.

import GreenletCore

extension Hub {
    /// Waits until nothing is left that could happen: all greenlets have ended, or are blocked for ever; no timer is set;
    /// nobody waits for a descriptor.
    ///
    /// Switch point. Where another wait would get a `LoopExit`, this one returns. What was told to keep no hub alive, as a
    /// ``sleep(_:keepsHubAlive:)``, may be left. Any greenlet may call it, and several at once.
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
