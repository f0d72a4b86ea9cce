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
    private let orphans = Mutex<[Orphan]?>([])

    /// Safe because only the owning thread ever enters the context; others just carry the pointer here.
    struct Orphan: @unchecked Sendable {
        let context: Context
    }

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
        orphans.withLock { list in
            guard list != nil else { return }  // its stack stays as it is: nobody can unwind it any more
            list?.append(orphan)
            cgreenlet_set_attention(record, true)
        }
    }

    /// A safe point: delivers `GreenletExit` to suspended greenlets that nobody can reach any more.
    @inline(__always)
    func endOrphans() {
        if cgreenlet_wants_attention(record) { endOrphansNow() }
    }

    @inline(never)
    private func endOrphansNow() {
        cgreenlet_set_attention(record, false)
        let doomed = orphans.withLock { list in
            defer { list = [] }
            return list ?? []
        }
        for orphan in doomed { RawGreenlet(on: orphan.context, of: self).endOrphan() }
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

extension GreenletThread {
    /// Gives a finished context back.
    ///
    /// `context` may be the running one, if it is left for good right after.
    package func retire(_ context: Context) {
        if let scheduled = context.pointee.scheduled { releaseScheduled?(scheduled) }
        if let owner = RawGreenlet.owner(of: context) { owner.die() }
        cgreenlet_release(context)
    }

    /// How many stacks of this thread are in use, and how many wait in its pool.
    package var stackCounts: (live: Int, pooled: Int) {
        let counts = cgreenlet_count_stacks()
        return (counts.live, counts.pooled)
    }
}
