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
    /// C's side; gone with the thread.
    package let record: UnsafeMutablePointer<cgreenlet_thread>
    private let number: CInt
    let hasExited = Atomic<Bool>(false)
    /// Whether what is left on it is being ended.
    package var isEnding = false
    /// The thread's own stack, as a greenlet.
    ///
    /// Safe because `init` sets it before anybody can see this object, and nobody needs it when the thread is gone.
    // swift-format-ignore: NeverUseImplicitlyUnwrappedOptionals
    var main: RawGreenlet!
    /// Lets go of what a scheduler hung on a raw greenlet's context, when that ends.
    package var releaseScheduled: ((UnsafeMutableRawPointer) -> Void)?
    /// The scheduler has ended before the raw greenlets did: called when those have too.
    package var buryScheduler: (() -> Void)?
    /// Who wants to know of switches by hand: see `RawGreenlet.setTracer(_:)`.
    var tracer: RawGreenlet.Tracer?

    // What is under way.
    /// What the greenlet that is being entered receives, if `record.delivery` says so.
    private var inbox: Parcel?
    /// Keeps the greenlet that is being entered alive, when whoever leaves for it held the last reference.
    private var entering: RawGreenlet?
    /// Who left for it, if a tracer wants to know.
    private var leaving: RawGreenlet?

    /// Who runs instead of its parent when a greenlet has ended: told right before the end.
    ///
    /// More than one if the last of a body, the end of what it captured, runs others to their end.
    @exclusivity(unchecked) private(set) var successors: [(context: Context, heir: RawGreenlet)] = []

    // Who keeps this object alive: its thread, and then the handles that outlive that.
    /// Handles that exist, less those that were dropped on other threads; touched by the thread itself only.
    @exclusivity(unchecked) private var handles = 0
    /// Handles dropped elsewhere, negative; from the end of the thread on, those that are left.
    private let handlesElsewhere = Atomic<Int>(0)
    @exclusivity(unchecked) private var hasSettled = false

    // What must be ended. Safe because all but the news is touched by the thread itself, and never across a switch.
    let news: DroppedHandles
    /// Dropped handles that were noticed before the news of them.
    @exclusivity(unchecked) var noticed: Set<UnsafeMutableRawPointer> = []
    @exclusivity(unchecked) var orphans = Orphans()
    /// Without a handle, and no orphans yet: they ran when it went.
    ///
    /// Each becomes an orphan when it stops by hand; till then no switch is plain, or it would slip through.
    @exclusivity(unchecked) private var strays: Set<Context> = []
    @exclusivity(unchecked) private var starts: UInt32 = 0

    /// The calling thread's record, made on first use.
    package static var current: GreenletThread {
        if let record = cgreenlet_record() {
            return Unmanaged<GreenletThread>.fromOpaque(record).takeUnretainedValue()
        }
        return attach()
    }

    /// The calling thread's record if it ever used greenlets.
    package static var ifStarted: GreenletThread? {
        guard let record = cgreenlet_record() else { return nil }
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
        news = DroppedHandles(of: record)
        main = RawGreenlet(main: self)
    }

    /// The context of the thread's own stack.
    ///
    /// Safe because a main greenlet never loses its context.
    package var mainContext: Context { main.context! }

    /// The context that runs now.
    package var running: Context { record.pointee.current }

    /// `thread 3`: for messages.
    package var name: String { "thread \(number)" }

    /// Whether the thread has ended; from any thread.
    package var isGone: Bool { hasExited.load(ordering: .acquiring) }

    /// How many stacks of this thread are in use, and how many wait in its pool.
    package var stackCounts: (live: Int, pooled: Int) {
        let counts = cgreenlet_count_stacks()
        return (counts.live, counts.pooled)
    }
}

// The handles are counted without an atomic operation where they are made and usually dropped: on their own thread.
extension GreenletThread {
    /// How many handles on greenlets of the calling thread, which is this one, exist: one at least, on its main greenlet.
    package var handleCount: Int { handles + handlesElsewhere.load(ordering: .acquiring) }

    /// A handle was made, on this thread.
    @inline(__always)
    func made() { handles &+= 1 }

    /// A handle goes, on any thread.
    @inline(__always)
    func dropped() {
        if cgreenlet_is_home(Unmanaged.passUnretained(self).toOpaque()), !hasSettled {
            handles &-= 1
        } else {
            droppedElsewhere()
        }
    }

    @inline(never)
    private func droppedElsewhere() {
        // Below zero while the thread lives, so that only the last one after its end comes to zero.
        if handlesElsewhere.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            Unmanaged.passUnretained(self).release()
        }
    }

    /// The thread has ended: from here on the handles keep this object.
    func settle() {
        hasSettled = true
        let object = Unmanaged.passRetained(self)
        if handlesElsewhere.add(handles, ordering: .acquiringAndReleasing).newValue == 0 { object.release() }
    }
}

