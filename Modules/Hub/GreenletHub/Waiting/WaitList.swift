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
    /// Callbacks, which are told when all are woken; almost always none.
    final var links: RawLinks? {
        get { linksReference?.takeUnretainedValue() }
        set {
            let former = linksReference
            linksReference = newValue.map(Unmanaged.passRetained)
            former?.release()
        }
    }

    /// By hand, as in `AnyGreenlet`.
    @exclusivity(unchecked) private var linksReference: Unmanaged<RawLinks>?
    /// Whether the hub goes on for those who wait in it, whoever else could wake them.
    final let keepsHubAlive: Bool

    package init() { (isExternal, keepsHubAlive) = (false, false) }

    fileprivate init(keepsHubAlive: Bool) {
        isExternal = true
        self.keepsHubAlive = keepsHubAlive
    }

    deinit { if let linksReference { linksReference.release() } }

    /// Whether nobody is to be told.
    package final var isEmpty: Bool { count == 0 && linksReference == nil }

    /// All that wait, in order.
    final var all: [AnyGreenlet] {
        var all: [AnyGreenlet] = []
        while let next = all.last.map(\.nextWaiter) ?? first { all.append(next.takeUnretainedValue()) }
        return all
    }

    /// The one that waits longest.
    final var oldest: AnyGreenlet? { first?.takeUnretainedValue() }

    /// Whether it is so of one of those that wait.
    final func contains(where isSo: (AnyGreenlet) -> Bool) -> Bool {
        var next = first
        while let present = next?.takeUnretainedValue() {
            if isSo(present) { return true }
            next = present.nextWaiter
        }
        return false
    }

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
        if linksReference != nil { tellLinks() }
    }

    /// Wakes all with an error, whose sender this is.
    package final func wakeAll(throwing error: any Error) {
        if let first { _ = first._withUnsafeGuaranteedRef { $0.checkThread("wake") } }
        while let first { _ = first._withUnsafeGuaranteedRef { $0.wake(throwing: PendingError(error, from: self)) } }
        if linksReference != nil { tellLinks() }
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
                + "what greenlets wait on belongs to one thread, unless its name begins with ThreadSafe"
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
/// The hub sleeps, and reports no deadlock, as long as somebody waits here; unless the list keeps no hub alive.
package final class ExternalWaitList: WaitList {
    /// Called when the last one has left, for whatever reason; maybe more than once.
    ///
    /// Keeps alive whoever will wake them, as long as he sets it only while somebody may stand here.
    var abandoned: () -> Void = {}

    package override init(keepsHubAlive: Bool = true) { super.init(keepsHubAlive: keepsHubAlive) }

    /// Parks the current greenlet in this list.
    ///
    /// Switch point.
    ///
    /// - Returns: True if it was woken, false if the deadline came first.
    func waitForOutside(for reason: WaitReason, until deadline: Deadline?) throws -> Bool {
        defer { tellIfAbandoned() }
        let hub = try Hub.current.parkable().hub
        let (waits, timers) = keepsHubAlive ? (1, 0) : (0, deadline == nil ? 0 : 1)
        hub.externalWaits += waits
        hub.uncountedTimers += timers
        defer {
            hub.externalWaits -= waits
            hub.uncountedTimers -= timers
        }
        return try wait(for: reason, until: deadline)
    }
}
