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
    /// What becomes of an error that arrives.
    @exclusivity(unchecked) var delivery = Delivery.thrown
    /// What it waits for, or last did: see `currentReason`.
    @exclusivity(unchecked) var reason: WaitReason?
    /// Errors that arrived while nothing could be thrown, in order; almost always none.
    @exclusivity(unchecked) var pendingErrors = PendingErrors()
    /// Where it stands among the pollers, or last did: only ever used to have that memory fetched before its turn.
    @exclusivity(unchecked) var awaited: UnsafeRawPointer?
    @exclusivity(unchecked) var waitList: Unmanaged<WaitList>?
    @exclusivity(unchecked) var previousWaiter: Unmanaged<AnyGreenlet>?
    /// While it chooses, it stands in no list: then this is one of those who stand in for it.
    @exclusivity(unchecked) var nextWaiter: Unmanaged<AnyGreenlet>?

    // Its life, from the creation to the end: see AnyGreenlet+Life.swift. All but the value is here and not in
    // `Greenlet<Value>`, whose code has to look up types at run time.
    @exclusivity(unchecked) var stage: Stage
    /// Whether it is one of those that `timeoutCount` counts: from its first timeout until it ends.
    @exclusivity(unchecked) final var countsAsTimeout = false
    /// How many hold it because they are to be thrown in it.
    ///
    /// No weak references, which would cost it a detour at each count of the others from then on.
    @exclusivity(unchecked) final var timeoutCount: UInt32 = 0
    /// What will start it, if that is a delay.
    @exclusivity(unchecked) var startTimer = TimerID.none
    /// What to run, until it does.
    @exclusivity(unchecked) var job: Job?
    /// What it ended with, if that is an error.
    @exclusivity(unchecked) var failure: (any Error)?
    /// What it returned, if its stage says so.
    @exclusivity(unchecked) @usableFromInline final var slot = ValueSlot()
    /// The first greenlet in `join`, `get` or `joinAll`: mostly the only one, and so nothing is allocated for it.
    ///
    /// Unretained. Safe because it takes itself out before its wait returns.
    @exclusivity(unchecked) var joiner: Unmanaged<AnyGreenlet>?
    /// The others.
    @exclusivity(unchecked) var joiners: WaitList?
    /// How many of them will see the error.
    @exclusivity(unchecked) var getters = 0
    /// Who else wants to know of the end; almost always nobody.
    @exclusivity(unchecked) var links: Links?
    /// What few have: see `Extras`.
    final var extras: Extras? {
        get { extrasReference?.takeUnretainedValue() }
        set {
            let former = extrasReference
            extrasReference = newValue.map(Unmanaged.passRetained)
            former?.release()
        }
    }
    @inline(__always)
    final var hasExtras: Bool { extrasReference != nil }

    /// By hand, as the release of a reference that is nil costs ten instructions, in each greenlet.
    @exclusivity(unchecked) private var extrasReference: Unmanaged<Extras>?

    /// Who it is, from the creation on.
    ///
    /// Together, and a variable, as another thread that watches this one reads it without asking: see `HubMonitor`.
    struct Identity {
        let id: Int
        let origin: SpawnSite?
    }
    @exclusivity(unchecked) final var identity: Identity
    /// Small, unique among the greenlets of its hub.
    public final var id: Int { identity.id }
    /// Where it was spawned.
    package final var origin: SpawnSite? { identity.origin }

    // The list of all greenlets that are alive.
    @exclusivity(unchecked) var previousAlive: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) var nextAlive: Unmanaged<AnyGreenlet>?

    private var givenName: String?

    /// A stack that was there before its greenlet, or none at all.
    init(hub: Hub, context: Context?, stage: Stage) {
        self.hub = hub
        self.context = context
        self.stage = stage
        identity = Identity(id: hub.takeID(), origin: nil)
    }

    /// A greenlet of this thread's hub that will run `job`.
    @usableFromInline
    init(name: String?, file: StaticString, line: UInt, job: @escaping (AnyGreenlet) throws -> Void) {
        let reference = Hub.currentReference
        hub = reference.takeUnretainedValue()
        let id: Int
        (id, extrasReference) = reference._withUnsafeGuaranteedRef { hub in
            (hub.takeID(), hub.looksAtSpawns ? hub.inheritance().map(Unmanaged.passRetained) : nil)
        }
        identity = Identity(id: id, origin: SpawnSite(file, line))
        self.job = job
        stage = .created
        givenName = name
    }

    deinit {
        if let extrasReference { extrasReference.release() }
        // The last reference may go on another thread, or after the hub was taken down.
        if cgreenlet_thread_if_started()?.pointee.hub == Unmanaged.passUnretained(hub).toOpaque() {
            Unmanaged.passUnretained(hub)._withUnsafeGuaranteedRef { $0.giveBack(id: id) }
        }
    }

    /// Whether it has ended, or never will run.
    ///
    /// gevent: `Greenlet.ready()`, `Greenlet.dead`.
    public final var isReady: Bool { stage.isFinal }

    /// What it is called in messages: `Greenlet-7` unless set.
    ///
    /// gevent: `Greenlet.name`.
    public var name: String {
        get { givenName ?? "\(kind)-\(id)" }
        set { givenName = newValue }
    }

    var kind: String { "Greenlet" }

    /// `Greenlet-7 (Server.swift:12)`.
    public var description: String {
        guard let origin else { return name }
        return "\(name) (\(origin))"
    }

    /// Ends the value that its job has put into the slot: it ends with an error after all.
    func dropValue() {}

    /// Whether both hold the same locks: a thread's main greenlet has another object for each of the thread's hubs.
    @inline(__always)
    final func isSame(as other: AnyGreenlet) -> Bool { self === other || hub.isGone && outlivesHub(as: other) }

    @inline(never)
    private final func outlivesHub(as other: AnyGreenlet) -> Bool {
        self is MainGreenlet && other is MainGreenlet && hub.thread === other.hub.thread
    }

    /// The stack that it ran on is given back.
    ///
    /// Only raw greenlets learn it in this way.
    func stackEnded() {}

    /// It is the first in `join` on `greenlet`, which has ended.
    func learn(endOf greenlet: AnyGreenlet) { wake(.ready) }

    /// A wait at several places has ended: it leaves them all, and goes on.
    ///
    /// - Returns: Whether this was what ended it.
    func wokenAtSeveralPlaces() -> Bool {
        if let nextWaiter {
            // Safe because nobody else stands in for a greenlet that gives up the CPU at several places.
            nextWaiter._withUnsafeGuaranteedRef { unsafeDowncast($0, to: Candidate.self).choosing.leaveAll() }
        }
        hub.enqueue(self)
        return true
    }
}

