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
    private let duration: Duration?
    /// Whether it is that of a deadline.
    private let repeats: Bool
    @exclusivity(unchecked) private var timer: TimerID?
    private let custom: (any Error)?
    private let operation: String?
    /// From the start to the end; not weak, for that would cost the greenlet a detour at each count of its references.
    ///
    /// A greenlet that ends drops what has not been thrown in it, so the two don't hold each other for ever.
    @exclusivity(unchecked) private var greenlet: AnyGreenlet?
    /// How many shields that had opened at the start: it passes those.
    @exclusivity(unchecked) private var shieldCount = 0

    /// Creates a timeout that isn't running yet.
    ///
    /// - Parameters:
    ///   - duration: How long after `start()`; nil means never, zero means as soon as the hub runs.
    ///   - error: What to throw; nil means this timeout itself.
    ///
    /// gevent: `Timeout(seconds, exception)`.
    public init(_ duration: Duration?, throwing error: (any Error)? = nil) {
        self.duration = duration
        custom = error
        operation = nil
        repeats = false
    }

    /// That of a deadline.
    init(repeating duration: Duration) {
        self.duration = duration
        custom = nil
        operation = nil
        repeats = true
    }

    private init(expired duration: Duration?, _ operation: String) {
        self.duration = duration
        self.operation = operation
        custom = nil
        repeats = false
    }

    /// The error of a call whose own time limit is over.
    package static func expired(after duration: Duration?, _ operation: StaticString, _ object: AnyObject?) -> Timeout {
        let target = object.map { " on \($0)" } ?? ""
        return Timeout(expired: duration, "\(operation)\(target)")
    }

    /// Starts the time; the error will be thrown in the greenlet that calls this.
    ///
    /// Not a switch point. If it was started before, and that time is over, but the error has not been thrown yet, it won't
    /// be, as after `cancel()`: only the new time counts.
    ///
    /// - Precondition: It isn't running.
    ///
    /// gevent: `Timeout.start`.
    public func start() { if let duration { start(until: Deadline(after: duration)) } }

    @inline(__always)
    func start(until deadline: Deadline) {
        precondition(!isPending, "\(self) is already started; to restart it, cancel it first")
        if greenlet != nil { takeBackFormer() }
        Hub.currentReference._withUnsafeGuaranteedRef { hub in
            let reference = hub.currentGreenletReference
            shieldCount = reference._withUnsafeGuaranteedRef { $0.hasExtras ? $0.extras?.shieldCount ?? 0 : 0 }
            greenlet = reference.takeUnretainedValue()
            timer = hub.addTimer(deadline, .expire(self))
        }
    }

    @inline(never)
    private func takeBackFormer() { greenlet?.withdraw(self) }

    /// Stops the time.
    ///
    /// If it is over, but the error has not been thrown yet, it won't be; a loop that it ended and that couldn't throw, as
    /// `for item in queue`, has then just ended early. ``checkInterruption()`` behind that throws it. Not a switch point.
    ///
    /// gevent: `Timeout.cancel`.
    public func cancel() { if let greenlet = stop() { greenlet.withdraw(self) } }

    /// `cancel`, at the end of a scope whose body returned: throws what has ended a loop in there.
    @usableFromInline
    func finish() throws {
        guard let greenlet = stop() else { return try checkInterruption() }  // it was thrown, and the body caught it
        if greenlet.pendingErrors.isEmpty { return }
        let error = greenlet.takeInterruption()
        greenlet.withdraw(self)
        if let error { throw error }
    }

    @inline(__always)
    private func stop() -> AnyGreenlet? {
        guard let greenlet = greenlet.take() else { return nil }
        if let timer = timer.take() {
            Unmanaged.passUnretained(greenlet.hub)._withUnsafeGuaranteedRef { $0.removeTimer(timer) }
        }
        return greenlet
    }

    /// Whether it was started, and neither fired nor was cancelled.
    ///
    /// gevent: `Timeout.pending`.
    public var isPending: Bool { timer != nil }

    func expire() {
        timer = nil
        if let greenlet, !greenlet.isReady { greenlet.inject(pendingError) } else { greenlet = nil }
    }

    /// Who started it, while it runs.
    var target: AnyGreenlet? { greenlet }

    /// It is over, once and for all: a greenlet that ends with it must not be held by it.
    func wasThrown() { if timer == nil { greenlet = nil } }

    /// Whether it is thrown at each wait of `greenlet`, until it is cancelled.
    func repeats(in greenlet: AnyGreenlet) -> Bool { repeats && self.greenlet === greenlet }

    var pendingError: PendingError { PendingError(custom ?? self, from: self, shieldCount: shieldCount) }

    /// `timed out after 2.0 seconds: get on Greenlet-7`.
    public var description: String {
        let time = duration.map { "\($0)" } ?? "no time"
        return "timed out after \(time)" + (operation.map { ": \($0)" } ?? "")
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
        timeout.cancel()
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
    defer { timeout.cancel() }
    do {
        let value = try body()
        try timeout.finish()
        return value
    } catch let expired as Timeout where expired === timeout {
        return try fallback()
    }
}
