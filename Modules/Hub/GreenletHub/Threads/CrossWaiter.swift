// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One wait for something that several threads share, and how to wake whoever waits.

import CGreenletCore
import GreenletCore

/// One wait of a greenlet, or of a thread that has no hub.
///
/// Safe because what changes is touched with the lock held of what it waits for, and the list by its hub's thread alone.
package final class CrossWaiter: @unchecked Sendable {
    package enum Phase: UInt8 {
        case waiting
        /// It was given what it waits for, and will be told.
        case served
        /// It has that, or has left without, or somebody has given it back for it.
        case over
    }

    /// Who waits.
    enum Place {
        /// The greenlet that stands in the list, or those that stand in for one; and the way to its thread.
        case hub(Errands, ExternalWaitList)
        case thread(ThreadCondition)
    }

    package internal(set) var phase = Phase.over
    var former: Unmanaged<CrossWaiter>?
    var next: Unmanaged<CrossWaiter>?
    let place: Place
    private let process = Errands.process

    init(_ place: Place) { self.place = place }

    /// Of a thread.
    package convenience init() { self.init(.thread(ThreadCondition())) }

    /// A wait of the greenlet that calls, or of the thread if it has no hub.
    ///
    /// - Throws: As `hubToBlock(for:)`.
    convenience init(_ operation: StaticString) throws {
        if let hub = try Self.hubToBlock(for: operation) {
            self.init(.hub(hub.loop.reachableErrands(), ExternalWaitList()))
        } else {
            self.init()
        }
    }

    /// The hub that goes on if the caller blocks; nil if there is none, and its thread would be put to sleep.
    ///
    /// - Throws: `GreenletError` with `.blockingInHub`, `.blockingInTask` or `.hubDestroyed` where nothing may block.
    static func hubToBlock(for operation: StaticString) throws -> Hub? {
        if let hub = Hub.presentReference?.takeUnretainedValue() { return try hub.parkable().hub }
        // Before the question, as a thread that no greenlet has used doesn't know what the runtime's words are.
        calibrateRuntime()
        if cgreenlet_runtime_task() == nil { return nil }
        throw GreenletError(
            .blockingInTask,
            "\(operation) would block a thread that runs async tasks, and all of those with it: "
                + "call it from a greenlet, or from a thread of your own"
        )
    }

    /// How far whoever waits, and has been served, was told of it.
    enum News {
        case untold
        /// It is on its way to the hub.
        case left(Errands.Outcome)
    }

    /// Leaves the news to whoever waits on another thread's hub, with the lock held.
    ///
    /// Whoever forks takes the lock, so that in the child, too, it either waits in a list or is on its way. `missed` is as for
    /// `wake`.
    func leaveNews(orElse missed: @escaping () -> Void) -> News {
        guard case .hub(let errands, let list) = place, !errands.isOfThisThread else { return .untold }
        return .left(errands.leave(keptInChild: true) { if !list.wakeAllThere() { missed() } })
    }

    /// Wakes whoever waits, which has been served.
    ///
    /// Not with the lock held.
    ///
    /// - Parameters:
    ///   - news: What has been done about it with the lock held.
    ///   - missed: Called in the loop of the hub that it waits on if it isn't there any more.
    /// - Returns: False if it isn't there any more, as far as can be seen from here.
    func wake(_ news: News = .untold, orElse missed: @escaping () -> Void) -> Bool {
        if case .left(let outcome) = news {
            guard case .hub(let errands, _) = place else { return false }
            if outcome == .leftToSleeper { errands.ring() }
            return outcome != .refused
        }
        switch place {
        case .thread(let condition):
            if process != Errands.process { return false }
            condition.wake()
            return true
        case .hub(let errands, let list):
            if errands.isHere { return list.wakeAllThere() }
            return errands.add(keptInChild: true) { if !list.wakeAllThere() { missed() } }
        }
    }
}

extension ExternalWaitList {
    /// Wakes all; false if nobody is there.
    fileprivate func wakeAllThere() -> Bool {
        if isEmpty { return false }
        wakeAll()
        return true
    }
}
