// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that don't outlive a scope.

import GreenletCore

/// Spawns a greenlet for as long as `scope` runs.
///
/// Switch point. When `scope` returns, this waits for the greenlet's end. When `scope` throws, or the waiting greenlet is
/// killed, the greenlet is killed with that error, and has ended when the error is thrown on. An error of the greenlet is
/// reported, unless `scope` gets it, or it is the very one that is thrown on.
///
/// ```swift
/// try withGreenlet({ try heartbeat(connection) }) { beat in
///     try answer(connection)
///     try beat.kill()
/// }
/// ```
///
/// - Parameters:
///   - body: What the greenlet runs.
///   - file: Where it was called, for messages.
///   - line: Where it was called, for messages.
///   - scope: What to run here and now.
/// - Returns: What `scope` returns.
/// - Throws: What `scope` throws; whatever the waiting greenlet is killed with.
///
/// gevent: `with Greenlet.spawn(…) as greenlet`.
@discardableResult
public func withGreenlet<Value, Result>(
    _ body: @escaping () throws -> Value,
    file: StaticString = #fileID,
    line: UInt = #line,
    while scope: (Greenlet<Value>) throws -> Result
) throws -> Result {
    let greenlet = spawn(file: file, line: line, body)
    return try endingAfter(scope, greenlet, join: { try greenlet.join() }, kill: { try end(greenlet, with: $0) })
}

/// Kills it with an error that the caller will throw: that need not be reported, another one is.
private func end(_ greenlet: AnyGreenlet, with error: any Error) throws {
    if greenlet.isReady { return }
    greenlet.ensuredExtras.thrownOn = error
    try greenlet.kill(with: error)
}

extension AnyGreenlet {
    /// Whether it ends with the very error that it was killed with by somebody who throws that, too; not one just like it.
    final var failsWithWhatIsThrownOn: Bool {
        guard let failure, let error = extras?.thrownOn else { return false }
        // Safe because an error of any type is a reference to a box, which stays the same one when it is thrown on. By `as`
        // that is what is looked at, and not what is in it.
        return unsafeBitCast(failure as any Error, to: UInt.self) == unsafeBitCast(error as any Error, to: UInt.self)
    }
}

/// Makes a group for as long as `scope` runs: none of its members outlives it.
///
/// Switch point. When `scope` returns, this waits for the members' end; members may spawn more meanwhile. When `scope`
/// throws, or the waiting greenlet is killed, the members are killed, and have ended when the error is thrown on. An
/// error of a member is reported and ends nobody else; who wants it gets it.
///
/// ```swift
/// try withGroup { group in
///     let left = group.spawn { try measure(a) }
///     let right = group.spawn { try measure(b) }
///     return try left.get() + right.get()
/// }
/// ```
///
/// - Parameter scope: What to run here and now.
/// - Returns: What `scope` returns.
/// - Throws: What `scope` throws; whatever the waiting greenlet is killed with.
///
/// Swift: `withThrowingTaskGroup`.
@discardableResult
public func withGroup<Result>(_ scope: (Group) throws -> Result) throws -> Result {
    let group = Group()
    return try endingAfter(scope, group, join: { try group.join() }, kill: { _ in try group.kill() })
}

private func endingAfter<Object, Result>(
    _ scope: (Object) throws -> Result,
    _ object: Object,
    join: () throws -> Void,
    kill: (any Error) throws -> Void
) throws -> Result {
    do {
        let result = try scope(object)
        try join()
        return result
    } catch {
        // In a shield: a second kill must not leave somebody behind.
        try shield { try kill(error) }
        throw error
    }
}
