// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Sections that are not to be interrupted: what arrives meanwhile is thrown after them.

/// Runs `body` without letting anything from outside of it interrupt its waits.
///
/// Switch point, if `body` is.
///
/// A kill, and a ``Timeout`` that was started before, wait until the section is over and are thrown at the first switch
/// point after it, in the order they came: not at its end, where what `body` returns would be lost. If the greenlet
/// ends before one, they are never thrown. A timeout that is cancelled meanwhile, as that of ``withTimeout(_:_:)`` is
/// when its scope ends, is not thrown either.
///
/// What belongs to the section itself works as ever: the `timeout` of a call, a ``Timeout`` that is started inside,
/// a ``LoopExit``. So bound the time of a clean-up from inside:
///
/// ```swift
/// defer {
///     try? shield { try withTimeout(.seconds(5)) { try connection.sayGoodbye() } }
/// }
/// ```
///
/// Shields nest: each keeps out what began before it. Whoever kills the greenlet and waits for its end, waits until
/// the section is over; `kill()` on oneself, `RawGreenlet.throw(_:)` and what is called below are not held up.
///
/// - Parameter body: What to run, here and now.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws, also if a kill is waiting.
///
/// trio: `CancelScope(shield=True)`. Kotlin: `NonCancellable`.
public func shield<Value>(_ body: () throws -> Value) throws -> Value {
    let greenlet = Hub.current.currentGreenlet
    let extras = greenlet.ensuredExtras
    let (outer, deadline) = (extras.shield, extras.deadline)
    greenlet.openShield(extras)
    defer { (extras.shield, extras.deadline) = (outer, deadline) }
    return try body()
}

extension AnyGreenlet {
    /// Whether it is in a ``shield(_:)``, so that a kill waits.
    public final var isShielded: Bool { extras.map { $0.shield > 0 } ?? false }

    fileprivate final func openShield(_ extras: Extras) {
        // A wait that has been ended already, though its greenlet has not parked yet, keeps the error that ended it.
        if waitState.phase == .injected, let next = nextPending { pendingErrors.exempt(next) }
        extras.shieldCount += 1
        extras.shield = extras.shieldCount
        extras.deadline = nil
    }
}
