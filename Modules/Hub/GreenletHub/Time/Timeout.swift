// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A limit on time: an error that arrives when it is over.

/// An error that is thrown in the current greenlet when a time is over, at the switch point where it waits then.
///
/// Code that never waits is never interrupted. Timeouts nest: compare by identity to know whose it was.
///
/// ```swift
/// let timeout = Timeout(.seconds(2))
/// timeout.start()
/// defer { timeout.cancel() }
/// do {
///     try slowOperation()
/// } catch let expired as Timeout where expired === timeout {
///     print("too slow")
/// }
/// ```
///
/// `withTimeout(_:_:)` does this in one call.
///
/// gevent: `gevent.Timeout`.
public final class Timeout: Error, CustomStringConvertible, @unchecked Sendable {
    // Safe because only the hub's thread starts, cancels and fires it; elsewhere it is just an error with a message.
    // Forty bytes, for a server has one for each request, and memory costs more time than all else that it does.
    private let length: TimeoutLength
    @exclusivity(unchecked) private var timer = TimerID.none
    /// From the start to the end its greenlet; but if it has details these, all the time.
    @exclusivity(unchecked) private var reference: UnsafeRawPointer?

    /// Creates a timeout that isn't running yet.
    ///
    /// - Parameters:
    ///   - duration: How long after `start()`; nil means never, zero or less means as soon as the hub runs.
    ///   - error: What to throw; nil means this timeout itself.
    ///
    /// gevent: `Timeout(seconds, exception)`.
    public init(_ duration: Duration?, throwing error: (any Error)? = nil) {
        length = TimeoutLength(duration, hasDetails: error != nil)
        if length.hasDetails { reference = TimeoutDetails(duration, error: error).retained() }
    }

    /// Creates a timeout that isn't running yet, maybe one that is no reason to go on.
    ///
    /// One that keeps nothing alive doesn't hold up a ``LoopExit``, nor ``Hub/join(timeout:)``: a wait that nothing but this
    /// timeout would end is one that nothing ends. So it limits what goes on, and is none where all is over.
    ///
    /// - Parameters:
    ///   - duration: How long after `start()`; nil means never, zero or less means as soon as the hub runs.
    ///   - error: What to throw; nil means this timeout itself.
    ///   - keepsHubAlive: False for one whose end is not to be waited for.
    ///
    /// gevent: `Timeout(seconds, exception, ref=False)`.
    public init(_ duration: Duration?, throwing error: (any Error)? = nil, keepsHubAlive: Bool) {
        length = TimeoutLength(duration, hasDetails: true)
        reference = TimeoutDetails(duration, error: error, keepsHubAlive: keepsHubAlive).retained()
    }

    /// That of a deadline.
    init(repeating duration: Duration) {
        length = TimeoutLength(duration, hasDetails: true)
        reference = TimeoutDetails(duration, repeats: true).retained()
    }

    private init(expired duration: Duration?, _ operation: String) {
        length = TimeoutLength(duration, hasDetails: true)
        reference = TimeoutDetails(duration, operation: operation).retained()
    }

    deinit {
        assert(greenlet == nil, "a timeout has ended that its greenlet still counts")
        if length.hasDetails, let details { Unmanaged.passUnretained(details).release() }
    }

    /// The error of a call whose own time limit is over.
    package static func expired(after duration: Duration?, _ operation: StaticString, _ object: AnyObject?) -> Timeout {
        let target = object.map { " on \($0)" } ?? ""
        return Timeout(expired: duration, "\(operation)\(target)")
    }

    /// Starts the time; the error will be thrown in the greenlet that calls this.
    ///
    /// Not a switch point. If it was started before, and that time is over, but the error has not been thrown yet, it is as
    /// after `cancel()`: only the new time counts.
    ///
    /// - Precondition: It isn't running, on whatever thread.
    ///
    /// gevent: `Timeout.start`.
    public func start() {
        if let nanoseconds = length.nanoseconds {
            start(until: Deadline(nanoseconds: Deadline.now.nanoseconds &+ nanoseconds))
        }
    }

    @inline(__always)
    func start(until deadline: Deadline) {
        if greenlet != nil { takeBackFormer() }
        Hub.currentReference._withUnsafeGuaranteedRef { hub in
            let greenlet = hub.currentGreenletReference
            let shieldCount = greenlet._withUnsafeGuaranteedRef { $0.hasExtras ? $0.extras?.shieldCount ?? 0 : 0 }
            setGreenlet(greenlet)
            if length.hasDetails { details?.isStarted(shieldCount, on: hub) }
            let action = TimerAction.expire(.passRetained(self), shieldCount: UInt32(truncatingIfNeeded: shieldCount))
            timer = hub.timers.insert(deadline, action)
        }
    }

