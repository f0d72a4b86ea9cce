// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Core's side of a thread: its main greenlet, what travels through a switch, and whom to end.

package import CGreenletCore
import Synchronization

/// A stack of execution, as C knows it.
package typealias Context = UnsafeMutablePointer<cgreenlet_context>

/// What a switch hands to the greenlet that it enters.
enum Parcel {
    case value(Any?)
    case error(any Error)

    func open() throws -> Any? {
        switch self {
        case .value(let value): return value
        case .error(let error): throw error
        }
    }
}

/// The record of a thread that uses greenlets.
package final class GreenletThread {
    /// C's side, gone with the thread once `orphans` is nil.
    package let record: UnsafeMutablePointer<cgreenlet_thread>
    private let number: CInt
    /// Whether the thread has ended.
    private(set) var isGone = false
    /// What the greenlet that is being entered receives, if `record.delivery` says so.
    private var inbox: Parcel?
    /// Keeps the greenlet that is being entered alive, when whoever leaves for it held the last reference.
    private var entering: RawGreenlet?
    /// The thread's own stack, as a greenlet.
    ///
    /// Safe because `init` sets it before anybody can see this object, and nobody needs it when the thread is gone.
    // swift-format-ignore: NeverUseImplicitlyUnwrappedOptionals
    private(set) var main: RawGreenlet!
    /// Lets go of what a scheduler hung on a raw greenlet's context, when that ends.
    package var releaseScheduled: ((UnsafeMutableRawPointer) -> Void)?
    /// Suspended stacks whose last handle is gone.
    ///
    /// Filled from any thread, emptied at this thread's safe points. Nil when the thread is gone.
    private let orphans = Mutex<Orphans?>(Orphans())

    /// The calling thread's record, made on first use.
    package static var current: GreenletThread {
        if let record = cgreenlet_thread_if_started()?.pointee.record {
            return Unmanaged<GreenletThread>.fromOpaque(record).takeUnretainedValue()
        }
        return attach()
    }

    /// The calling thread's record if it ever used greenlets.
    package static var ifStarted: GreenletThread? {
        guard let record = cgreenlet_thread_if_started()?.pointee.record else { return nil }
        return Unmanaged<GreenletThread>.fromOpaque(record).takeUnretainedValue()
    }

    @inline(never)
    private static func attach() -> GreenletThread {
        RuntimeWords.calibrated
        let thread = GreenletThread(cgreenlet_thread_current())
        thread.offerToC()
        thread.record.pointee.record = Unmanaged.passRetained(thread).toOpaque()
        thread.record.pointee.record_exit = { record in
            Unmanaged<GreenletThread>.fromOpaque(record).takeRetainedValue().exit()
        }
        return thread
    }

    private init(_ record: UnsafeMutablePointer<cgreenlet_thread>) {
        self.record = record
        number = record.pointee.number
        main = RawGreenlet(main: self)
    }

    /// The thread ends: what can still be ended is, and handles that outlive the thread find nothing of it.
    private func exit() {
        endOrphans()
        orphans.withLock { $0 = nil }
        isGone = true
        main.die()
        main = nil
    }

    /// The context of the thread's own stack.
    ///
    /// Safe because a main greenlet never loses its context.
    package var mainContext: Context { main.context! }

    /// The context that runs now.
    package var running: Context { record.pointee.current }

    /// `thread 3`: for messages.
    package var name: String { "thread \(number)" }

    func adopt(orphan context: Context) {
        let orphan = Orphan(context: context)
        let isAdopted = orphans.withLock { list in
            guard list != nil else { return false }
            list?.append(orphan)
            cgreenlet_set_attention(record, true)
            return true
        }
        if !isAdopted { abandon(context) }
    }

    /// The thread is gone, and with it whoever could unwind the stack: its memory is given back as it is.
    private func abandon(_ context: Context) {
        if context.pointee.scheduled != nil { return }  // its scheduler may still know it
        let parent = context.pointee.parent
        context.pointee.parent = nil
        cgreenlet_abandon(context)
        if let parent { Unmanaged<RawGreenlet>.fromOpaque(parent).release() }
    }

    /// Somebody has a handle on it again, or it runs to its end: it must not be ended, or not once more.
    ///
    /// A scheduler resumes whoever waits for it, orphan or not.
    func disown(orphan context: Context) {
        let orphan = Orphan(context: context)
        orphans.withLock { $0?.remove(orphan) }
    }

    /// A safe point: delivers `GreenletExit` to suspended greenlets that nobody can reach any more.
    @inline(__always)
    func endOrphans() {
        if cgreenlet_wants_attention(record) { endOrphansNow() }
    }

    @inline(never)
    private func endOrphansNow() {
        // One by one, for the end of one may be that of others: it runs code. Those that it adds are for the next time.
        for _ in 0..<orphans.withLock({ $0?.count ?? 0 }) {
            guard let context = takeOrphan() else { return }
            if context == running { continue }  // resumed by its scheduler; adopted anew when it stops by hand
            RawGreenlet(on: context, of: self).endOrphan()
        }
        if isRunningUnreachable { lookAtNextSwitch() }
    }

    /// Whether the last handle on the greenlet that runs is gone.
    private var isRunningUnreachable: Bool { running.pointee.owner == nil && running.pointee.parent != nil }

    /// The running greenlet is about to stop: if its handle went while it ran, nobody can reach it from here on.
    func adoptIfUnreachable() {
        if isRunningUnreachable { adopt(orphan: running) }
    }

    /// Keeps the next switch by hand from being a plain one.
    func lookAtNextSwitch() { cgreenlet_set_attention(record, true) }

    private func takeOrphan() -> Context? {
        let orphan = orphans.withLock { list in
            let first = list?.popFirst()
            if list?.count ?? 0 == 0 { cgreenlet_set_attention(record, false) }
            return first
        }
        return orphan?.context
    }

    /// Leaves `parcel`, and a reference to the greenlet that is entered, for whoever runs next.
    func deliver(_ parcel: Parcel, to greenlet: RawGreenlet?) {
        inbox = parcel
        entering = greenlet
        record.pointee.delivery = true
    }

    /// Takes what was handed over to a greenlet that did not expect it, as it waited for its hub.
    ///
    /// - Returns: The error, if it was one.
    package func takeDelivery() -> (any Error)? {
        guard record.pointee.delivery else { return nil }
        if case .error(let error) = receive().parcel { return error }
        return nil
    }

    /// Takes what was handed over to the greenlet that has just been entered.
    func receive() -> (parcel: Parcel, greenlet: RawGreenlet?) {
        defer {
            inbox = nil
            entering = nil
            record.pointee.delivery = false
        }
        return (inbox ?? .value(nil), entering)
    }
}

