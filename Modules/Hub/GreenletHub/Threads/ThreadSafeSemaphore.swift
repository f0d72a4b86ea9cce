// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A number of permits that threads share.

/// A number of permits, for greenlets of any hub and for threads without one; who finds none waits until one is released.
///
/// Fair among all of them: a permit that is released while somebody waits belongs to the one that waits longest, from that
/// moment on. If that one was killed, or its time was over, before it heard of it, the permit goes to the next.
///
/// ```swift
/// let licences = ThreadSafeSemaphore(3)  // for the whole process
/// for hub in hubs {
///     try hub.submit { try licences.withPermit { try work() } }
/// }
/// ```
///
/// A greenlet that waits parks, and its hub goes on; a thread that has no hub is put to sleep by the kernel. A hub on which
/// somebody waits for a permit doesn't take that for a deadlock: nobody can know that no thread will ever release one.
///
/// When not to use it: on one thread, where ``Semaphore`` costs less, and a wait that nothing can end is a ``LoopExit``.
///
/// gevent: `gevent.lock.Semaphore`, used from several threads.
public final class ThreadSafeSemaphore: @unchecked Sendable {
    /// Safe because it is touched with the lock held only.
    @exclusivity(unchecked) private var state: PermitState
    let lock = CrossLock()

    /// Creates a semaphore.
    ///
    /// - Parameter value: How many permits are free at first.
    /// - Precondition: `value` is not negative.
    ///
    /// gevent: `Semaphore(value)`.
    public init(_ value: Int = 1) {
        precondition(value >= 0, "the initial value of a semaphore must be 0 or more, not \(value)")
        state = PermitState(value)
    }

    /// How many permits are free; another thread may change that before the caller knows.
    ///
    /// Those that were handed to somebody who waits are not.
    ///
    /// gevent: `Semaphore.counter`.
    public var value: Int { lock.withLock { state.free } }

    /// Takes a permit, and waits for one if none is free.
    ///
    /// Switch point in a greenlet, if none is free; a thread without a hub blocks.
    ///
    /// - Throws: Whatever the waiting greenlet is killed with; `GreenletError` where nothing may block, be it a hub's loop or
    ///   a thread that runs async tasks. No permit was taken then.
    ///
    /// gevent: `Semaphore.acquire`.
    public func acquire() throws { _ = try acquire(timeout: nil) }

    /// Takes a permit, and waits some time for one if none is free.
    ///
    /// Switch point in a greenlet, if none is free; a thread without a hub blocks.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if a permit was taken, false if the time ran out.
    /// - Throws: As `acquire()`.
    ///
    /// gevent: `Semaphore.acquire`.
    public func acquire(timeout: Duration?) throws -> Bool {
        if tryAcquire() { return true }
        let deadline = Deadline(after: timeout)
        let waiter = try CrossWaiter("acquiring a semaphore")
        if lock.withLock({ state.take(orWaitAs: waiter) }) { return true }
        return try wait(as: waiter, for: "acquire", until: deadline)
    }

    /// Takes a permit if one is free.
    ///
    /// Not a switch point. From any thread, also where nothing may block.
    ///
    /// - Returns: Whether a permit was taken.
    ///
    /// gevent: `Semaphore.acquire(blocking=False)`.
    public func tryAcquire() -> Bool { lock.withLock { state.take() } }

    /// Gives a permit back: to the one that waits longest, if anybody does.
    ///
    /// Not a switch point. From any thread, whoever has taken it, also where nothing may block.
    ///
    /// gevent: `Semaphore.release`.
    public func release() {
        while true {
            let (taker, told, news) = lock.withLock {
                let (taker, told) = state.release()
                return (taker, told, taker.map { taker in taker.leaveNews { [self] in takeBack(from: taker) } })
            }
            for watcher in told { _ = watcher.wake {} }
            guard let taker else { return }
            if tell(taker, news ?? .untold) { return }
        }
    }

    /// Runs `body` with a permit, and gives it back afterwards.
    ///
    /// Switch point in a greenlet, if no permit is free, or if `body` is; a thread without a hub blocks.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; as `acquire()`.
    ///
    /// gevent: `with semaphore:`.
    public func withPermit<Result>(_ body: () throws -> Result) throws -> Result {
        try acquire()
        defer { release() }
        return try body()
    }
}

extension ThreadSafeSemaphore: CrossPlace {
    func leave(_ waiter: CrossWaiter) -> Bool { state.leave(waiter) }

    func giveBack() { release() }
}

extension ThreadSafeSemaphore: HandsOver {
    func takeBack(from greenlet: AnyGreenlet, _ operation: String) {
        if operation == "acquire" { release() }
    }
}

extension ThreadSafeSemaphore: CustomStringConvertible {
    /// `<ThreadSafeSemaphore 0x7f… 0 free, 3 waiting>`.
    public var description: String {
        let (free, waiting) = lock.withLock { (state.free, state.takers.count) }
        return describe(self, "\(free) free", "\(waiting) waiting")
    }
}

/// Ready when a permit is free; waiting does not take it.
extension ThreadSafeSemaphore: Waitable {
    /// Whether a permit is free.
    public var readiness: Readiness {
        Readiness(
            value > 0,
            canBeTaken: true,
            tells: try self.watch({ self.state.isFree(orTell: $0) }, leave: { [self] in state.leave(watcher: $0) })
        )
    }
}
