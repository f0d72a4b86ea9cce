// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How a socket waits: fairness before a call, the poller, time limits, and being closed meanwhile.

import GreenletHub

/// How long a call may take.
///
/// The clock is looked at when it first waits.
struct TimeLimit {
    let duration: Duration?
    private var deadline: Deadline?

    init(_ duration: Duration?) { self.duration = duration }

    mutating func start() -> Deadline? {
        if deadline == nil, let duration { deadline = Deadline(after: duration) }
        return deadline
    }

    /// What is left of it.
    mutating func remaining() -> Duration? { start()?.remaining }
}

// Hub's own accessors would be calls, for the compiler doesn't inline across modules what is not public.
extension Poller {
    @inline(__always)
    var isOpen: Bool { record.pointee.serial == serial }

    /// Whether a short read no longer means that nothing is left.
    @inline(__always)
    var wasUneven: Bool { record.pointee.isUneven }
}

extension Socket {
    /// Every call that may wait begins here: the right thread, and a turn for the others if that is due.
    @inline(__always)
    func begin(_ operation: StaticString) throws {
        hub.checkThread(operation, self)
        if hub.immediateSuccesses.pointee >= Hub.immediateLimit { try hub.yieldAfterImmediateSuccesses() }
    }

    /// Waits until the socket is ready, maybe spuriously.
    ///
    /// Switch point.
    ///
    /// Frames below this one are what an idle connection keeps on its stack: see the module's bar.
    ///
    /// - Returns: False if the deadline came first. The caller should still try once: the data may just have come.
    /// - Throws: `SocketError` with `.closed` if it was closed meanwhile.
    @inline(__always)
    func wait(
        _ direction: Poller.Direction,
        _ operation: SocketError.Operation,
        until deadline: Deadline?
    ) throws -> Bool {
        let poller: Poller
        if let known = self.poller, known.isOpen { poller = known } else { poller = try makePoller(operation) }
        let isInTime = try poller.wait(direction, for: WaitReason(operation.name, self), until: deadline)
        hub.immediateSuccesses.pointee = 0
        if descriptor < 0 { try throwClosedMeanwhile(operation) }
        return isInTime
    }

    /// Makes the poller, at the first wait, or because somebody closed it under us by using the bare descriptor.
    @inline(never)
    func makePoller(_ operation: SocketError.Operation) throws -> Poller {
        if descriptor < 0 { throw closed(operation) }
        let poller = try hub.poller(for: descriptor)
        self.poller = poller
        return poller
    }

    @inline(never)
    func throwClosedMeanwhile(_ operation: SocketError.Operation) throws {
        throw SocketError(closed: operation, text: "the socket was closed by another greenlet")
    }

    @inline(never)
    func closed(_ operation: SocketError.Operation) -> SocketError {
        SocketError(closed: operation, text: "the socket is closed")
    }

    @inline(never)
    func failure(_ cause: Errno, _ operation: SocketError.Operation) -> SocketError {
        if descriptor < 0 { return closed(operation) }
        return SocketError(cause, operation, knownAddress(operation))
    }

    @inline(never)
    func timedOut(_ operation: SocketError.Operation, _ limit: TimeLimit) -> SocketError {
        SocketError(timedOut: operation, knownAddress(operation), after: limit.duration)
    }

    /// Whom the failed call was about.
    ///
    /// Asked of the system only when something has failed.
    private func knownAddress(_ operation: SocketError.Operation) -> SocketAddress? {
        let end: SystemCalls.End = operation == .receive || operation == .send ? .peer : .local
        return (try? SystemCalls.address(descriptor, end)) ?? nil
    }
}
