// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The end of all waiting: nothing can happen any more, and who waits for what.

import GreenletCore

/// Thrown in the main greenlet of a thread when it waits and nothing can ever wake anybody.
///
/// No greenlet is runnable, no timer runs, and nobody waits for a descriptor, a child or a file. The message names each
/// greenlet that is blocked for ever, what it waits for, and where it was spawned. The hub remains usable.
///
/// gevent: `gevent.exceptions.LoopExit`.
public struct LoopExit: Error, CustomStringConvertible, Sendable {
    /// Each blocked greenlet and what it waits for, the main greenlet first.
    public let blocked: [String]

    /// "this operation would block forever", and by whom.
    public var description: String {
        "this operation would block forever: no greenlet can run, no timer is set, nobody waits for a descriptor. "
            + "Blocked: " + blocked.joined(separator: "; ")
    }
}

extension Hub {
    func reportDeadlock() {
        let main: AnyGreenlet = heir ?? main
        if hasLeftMain, heir == nil { endChild(0) }
        let all = (heir == nil ? [main] : []) + alive.reversed() + visitors.sorted { $0.id < $1.id }
        let blocked = all.compactMap { greenlet in
            greenlet.currentReason.map { "\(greenlet) waits for \($0.description)" }
        }
        if main.waitState.isWaiting, main.wake(throwing: PendingError(LoopExit(blocked: blocked))) { return }
        fatalError(
            "\(LoopExit(blocked: blocked)); and the main greenlet of \(thread.name) can't be told, as it was left by a "
                + "switch by hand"
        )
    }

    /// Tells the error handler of an error that nobody has seen.
    func report(_ greenlet: AnyGreenlet, _ error: any Error) {
        let runner = currentGreenlet
        let ticket = runner.waitState.ticket
        do {
            try runner.withTree(of: greenlet) { try errorHandler(greenlet, error) }
        } catch let another {
            Hub.reportToStandardError(greenlet, error)
            writeToStandardError("greenlet: the error handler, called with this error, failed: \(another)")
        }
        if runner.waitState.ticket == ticket { return }
        writeToStandardError(
            "greenlet: the error handler waited for something, called with an error of \(greenlet): "
                + "spawn a greenlet there that waits"
        )
    }

    /// The default for `errorHandler`: one line on standard error.
    static func reportToStandardError(_ greenlet: AnyGreenlet, _ error: any Error) {
        writeToStandardError("greenlet: \(greenlet) failed: \(error)")
    }
}