    @inline(never)
    private func takeBackFormer() {
        target?.hub.checkThread("start", self)
        precondition(!isPending, "\(self) is already started; to restart it, cancel it first")
        target?.withdraw(self, forgettingInterruption: false)
    }

    /// Stops the time.
    ///
    /// If it is over, but the error has not been thrown yet, it won't be. Unless it has ended a wait that couldn't throw it, of
    /// a loop as `for item in queue`, or below C: what was interrupted is no success, and nothing here can tell. Then it is
    /// thrown as a kill would be, at the next switch point, at the end of the greenlet, or by ``checkInterruption()``.
    /// Not a switch point. Called again, or before `start()`, it does nothing.
    ///
    /// Another greenlet that calls this may be too late: if the error has ended a wait, it is thrown there, though the
    /// greenlet that it was for has not run since.
    ///
    /// - Precondition: It doesn't run on another thread.
    ///
    /// gevent: `Timeout.cancel`, `Timeout.close`.
    public func cancel() {
        guard let greenlet = stop() else { return }
        greenlet._withUnsafeGuaranteedRef { $0.withdraw(self, forgettingInterruption: false) }
        greenlet.removeTimeout()
    }

    /// `cancel`, at the end of a scope that fails anyway: its error is thrown no more, whatever it has ended.
    @usableFromInline
    func abandon() {
        target?.withdraw(self, forgettingInterruption: true)
        cancel()
    }

    /// `cancel`, at the end of a scope whose body returned: throws what has ended a loop in there.
    @usableFromInline
    func finish() throws {
        // Without a greenlet it was thrown, and the body caught it.
        guard let greenlet = stop() else { return try checkInterruption() }
        defer { greenlet.removeTimeout() }
        if greenlet._withUnsafeGuaranteedRef({ $0.pendingErrors.isEmpty }) { return }
        let target = greenlet.takeUnretainedValue()
        let error = target.takeInterruption()
        target.withdraw(self, forgettingInterruption: true)
        if let error { throw error }
    }

    /// - Returns: For whom it ran, who still counts this timeout.
    @inline(__always)
    private func stop() -> Unmanaged<AnyGreenlet>? {
        guard let greenlet = replaceGreenlet(by: nil) else { return nil }
        let timer = timer
        self.timer = .none
        greenlet._withUnsafeGuaranteedRef { greenlet in
            let hub = Unmanaged.passUnretained(greenlet.hub)
            hub._withUnsafeGuaranteedRef { $0.checkThread("cancel", self) }
            if !timer.isNone, hub._withUnsafeGuaranteedRef({ $0.timers.remove(timer) }) != nil {
                Unmanaged.passUnretained(self).release()
            }
        }
        return greenlet
    }

    /// Whether it was started, and neither fired nor was cancelled.
    ///
    /// - Precondition: It doesn't run on another thread.
    ///
    /// gevent: `Timeout.pending`.
    public var isPending: Bool {
        if let greenlet { greenlet._withUnsafeGuaranteedRef { $0.hub.checkThread("isPending", self) } }
        return !timer.isNone
    }

    /// Its time is over.
    ///
    /// - Parameter shieldCount: The lower half of how many shields its greenlet had opened at the start.
    func expire(shieldCount: UInt32) {
        timer = .none
        if length.hasDetails { details?.isOver() }
        guard let greenlet = target, !greenlet.isReady else { return setGreenlet(nil) }
        let now = greenlet.extras?.shieldCount ?? 0
        // Not four thousand million, as may be assumed.
        let openedSince = UInt32(truncatingIfNeeded: now) &- shieldCount
        greenlet.inject(pendingError(shieldCount: max(0, now - Int(openedSince))))
    }

    /// Whether it is among the hub's timers, and is not counted.
    var isUncounted: Bool { isPending && details?.keepsHubAlive == false }

    /// Who started it, while it runs.
    var target: AnyGreenlet? { greenlet?.takeUnretainedValue() }

    /// It is over, once and for all: a greenlet that ends with it must not be held by it.
    ///
    /// Another may have started it since.
    func wasThrown(in greenlet: AnyGreenlet) { if timer.isNone, target === greenlet { setGreenlet(nil) } }

