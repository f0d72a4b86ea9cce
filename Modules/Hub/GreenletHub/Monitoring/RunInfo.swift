// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// All greenlets of a hub and what each is about, for whoever asks a program that runs.

import CGreenletCore
import GreenletCore

extension Hub {
    /// Tells of each greenlet of this thread what it does, and where it stands: a line each, the oldest first.
    ///
    /// ```swift
    /// let onSignal = try SignalWatcher(SIGUSR1) { print(Hub.current.runInfo(frames: 10)) }
    /// ```
    ///
    /// Those that ended are not told of, nor are raw greenlets that never waited. With frames it looks into the symbol
    /// tables of the program's files, which takes a millisecond or so for each: for diagnosis.
    ///
    /// Not a switch point.
    ///
    /// - Parameter frames: How many functions to show of each, the innermost first; none unless said.
    /// - Returns: The lines.
    /// - Precondition: It is this thread's hub.
    ///
    /// gevent: `gevent.util.format_run_info`.
    public func runInfo(frames: Int = 0) -> String {
        checkThread("look at", self)
        let all: [AnyGreenlet] = [main] + alive.reversed() + visitors.sorted { $0.id < $1.id }
        let lines = all.flatMap { greenlet in
            ["\(greenlet) \(doing(greenlet))"] + backtrace(of: greenlet, frames).map { "    \($0)" }
        }
        return (["\(thread.name): \(all.count) greenlets"] + lines).joined(separator: "\n")
    }

    private func doing(_ greenlet: AnyGreenlet) -> String {
        if let reason = greenlet.currentReason { return "waits for \(reason.description)" }
        if greenlet.stage == .delayed { return "will be started later" }
        if greenlet.isQueued { return "is about to run" }
        return greenlet.context == record.pointee.current ? "runs" : "was left by a switch by hand"
    }

    private func backtrace(of greenlet: AnyGreenlet, _ limit: Int) -> [RawGreenlet.Frame] {
        guard limit > 0, let context = greenlet.context else { return [] }
        // No closure around the call: of the one that runs, its frames would be the first.
        let addresses = UnsafeMutablePointer<UInt>.allocate(capacity: limit)
        defer { addresses.deallocate() }
        let count = cgreenlet_backtrace(context, addresses, limit)
        return (0..<count).map { RawGreenlet.Frame(addresses[$0], isReturn: $0 > 0) }
    }
}