/// Safe because only the owning thread ever enters the context; others just carry the pointer.
private struct Orphan: @unchecked Sendable {
    let context: Context
}

/// Orphans in the order in which they were dropped.
///
/// Each knows its place, so that whichever is resumed meanwhile leaves the list without a search.
private struct Orphans {
    private var places: [Orphan?] = []
    private var first = 0

    /// At most how many there are: the gaps of those that left count.
    var count: Int { places.count - first }

    mutating func append(_ orphan: Orphan) {
        guard orphan.context.pointee.orphan_place == 0 else { return }
        places.append(orphan)
        orphan.context.pointee.orphan_place = UInt32(places.count)
    }

    mutating func remove(_ orphan: Orphan) {
        let place = Int(orphan.context.pointee.orphan_place)
        guard place > 0 else { return }
        places[place - 1] = nil
        orphan.context.pointee.orphan_place = 0
    }

    mutating func popFirst() -> Orphan? {
        var orphan: Orphan?
        while orphan == nil, first < places.count {
            orphan = places[first]
            first += 1
        }
        if first == places.count { (places, first) = ([], 0) }
        orphan?.context.pointee.orphan_place = 0
        return orphan
    }
}

extension GreenletThread {
    /// Gives a finished context back.
    ///
    /// `context` may be the running one, if it is left for good right after.
    package func retire(_ context: Context) {
        if let scheduled = context.pointee.scheduled { releaseScheduled?(scheduled) }
        if let owner = RawGreenlet.owner(of: context) { owner.die() }
        // One that ran to its end without a handle, resumed by somebody who needs none, still keeps its parent here.
        if let parent = context.pointee.parent { Unmanaged<RawGreenlet>.fromOpaque(parent).release() }
        context.pointee.parent = nil
        cgreenlet_release(context)
    }

    /// How many stacks of this thread are in use, and how many wait in its pool.
    package var stackCounts: (live: Int, pooled: Int) {
        let counts = cgreenlet_count_stacks()
        return (counts.live, counts.pooled)
    }
}