// What travels through a switch.
extension GreenletThread {
    /// Leaves `parcel`, and a reference to the greenlet that is entered, for whoever runs next.
    ///
    /// - Parameters:
    ///   - parcel: What it receives.
    ///   - greenlet: Who is entered.
    ///   - origin: Who leaves, if a tracer wants to know; nil where C switches.
    func deliver(_ parcel: Parcel, to greenlet: RawGreenlet?, from origin: @autoclosure () -> RawGreenlet?) {
        inbox = parcel
        entering = greenlet
        if tracer != nil { leaving = origin() }
        record.pointee.delivery = true
    }

    /// Takes what was handed over to the greenlet that has just been entered.
    ///
    /// The tracer runs here, on the stack that was entered; it may switch, so nothing is left lying about.
    func receive() -> (parcel: Parcel, greenlet: RawGreenlet?) {
        let (parcel, greenlet, origin) = (inbox ?? .value(nil), entering, leaving)
        inbox = nil
        entering = nil
        leaving = nil
        record.pointee.delivery = false
        guard let origin, let greenlet else { return (parcel, greenlet) }
        return (traced(parcel, from: origin, to: greenlet), greenlet)
    }

    /// The greenlet that runs ends next, and `heir` shall run then.
    func setSuccessor(_ heir: RawGreenlet) {
        successors.append((running, heir))
        running.pointee.parent_waits = false
    }

    func takeSuccessor(of context: Context) -> RawGreenlet? {
        successors.lastIndex { $0.context == context }.map { successors.remove(at: $0).heir }
    }

    /// Takes what was handed over to a greenlet that did not expect it, as it waited for its hub.
    ///
    /// - Returns: The error, if it was one.
    package func takeDelivery() -> (any Error)? {
        guard record.pointee.delivery else { return nil }
        if case .error(let error) = receive().parcel { return error }
        return nil
    }
}

// Who has a stack, and who has a handle on it.
extension GreenletThread {
    /// A raw greenlet starts on `context`.
    ///
    /// - Parameters:
    ///   - context: Its stack.
    ///   - parent: Retained; nil is the main greenlet.
    @inline(__always)
    func started(_ context: Context, under parent: Unmanaged<RawGreenlet>?) {
        context.pointee.parent = keep(parent)
        starts &+= 1
        context.pointee.start_number = starts
    }

    /// The greenlet on `context` has ended.
    package func finish(_ context: Context) {
        if let scheduled = context.pointee.scheduled {
            context.pointee.scheduled = nil
            releaseScheduled?(scheduled)
        }
        abandon(context)
    }

    /// Gives a finished context back, which is left for good right after, or was.
    ///
    /// At the very last: what ends with a greenlet may be code of the user's, which may start others, and ask who runs.
    package func giveBack(_ context: Context) {
        if context.pointee.owner != nil || context.pointee.scheduled != nil { finish(context) }
        cgreenlet_release(context)
    }

    /// Whoever has a handle on `context` has one on nothing from now on.
    func abandon(_ context: Context) {
        let owner = RawGreenlet.owner(of: context)
        forgetOwner(of: context, isDropped: owner == nil)
        orphans.remove(context)
        if !strays.isEmpty { strays.remove(context) }
        let parent = takeParent(of: context)
        owner?.die(under: parent)
    }

    /// A context loses its handle.
    ///
    /// - Parameters:
    ///   - context: It.
    ///   - isDropped: Whether the handle's last reference is gone already; of a raw greenlet's, news are to come then.
    func forgetOwner(of context: Context, isDropped: Bool) {
        guard let owner = context.pointee.owner else { return }
        context.pointee.owner = nil
        if context.pointee.parent == nil {
            cgreenlet_let_go(owner)
        } else if isDropped {
            noticed.insert(owner)
        }
    }

    /// Nobody has a handle on it, and it stops: it will be ended, unless somebody resumes it before.
    func adopt(orphan context: Context) {
        if !strays.isEmpty { strays.remove(context) }
        orphans.append(context)
        cgreenlet_set_attention(record, true)
    }

    /// Nobody has a handle on it, and it runs.
    func strays(_ context: Context) { strays.insert(context) }

    /// The running greenlet is about to stop: if its handle went while it ran, nobody can reach it from here on.
    func adoptIfUnreachable() {
        if !strays.isEmpty, strays.contains(running) { adopt(orphan: running) }
    }

    /// Somebody has a handle on it again.
    func disown(orphan context: Context) {
        forgetOwner(of: context, isDropped: true)
        orphans.remove(context)
        if !strays.isEmpty { strays.remove(context) }
    }

    /// Strays that have stopped by other ways than by hand: a coroutine that suspended, a greenlet that C left.
    func adoptStoppedStrays() {
        for context in strays where context != running { adopt(orphan: context) }
    }

    /// While somebody is to be ended, or is watched, no switch is plain.
    func updateAttention() { news.setAttention(orphans.count > 0 || !strays.isEmpty || tracer != nil) }
}
