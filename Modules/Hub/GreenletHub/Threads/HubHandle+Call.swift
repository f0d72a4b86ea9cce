// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Work for another thread's hub, and waiting for what comes of it.

import GreenletCore

extension HubHandle {
    /// Runs a body in a greenlet of the hub, and waits for what it returns.
    ///
    /// Switch point in a greenlet; a thread without a hub blocks. On the hub's own thread it is run here and now, by whoever
    /// calls.
    ///
    /// If the time runs out, or the caller is killed, what it has asked for goes on there.
    ///
    /// - Parameters:
    ///   - timeout: At most how long to wait; nil means for ever. It doesn't limit a body that is run here.
    ///   - name: What to call the greenlet in messages.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - body: What to run; it may wait.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; `Timeout` if the time ran out; whatever the waiting greenlet is killed with;
    ///   `GreenletError` with `.exited` if it was killed over there, with `.hubDestroyed` or `.leftInParent` as `submit` has
    ///   it, with `.hubDestroyed` also if the body had not ended when the hub's last second was over, and where nothing may
    ///   block.
    ///
    /// gevent: `ThreadPool.apply`, of a pool that is a hub.
    public func call<Value: Sendable>(
        timeout: Duration? = nil,
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        if isCurrent { return try body() }
        _ = try CrossWaiter.hubToBlock(for: "calling another thread's hub")  // before anything has happened
        let reply = Reply<Value>()
        try submit(name: name, file: file, line: line, Promise(to: reply).keeping(body, on: errands))
        guard try reply.isThere.wait(timeout: timeout) else {
            throw Timeout.expired(after: timeout, "call", reply.isThere)
        }
        return try reply.take()
    }
}

/// What came of a body on another thread.
///
/// Safe because it is written before the event is set, and read after that.
private final class Reply<Value: Sendable>: @unchecked Sendable {
    let isThere = ThreadSafeEvent()
    var result: Result<Value, any Error>?

    func take() throws -> Value {
        guard let result else { throw GreenletError.noValue("what was called on another thread") }
        return try result.get()
    }
}

/// Whoever has it is to answer; when it goes, there is an answer.
///
/// Safe because it is the body's alone, which runs once.
private final class Promise<Value: Sendable>: Promised, @unchecked Sendable {
    private let reply: Reply<Value>

    init(to reply: Reply<Value>) { self.reply = reply }

    deinit { reply.isThere.set() }

    func fail(_ error: GreenletError) {
        reply.result = .failure(error)
        reply.isThere.set()
    }

    /// The body, which answers; the hub does that in its place when it gives up on it.
    func keeping(
        _ body: @escaping @Sendable () throws -> Value,
        on errands: Errands
    ) -> @Sendable () throws -> Void {
        { [self] in
            errands.hasBegun(self)
            defer { errands.hasEnded(self) }
            do {
                reply.result = .success(try body())
            } catch let error where !(error is GreenletExit) {
                reply.result = .failure(error)
            }
            reply.isThere.set()
        }
    }
}
