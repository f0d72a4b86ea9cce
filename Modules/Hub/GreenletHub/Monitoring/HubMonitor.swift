// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The thread that watches a hub, and says who holds it up.

import CGreenletCore
import Glibc
import GreenletCore

/// Watches one hub from a thread of its own, until it is stopped.
///
/// Safe because all that changes is touched by its own thread only, once that runs.
final class HubMonitor: @unchecked Sendable {
    let limit: Duration
    let report: @Sendable (HubBlockage) -> Void
    let pulse = Pulse()
    /// The watched thread, as C looks at it.
    private let sightee: cgreenlet_sightee
    private let subject: MonitoredThread
    private var thread = pthread_t()
    private let sighting = UnsafeMutablePointer<cgreenlet_sighting>.allocate(capacity: 1)

    /// One that doesn't watch yet; on the thread of `hub`.
    init(_ hub: Hub, limit: Duration, report: @escaping @Sendable (HubBlockage) -> Void) {
        self.limit = limit
        self.report = report
        var sightee = cgreenlet_become_visible()
        (sightee.object_offset, sightee.object_size) = hub.main.placeOfIdentity
        self.sightee = sightee
        subject = MonitoredThread(hub)
    }

    deinit { sighting.deallocate() }

    func start() throws(GreenletError) {
        let status = withAllSignalsBlocked {
            pthread_create(
                &thread,
                nil,
                { argument in
                    if let argument { Unmanaged<HubMonitor>.fromOpaque(argument).takeRetainedValue().watch() }
                    return nil
                },
                Unmanaged.passRetained(self).toOpaque()
            )
        }
        if status == 0 { return }
        Unmanaged.passUnretained(self).release()
        throw GreenletError(
            .loopFailed,
            "can't start the thread that is to watch \(subject.name): \(describeErrno(status))",
            cause: status
        )
    }

    /// Waits until its thread has ended, and the report that it may be in the midst of.
    func stop() {
        pulse.stop()
        pthread_join(thread, nil)
    }

    private func watch() {
        cgreenlet_name_thread("hub-monitor")
        var suspicion = Suspicion(limit: limit, beat: pulse.lastBeat, now: .now)
        while pulse.wait(limit / 4) {
            guard let duration = suspicion.heard(pulse.lastBeat, now: .now) else { continue }
            report(look(duration))
            suspicion.looked(now: .now)
        }
    }

    private func look(_ duration: Duration) -> HubBlockage {
        let isSeen = withUnsafePointer(to: sightee) { cgreenlet_sight(sighting, $0) }
        return HubBlockage(subject, isSeen ? sighting : nil, duration)
    }
}

/// Since when nothing was heard of a hub, and when to say so next.
package struct Suspicion {
    private let limit: UInt64
    private var beat: UInt?
    private var since: Deadline
    private var lastLook: Deadline
    /// How long it takes until the next report.
    private var patience: UInt64

    package init(limit: Duration, beat: UInt?, now: Deadline) {
        self.limit = Deadline.nanoseconds(limit)
        patience = self.limit
        self.beat = beat
        (since, lastLook) = (now, now)
    }

    /// Takes in what is heard now.
    ///
    /// - Returns: For how long it has been the same, if that is to be reported.
    package mutating func heard(_ beat: UInt?, now: Deadline) -> Duration? {
        // Who comes far too late himself has seen nothing: the machine is busy, or the process was stopped for a while.
        let isBlind = now.nanoseconds - lastLook.nanoseconds > limit
        lastLook = now
        if beat == nil || beat != self.beat || isBlind {
            (self.beat, since, patience) = (beat, now, limit)
            return nil
        }
        let silence = now.nanoseconds - since.nanoseconds
        if silence < patience { return nil }
        patience = silence * 2
        return .nanoseconds(Int64(silence))
    }

    /// A report has taken its time.
    package mutating func looked(now: Deadline) { lastLook = now }
}

/// Runs `body`, and what it starts for good, with no signal delivered: those are the program's.
private func withAllSignalsBlocked<Value>(_ body: () -> Value) -> Value {
    var all = sigset_t()
    var former = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &former)
    defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
    return body()
}

/// What a monitor's thread knows of the thread that it watches: nothing that changes.
///
/// Safe because of the addresses only the numbers are used.
struct MonitoredThread: @unchecked Sendable {
    let name: String
    let mainContext: UnsafeRawPointer
    let hubContext: UnsafeRawPointer

    init(_ hub: Hub) {
        name = hub.thread.name
        mainContext = UnsafeRawPointer(hub.mainContext)
        hubContext = UnsafeRawPointer(hub.context)
    }
}

extension AnyGreenlet {
    /// Where in the object another thread finds `identity`, and how large that is.
    fileprivate var placeOfIdentity: (offset: Int, size: Int) {
        let object = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
        let offset = withUnsafePointer(to: &identity) { UnsafeRawPointer($0) - object }
        let size = MemoryLayout<Identity>.stride
        precondition(offset > 0 && offset < 1024 && size <= CGREENLET_SIGHTED_OBJECT, "a stored property of the object")
        return (offset, size)
    }
}
