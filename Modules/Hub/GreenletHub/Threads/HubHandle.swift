// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A hub, seen from other threads.

import CGreenletCore
public import GreenletCore

/// The way to a hub from any thread: gives it work.
///
/// A hub belongs to its thread, and so do its greenlets and most of what they wait for. A handle is what may be passed to
/// others.
///
/// ```swift
/// let hub = Hub.current.handle
/// startThread {  // any thread of any library's
///     let page = render()
///     try? hub.submit { try connection.send(page) }
/// }
/// ```
///
/// It neither keeps the hub alive nor makes it wait: a hub with nothing else to do ends its waits with ``LoopExit`` even if
/// there are handles. Let a greenlet wait for what others tell, on a ``ThreadSafeEvent`` for one. When the hub has ended,
/// whoever gives it work hears so.
///
/// gevent: `hub.loop`, used by `run_callback_threadsafe`.
public struct HubHandle: Sendable {
    let errands: Errands

    /// Has the hub spawn a greenlet.
    ///
    /// Not a switch point. From any thread, also the hub's own. The hub wakes up if it sleeps, for which the caller makes a
    /// system call; else it looks when the turn that it is in ends. Greenlets start in the order in which they were submitted;
    /// so do those of several threads, as far as these know an order. A turn takes some, and leaves the rest to the next, so
    /// that timers and I/O have theirs. An error that one ends with goes to the hub's `errorHandler`. What was submitted
    /// before the hub ends is begun, if the second that greenlets have to end is not over: it gets a `GreenletExit` where it
    /// first waits.
    ///
    /// In the child of a fork it works for the thread that has forked. What was submitted before and not begun is the
    /// parent's to run, once.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was submitted, for messages.
    ///   - line: Where it was submitted, for messages.
    ///   - body: What to run, on the hub's thread; it may wait.
    /// - Throws: `GreenletError` with `.hubDestroyed` if the hub has ended, or is about to; with `.leftInParent` in a process
    ///   that was forked from the hub's. It won't run then.
    ///
    /// gevent: `loop.run_callback_threadsafe(gevent.spawn, body)`.
    public func submit(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping @Sendable () throws -> Void
    ) throws(GreenletError) {
        try leave("submit work") { [errands] in
            let greenlet = Greenlet<Void>(name: name, file: file, line: line) {
                // Accepted before the hub began to end: it is killed like all others, though not before it has begun.
                if errands.isRefusingWork { AnyGreenlet.current.inject(GreenletExit()) }
                try body()
            }
            greenlet.start()
            if greenlet.stage == .scheduled { greenlet.stage = .submitted }
        }
    }

    /// Has something called in the hub's loop.
    ///
    /// Not a switch point. From any thread, also the hub's own. Dearer work should be a greenlet: this one holds up all of
    /// them. In the same order as what is submitted, and with the same promises.
    ///
    /// - Parameter callback: What to call, on the hub's thread. It must not wait: where it tries, that throws
    ///   `GreenletError` with `.blockingInHub`. It may wake, set, and spawn.
    /// - Throws: As `submit(name:file:line:_:)`.
    ///
    /// gevent: `loop.run_callback_threadsafe`.
    public func runCallback(_ callback: @escaping @Sendable () -> Void) throws(GreenletError) {
        try leave("run a callback", callback)
    }

    private func leave(_ operation: StaticString, _ task: @escaping () -> Void) throws(GreenletError) {
        if !errands.isRefusingWork, errands.add(keptInChild: false, task) { return }
        throw errands.isInThisProcess
            ? GreenletError(
                .hubDestroyed,
                "can't \(operation) on the hub of \(errands.threadName), which has ended or is about to: "
                    + "let its thread wait until others are done with it"
            )
            : GreenletError(
                .leftInParent,
                "can't \(operation) on the hub of \(errands.threadName), which stayed in the parent process: "
                    + "a fork takes along only the thread that calls it"
            )
    }

    /// Whether the calling thread is the hub's own.
    ///
    /// gevent: `hub.thread_ident == get_ident()`.
    public var isCurrent: Bool { errands.isHere }
}

extension HubHandle: Hashable {
    /// Of the same hub.
    public static func == (left: HubHandle, right: HubHandle) -> Bool { left.errands === right.errands }

    /// Hashes the identity of the hub.
    ///
    /// - Parameter hasher: The hasher to feed.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(errands)) }
}

extension HubHandle: CustomStringConvertible {
    /// `<HubHandle of thread 3>`.
    public var description: String { "<HubHandle of \(errands.threadName)>" }
}

extension Hub {
    /// What other threads may have of this hub.
    ///
    /// Not a switch point.
    public var handle: HubHandle { HubHandle(errands: loop.reachableErrands()) }
}