    /// The hub ends, or its greenlet is in another process: nobody will be told of its end.
    func wasDropped() {
        timer = .none
        setGreenlet(nil)
    }

    /// Whether it is thrown at each wait of `greenlet`, until it is cancelled.
    func repeats(in greenlet: AnyGreenlet) -> Bool { details?.repeats == true && target === greenlet }

    /// That of a deadline, to be thrown once more.
    var pendingError: PendingError { pendingError(shieldCount: details?.shieldCount ?? 0) }

    private func pendingError(shieldCount: Int) -> PendingError {
        PendingError(details?.error ?? self, from: self, shieldCount: shieldCount)
    }

    /// How long it is from its start; nil means for ever.
    ///
    /// gevent: `Timeout.seconds`.
    public var duration: Duration? { details.map(\.duration) ?? length.duration }

    /// `timed out after 2.0 seconds: get on Greenlet-7`.
    public var description: String {
        "timed out" + (duration.map { " after \($0)" } ?? "") + (details?.operation.map { ": \($0)" } ?? "")
    }
}

// Its one reference. Safe because it is one to details if and only if the length says so, from the beginning. A greenlet
// that it is one to is held by the count of its timeouts, which only the hub's thread changes: a timeout that is counted
// is in the hub's heap or among the greenlet's pending errors, and whoever takes it out there has it uncounted.
extension Timeout {
    @inline(__always)
    private var details: TimeoutDetails? {
        if !length.hasDetails { return nil }
        return reference.map { Unmanaged<TimeoutDetails>.fromOpaque($0).takeUnretainedValue() }
    }

    @inline(__always)
    private var greenlet: Unmanaged<AnyGreenlet>? {
        if length.hasDetails { return details?.greenlet }
        return reference.map(Unmanaged.fromOpaque)
    }

    /// It runs for another, or for none.
    @inline(__always)
    private func setGreenlet(_ greenlet: Unmanaged<AnyGreenlet>?) {
        greenlet?._withUnsafeGuaranteedRef { $0.addTimeout() }
        replaceGreenlet(by: greenlet)?.removeTimeout()
    }

    /// - Returns: The former one, which still counts this timeout.
    @inline(__always)
    private func replaceGreenlet(by greenlet: Unmanaged<AnyGreenlet>?) -> Unmanaged<AnyGreenlet>? {
        if length.hasDetails { return details?.replaceGreenlet(by: greenlet) }
        let former = reference
        reference = greenlet.map { UnsafeRawPointer($0.toOpaque()) }
        return former.map(Unmanaged.fromOpaque)
    }
}

/// Runs `body`, and stops it where it waits when the time is over.
///
/// Switch point, if `body` is.
///
/// A loop that can't throw, as `for item in queue`, ends where it waits, and `body` goes on behind it. What it returns is
/// no success then: the error is thrown at its end, if not before. See ``checkInterruption()``.
///
/// - Parameters:
///   - duration: How long `body` may take.
///   - body: What to run, here and now.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws; a `Timeout` when the time is over.
///
/// gevent: `gevent.Timeout` as a context manager.
@inlinable
public func withTimeout<Value>(_ duration: Duration, _ body: () throws -> Value) throws -> Value {
    let timeout = Timeout(duration)
    timeout.start()
    let value: Value
    do {
        value = try body()
    } catch {
        timeout.abandon()
        throw error
    }
    try timeout.finish()
    return value
}

/// Runs `body`, and gives up with another value when the time is over.
///
/// Switch point, if `body` is.
///
/// Only this call's own timeout leads to `fallback`; those of outer scopes go through. Loops that can't throw are no
/// exception, as with ``withTimeout(_:_:)``.
///
/// - Parameters:
///   - duration: How long `body` may take.
///   - fallback: What to return when it took longer.
///   - body: What to run, here and now.
/// - Returns: What `body` returns, or `fallback`.
/// - Throws: What `body` throws.
///
/// gevent: `gevent.with_timeout`.
public func withTimeout<Value>(
    _ duration: Duration,
    default fallback: @autoclosure () throws -> Value,
    _ body: () throws -> Value
) throws -> Value {
    let timeout = Timeout(duration)
    timeout.start()
    defer { timeout.abandon() }
    do {
        let value = try body()
        try timeout.finish()
        return value
    } catch let expired as Timeout where expired === timeout {
        return try fallback()
    }
}
