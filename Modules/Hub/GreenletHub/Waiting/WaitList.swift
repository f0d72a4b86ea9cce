// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The greenlets that wait for one thing, in order: linked through the greenlets themselves, so waiting allocates nothing.

import CGreenletCore
import GreenletCore

/// A first-in-first-out list of waiting greenlets.
///
/// A greenlet that is woken by anything leaves the list at once.
@usableFromInline
package class WaitList {
    // Unretained. Safe because a greenlet that waits is alive, and leaves the list when it is woken.
    @exclusivity(unchecked) private final var first: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) private final var last: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) @usableFromInline package final private(set) var count = 0
    /// Whether it is an `ExternalWaitList`.
    final let isExternal: Bool

    package init() { isExternal = false }

    fileprivate init(isExternal: Bool) { self.isExternal = isExternal }

    package final var isEmpty: Bool { count == 0 }

    /// The one that waits longest.
    final var oldest: AnyGreenlet? { first?.takeUnretainedValue() }

    /// Calls `body` with each, in order; it must not wake anybody.
    final func visit(_ body: (AnyGreenlet) -> Void) {
        var next = first
        while let greenlet = next {
            greenlet._withUnsafeGuaranteedRef(body)
            next = greenlet._withUnsafeGuaranteedRef { $0.nextWaiter }
        }
    }

    final func append(_ greenlet: AnyGreenlet) {
        let link = Unmanaged.passUnretained(greenlet)
        greenlet.waitList = .passUnretained(self)
        greenlet.previousWaiter = last
        greenlet.nextWaiter = nil
        if let last { last._withUnsafeGuaranteedRef { $0.nextWaiter = link } } else { first = link }
        last = link
        count += 1
    }

    final func remove(_ greenlet: AnyGreenlet) {
        let (previous, next) = (greenlet.previousWaiter, greenlet.nextWaiter)
        if let previous { previous._withUnsafeGuaranteedRef { $0.nextWaiter = next } } else { first = next }
        if let next { next._withUnsafeGuaranteedRef { $0.previousWaiter = previous } } else { last = previous }
        greenlet.waitList = nil
        greenlet.previousWaiter = nil
        greenlet.nextWaiter = nil
        count -= 1
    }

    /// Wakes the one that waits longest.
    ///
    /// False if nobody waits.
    @usableFromInline
    @discardableResult
    package final func wakeFirst() -> Bool {
        guard let first else { return false }
        // In the child of a fork, at the first use of the hub: those who waited have stayed in the parent.
        if first._withUnsafeGuaranteedRef({ $0.checkThread("wake") }) { return wakeFirst() }
        first._withUnsafeGuaranteedRef { _ = $0.wake(.ready) }
        return true
    }

    /// Wakes all, in order.
    @usableFromInline
    package final func wakeAll() {
        // Once for all: they belong to one thread.
        if let first { _ = first._withUnsafeGuaranteedRef { $0.checkThread("wake") } }
        // Always the first, as whoever stands in for another one may take more out than itself.
        while let first {
            first._withUnsafeGuaranteedRef { greenlet in
                if let next = greenlet.nextWaiter {
                    cgreenlet_prefetch(next.toOpaque())
                    cgreenlet_prefetch(next.toOpaque() + 64)
                }
                greenlet.wake(.ready)
            }
        }
    }

    /// Wakes all with an error, whose sender this is.
    package final func wakeAll(throwing error: any Error) {
        if let first { _ = first._withUnsafeGuaranteedRef { $0.checkThread("wake") } }
        while let first { _ = first._withUnsafeGuaranteedRef { $0.wake(throwing: PendingError(error, from: self)) } }
    }

    /// Throws if others wait here on another thread: what they wait for belongs to that.
    @inline(__always)
    final func checkThread(of greenlet: AnyGreenlet) throws {
        if let last, last._withUnsafeGuaranteedRef({ $0.hub !== greenlet.hub }) {
            throw wrongThread(greenlet, last.takeUnretainedValue())
        }
    }

    @inline(never)
    private final func wrongThread(_ greenlet: AnyGreenlet, _ other: AnyGreenlet) -> GreenletError {
        GreenletError(
            .wrongThread,
            "\(greenlet) of \(greenlet.hub.thread.name) can't wait where \(other) of \(other.hub.thread.name) does; "
                + "what greenlets wait on belongs to one thread"
        )
    }

    /// Somebody has left, or doesn't come after all.
    @inline(__always)
    final func tellIfAbandoned() {
        if isExternal, isEmpty { unsafeDowncast(self, to: ExternalWaitList.self).abandoned() }
    }

    /// Parks the current greenlet in this list.
    ///
    /// Switch point.
    ///
    /// - Returns: True if it was woken, false if the deadline came first.
    @inline(__always)
    package final func wait(for reason: WaitReason, until deadline: Deadline? = nil) throws -> Bool {
        // One frame of the caller's, and no closure's: it stays on the stack of each that waits.
        let reference = try Hub.parkableReference()
        return try reference._withUnsafeGuaranteedRef { greenlet in
            try checkThread(of: greenlet)
            greenlet.beginWait()
            append(greenlet)
            return try greenlet.park(for: reason, until: deadline)
        }
    }

    /// `wait(for:until:)` for code that is compiled in other modules.
    ///
    /// Switch point.
    @usableFromInline
    final func wait(_ verb: StaticString, on object: AnyObject, timeout: Duration?) throws -> Bool {
        try wait(for: WaitReason(verb, object), until: Deadline(after: timeout))
    }

    /// The error for a wait whose time ran out.
    @usableFromInline
    static func expired(_ verb: StaticString, on object: AnyObject, timeout: Duration?) -> any Error {
        Timeout.expired(after: timeout, verb, object)
    }
}

/// A list whose greenlets are woken by something outside of this thread's greenlets: the kernel, or a thread.
///
/// The hub sleeps, and reports no deadlock, as long as somebody waits here.
package final class ExternalWaitList: WaitList {
    /// Called when the last one has left, for whatever reason; maybe more than once.
    ///
    /// Keeps alive whoever will wake them, as long as he sets it only while somebody may stand here.
    var abandoned: () -> Void = {}

    package override init() { super.init(isExternal: true) }

    /// Parks the current greenlet in this list.
    ///
    /// Switch point.
    ///
    /// - Returns: True if it was woken, false if the deadline came first.
    func waitForOutside(for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        defer { tellIfAbandoned() }
        let hub = try Hub.current.parkable().hub
        hub.externalWaits += 1
        defer { hub.externalWaits -= 1 }
        return try wait(for: reason, until: deadline)
    }
}