extension AnyGreenlet {
    /// The greenlet that runs on this thread.
    ///
    /// Not a switch point.
    ///
    /// gevent: `gevent.getcurrent()`.
    public static var current: AnyGreenlet { Hub.current.currentGreenlet }
}

extension AnyGreenlet: CustomStringConvertible {}

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

/// The thread's own stack, as a greenlet.
final class MainGreenlet: AnyGreenlet {
    init(hub: Hub, context: Context) { super.init(hub: hub, context: context, stage: .endless) }

    override var kind: String { "MainGreenlet" }
}

/// The hub's own stack: who runs while callbacks do.
final class HubGreenlet: AnyGreenlet {
    init(hub: Hub, context: Context) { super.init(hub: hub, context: context, stage: .endless) }

    override var kind: String { "Hub" }
}

/// A raw greenlet that waited at least once: what the hub knows of it.
///
/// Lives as long as its stack.
final class VisitingGreenlet: AnyGreenlet {
    init(hub: Hub, context: Context) {
        super.init(hub: hub, context: context, stage: .running)
        hub.visitors.insert(self)
    }

    override var kind: String { "RawGreenlet" }

    override func stackEnded() {
        if extras != nil, let context {
            // Still the current greenlet for what ends with it, or that would be given another.
            context.pointee.scheduled = Unmanaged.passUnretained(self).toOpaque()
            dropExtras()
            context.pointee.scheduled = nil
        }
        context = nil
        stage = .returned
        endTimeouts()
        hub.visitors.remove(self)
        if let joiner { joiner._withUnsafeGuaranteedRef { $0.learn(endOf: self) } }
        joiners?.wakeAll()
        if links != nil { notifyLinks() }
        dropPending()
    }
}
