// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A greenlet without the type of its value: what the hub schedules and what waits.

import CGreenletCore
package import GreenletCore

/// A greenlet whose type of value is of no interest: for collections, and for `current`.
///
/// Every stack that can wait is one: those that were spawned, the main greenlet of a thread, and a raw greenlet while
/// it waits.
///
/// gevent: `gevent.Greenlet`, `greenlet.getcurrent()`.
public class AnyGreenlet {
    /// The hub that runs it.
    package let hub: Hub

    // What each wait touches comes first, in one or two cache lines. Safe because the hub's thread alone touches it,
    // and never across a switch.
    @exclusivity(unchecked) package internal(set) var context: Context?
    @exclusivity(unchecked) var waitState = WaitState()
    /// Whether it stands in the run queue.
    @exclusivity(unchecked) var isQueued = false
    /// Whether errors wait until C code has returned: see `Hub.waitBelowC`.
    @exclusivity(unchecked) var holdsErrors = false
    /// What it waits for, or last did: see `currentReason`.
    @exclusivity(unchecked) var reason: WaitReason?
    /// Errors that arrived while nothing could be thrown, in order; almost always none.
    @exclusivity(unchecked) var pendingErrors: [PendingError] = []
    /// Where it stands among the pollers, or last did: only ever used to have that memory fetched before its turn.
    @exclusivity(unchecked) var awaited: UnsafeRawPointer?
    @exclusivity(unchecked) unowned(unsafe) var waitList: WaitList?
    @exclusivity(unchecked) var previousWaiter: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) var nextWaiter: Unmanaged<AnyGreenlet>?

    /// The hub's address, to see at the end whether it is still there.
    private let hubAddress: UnsafeMutableRawPointer
    /// Small, unique among the greenlets of its hub.
    public let id: Int
    /// Where it was spawned.
    package let origin: SpawnSite?

    // The list of all greenlets that are alive.
    var previousAlive: Unmanaged<AnyGreenlet>?
    var nextAlive: Unmanaged<AnyGreenlet>?

    private var givenName: String?

    init(hub: Hub, origin: SpawnSite?) {
        self.hub = hub
        hubAddress = Unmanaged.passUnretained(hub).toOpaque()
        self.origin = origin
        id = hub.takeID()
    }

    deinit {
        // The last reference may go on another thread, or after the hub.
        if cgreenlet_thread_if_started()?.pointee.hub == hubAddress { hub.giveBack(id: id) }
    }

    /// Whether it has ended, or never will run.
    ///
    /// gevent: `Greenlet.ready()`, `Greenlet.dead`.
    public var isReady: Bool { false }

    /// What it is called in messages: `Greenlet-7` unless set.
    ///
    /// gevent: `Greenlet.name`.
    public var name: String {
        get { givenName ?? "\(kind)-\(id)" }
        set { givenName = newValue }
    }

    var kind: String { "Greenlet" }

    /// The stack that it ran on is given back.
    ///
    /// Only raw greenlets learn it in this way.
    func stackEnded() {}

    /// Runs the body and keeps its outcome.
    ///
    /// Only spawned greenlets have one.
    func run() {}

    /// Its delay is over: from now on it stands in the run queue.
    func startNow() {}

    /// Ends it before it ran.
    ///
    /// Only spawned greenlets can.
    func abandon(with error: any Error) {}

    /// `abandon`, if it has not started: whether that was so.
    func abandonUnstarted(with error: any Error) -> Bool { false }

    /// The error that it ended with.
    var anyError: (any Error)? { nil }

    /// Calls `callback` at the end, at once if that is past.
    ///
    /// - Parameters:
    ///   - observing: Whether the caller looks at the error that it ends with, so that it need not be reported.
    ///   - callback: What to call. It may only wake somebody.
    /// - Returns: A name for `removeLink(_:)`; nil if the end is past.
    @discardableResult
    package func onFinish(observing: Bool = false, _ callback: @escaping () -> Void) -> LinkID? { nil }

    /// Takes a link back; does nothing if it was called or taken back before.
    package func removeLink(_ id: LinkID) {}
}

extension AnyGreenlet {
    /// The greenlet that runs on this thread.
    ///
    /// Not a switch point.
    ///
    /// gevent: `gevent.getcurrent()`.
    public static var current: AnyGreenlet { Hub.current.currentGreenlet }
}

extension AnyGreenlet: CustomStringConvertible {
    /// `Greenlet-7 (Server.swift:12)`.
    public var description: String {
        guard let origin else { return name }
        return "\(name) (\(origin))"
    }
}

extension AnyGreenlet: Hashable {
    /// The same greenlet.
    public static func == (left: AnyGreenlet, right: AnyGreenlet) -> Bool { left === right }

    /// Hashes its identity.
    ///
    /// - Parameter hasher: The hasher to feed.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

@available(*, unavailable)
extension AnyGreenlet: Sendable {}

/// A place in a source file.
package struct SpawnSite: CustomStringConvertible {
    let file: StaticString
    let line: UInt

    package init(_ file: StaticString, _ line: UInt) {
        self.file = file
        self.line = line
    }

    package var description: String { "\(file):\(line)" }
}

/// The thread's own stack, as a greenlet.
final class MainGreenlet: AnyGreenlet {
    init(hub: Hub, context: Context) {
        super.init(hub: hub, origin: nil)
        self.context = context
    }

    override var kind: String { "MainGreenlet" }
}

/// The hub's own stack: who runs while callbacks do.
final class HubGreenlet: AnyGreenlet {
    init(hub: Hub, context: Context) {
        super.init(hub: hub, origin: nil)
        self.context = context
    }

    override var kind: String { "Hub" }
}

/// A raw greenlet that waited at least once: what the hub knows of it.
///
/// Lives as long as its stack.
final class VisitingGreenlet: AnyGreenlet {
    private var links = Links<VisitingGreenlet>()

    init(hub: Hub, context: Context) {
        super.init(hub: hub, origin: nil)
        self.context = context
        hub.visitors.insert(self)
    }

    override var kind: String { "RawGreenlet" }

    override var isReady: Bool { context == nil }

    override func stackEnded() {
        context = nil
        hub.visitors.remove(self)
        for link in links.take() { if case .direct(let callback) = link.call { callback() } }
    }

    @discardableResult
    override func onFinish(observing: Bool = false, _ callback: @escaping () -> Void) -> LinkID? {
        if !isReady { return links.add(.direct(callback), observes: observing) }
        callback()
        return nil
    }

    override func removeLink(_ id: LinkID) { links.remove(id) }
}
