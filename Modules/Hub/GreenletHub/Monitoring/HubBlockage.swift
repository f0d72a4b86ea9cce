// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What is told of a thread whose greenlets wait for one that doesn't let go.

import CGreenletCore
public import GreenletCore

/// Somebody has run for too long without letting others run.
///
/// gevent: `gevent.events.EventLoopBlocked`.
public struct HubBlockage: Sendable {
    /// `thread 3`: whose hub waits.
    public let thread: String
    /// For how long it has waited so far.
    public let duration: Duration
    /// Who runs, by kind and number, and where it was spawned: `Greenlet-7 (Server.swift:12)`; nil if that is unknown.
    ///
    /// Names that were given are not told: the greenlet may be about to change its own.
    public let greenlet: String?
    /// The system call that it waits in, such as `poll`; nil if it calculates, or if that is unknown.
    public let systemCall: String?
    /// Where it stands, the innermost function first; empty if that is unknown.
    ///
    /// Within a system call, what leads from the C library's functions to their caller is guessed.
    public let backtrace: [RawGreenlet.Frame]

    init(_ subject: MonitoredThread, _ sighting: UnsafePointer<cgreenlet_sighting>?, _ duration: Duration) {
        thread = subject.name
        self.duration = duration
        greenlet = sighting.map { subject.name(of: $0) }
        systemCall = sighting.flatMap { $0.pointee.system_call < 0 ? nil : name(ofSystemCall: $0.pointee.system_call) }
        backtrace = sighting.map(frames) ?? []
    }
}

extension HubBlockage: CustomStringConvertible {
    /// What an operator wants to read; several lines.
    public var description: String {
        let time = "\(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000) ms"
        let doing = systemCall.map { "waits in the system call \($0)" } ?? (greenlet == nil ? "runs" : "calculates")
        let advice =
            systemCall == nil
            ? "call yieldNow() in long calculations, or give them to another thread"
            : "wait by greenlets' means, patch the calls that block, or give them to another thread"
        let own = backtrace.reversed().prefix { $0.isOurs }.count
        let lines = backtrace.dropLast(own).enumerated().map { "  #\($0.offset) \($0.element)" }
        let who = greenlet ?? "a greenlet"
        let first = "nobody else has run on \(thread) for \(time): \(who) \(doing); \(advice)"
        return ([first] + lines).joined(separator: "\ngreenlet: ")
    }
}

extension RawGreenlet.Frame {
    /// Whether it is this module's, or an adapter that the compiler has made.
    fileprivate var isOurs: Bool {
        guard let symbol else { return false }
        return symbol.contains("GreenletHub.") || symbol.contains("reabstraction thunk")
    }
}

extension MonitoredThread {
    fileprivate func name(of sighting: UnsafePointer<cgreenlet_sighting>) -> String {
        let context = UnsafeRawPointer(sighting.pointee.context)
        if context == hubContext { return "the hub itself, in a callback," }
        if sighting.pointee.scheduled == nil { return "a raw greenlet" }
        let identity = withUnsafeBytes(of: sighting.pointee.object) { $0.load(as: AnyGreenlet.Identity.self) }
        if let site = identity.origin { return "Greenlet-\(identity.id) (\(site))" }
        return (context == mainContext ? "MainGreenlet-" : "RawGreenlet-") + String(identity.id)
    }
}

/// Its number, if it is none that is known to wait.
private func name(ofSystemCall number: Int) -> String {
    cgreenlet_system_call_name(number).map { String(cString: $0) } ?? "number \(number)"
}

private func frames(_ sighting: UnsafePointer<cgreenlet_sighting>) -> [RawGreenlet.Frame] {
    let limit = 48
    let addresses = withUnsafeTemporaryAllocation(of: UInt.self, capacity: limit) { buffer in
        guard let base = buffer.baseAddress else { return [UInt]() }
        return Array(buffer.prefix(cgreenlet_sighting_backtrace(sighting, base, limit)))
    }
    return addresses.enumerated().map { RawGreenlet.Frame($0.element, isReturn: $0.offset > 0) }
}
