// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Whether a descriptor is ready, and being told when it is: what sockets and anybody's descriptors have in common.

import GreenletCore

/// The readiness of a descriptor in one direction.
///
/// Says what is so at the moment it is asked. The queue below tells of changes only, so whoever waits has looked
/// before.
package final class DescriptorReadiness {
    private let hub = Hub.current
    private let direction: Poller.Direction
    private let waiters: ExternalWaitList
    private var listener: DescriptorListener?
    /// The descriptor that is listened to.
    private var descriptor: CInt = -1
    /// How many times that was closed.
    private var closings = 0

    package init(_ direction: Poller.Direction, keepsHubAlive: Bool = true) {
        self.direction = direction
        waiters = ExternalWaitList(keepsHubAlive: keepsHubAlive)
    }

    /// The readiness of `descriptor`: also when it is closed, for a call fails at once then.
    package func readiness(of descriptor: CInt) -> Readiness {
        hub.checkThread("wait", self)
        let isReady = Poller.look(descriptor, direction) != false
        return Readiness(isReady, canBeTaken: true, tells: try self.list(descriptor))
    }

    private func list(_ descriptor: CInt) throws -> WaitList {
        try listen(descriptor)
        return waiters
    }

    /// Waits until `descriptor` is ready.
    ///
    /// Switch point, unless it is.
    ///
    /// - Returns: False if the deadline came first.
    /// - Throws: `GreenletError` with `.loopFailed` if it is closed, or is so meanwhile, or can't be watched; whatever
    ///   the greenlet is killed with.
    package func wait(for descriptor: CInt, _ reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        hub.checkThread("wait", self)
        if hub.immediateSuccesses.pointee >= Hub.immediateLimit { try hub.yieldAfterImmediateSuccesses() }
        hub.immediateSuccesses.pointee += 1
        while true {
            guard let isReady = Poller.look(descriptor, direction) else { throw GreenletError.closed(descriptor) }
            if isReady { return true }
            try listen(descriptor)
            let closingsBefore = closings
            if try !waiters.waitForOutside(for: reason, until: deadline) {
                return Poller.look(descriptor, direction) == true  // it may just have come
            }
            hub.immediateSuccesses.pointee = 0
            if closings != closingsBefore { throw GreenletError.closedMeanwhile(descriptor) }
        }
    }

    private func listen(_ descriptor: CInt) throws {
        let listener = self.listener ?? DescriptorListener(on: hub, .init(direction)) { [unowned self] in heard() }
        self.listener = listener
        listener.listen(at: try hub.pollerForListeners(descriptor))
        self.descriptor = descriptor
        waiters.abandoned = { self.stop() }  // which lets go of this again
    }

    /// Throws `error` in all that wait here.
    func cancelWaits(with error: any Error) {
        hub.checkThread("cancelWaits", self)
        waiters.wakeAll(throwing: error)
        stop()
    }

    /// In the loop.
    private func heard() {
        if let error = listener?.takeRefusal() {
            waiters.wakeAll(throwing: error)
        } else if listener?.poller == nil {
            closings += 1
        } else if Poller.look(descriptor, direction) == false {
            return  // news of the other direction, or another one was quicker
        }
        waiters.wakeAll()
        if waiters.isEmpty { stop() }
    }

    private func stop() {
        waiters.abandoned = {}
        guard let listener, let poller = listener.poller else { return }
        listener.stop()
        hub.listenerLeft(poller)
    }
}

@available(*, unavailable)
extension DescriptorReadiness: Sendable {}

extension Poller.Directions {
    init(_ direction: Poller.Direction) { self.init(rawValue: direction.bit) }
}

extension GreenletError {
    fileprivate static func closed(_ descriptor: CInt) -> GreenletError {
        GreenletError(.loopFailed, "can't wait for descriptor \(descriptor): it is closed", cause: closedNumber)
    }

    fileprivate static func closedMeanwhile(_ descriptor: CInt) -> GreenletError {
        GreenletError(
            .loopFailed,
            "descriptor \(descriptor) was closed, or became another one, while \(AnyGreenlet.current) waited for it",
            cause: closedNumber
        )
    }
}
