// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The bare greenlet: a body on a stack of its own, entered and left by hand.

public import CGreenletCore
import Glibc

/// A function with a stack of its own, which runs when somebody switches to it and stops when it switches away.
///
/// Nothing is scheduled: control goes where `switch(_:)` says, and, when the body ends, to the `parent`. Values and
/// errors travel along.
///
/// ```swift
/// let echo = RawGreenlet { first in
///     var received = first
///     while true { received = try RawGreenlet.current.parent?.switch(received) }
/// }
/// print(try echo.switch("hello") as Any)  // Optional("hello")
/// ```
///
/// A greenlet belongs to the thread that created it, for ever. When the last reference to a suspended greenlet goes,
/// `GreenletExit` is thrown at its switch point (its `defer`s run) at the next safe point of its thread: whenever
/// that thread creates a raw greenlet, or switches by hand. So it is with all that are suspended when their thread ends;
/// handles that outlive it are dead.
///
/// When not to use it: to wait for time, sockets or other greenlets. `GreenletHub` schedules for you.
///
/// greenlet: `greenlet.greenlet`.
public final class RawGreenlet {
    /// What a greenlet runs: receives the first value switched in, returns the last one, for the parent.
    public typealias Body = (Any?) throws -> Any?

    /// Its thread's side; not retained.
    ///
    /// Safe because that counts its handles, and lives until the last one goes: see `GreenletThread.made()`.
    let home: Unmanaged<GreenletThread>
    // Safe because they are read and written by the owning thread only, and never across a switch.
    /// Its stack, from the first switch to the end; before and after that one that lies on no thread.
    ///
    /// Never nil, for whoever switches has looked at `gate`, and need not ask.
    @exclusivity(unchecked) @usableFromInline private(set) var place: UnsafeMutablePointer<cgreenlet_context>
    /// Its thread's record as long as it has a stack; before and after that nobody's.
    ///
    /// What a plain switch asks. Not the context: that is another thread's, maybe, and gone with it.
    @exclusivity(unchecked) @usableFromInline private(set) var gate: UnsafePointer<cgreenlet_thread>
    /// What will run, until it does, if it takes something.
    @exclusivity(unchecked) private var body: Body?
    /// What will run, until it does, if it takes nothing: it needs no wrapper then.
    @exclusivity(unchecked) private var plainBody: (() throws -> Void)?
    private let stackSize: Int
    /// The parent while there is no stack, retained, unless that is the thread's main greenlet, which needs no one to
    /// keep it.
    ///
    /// As long as there is a stack its context knows the parent, and so survives its handle.
    @exclusivity(unchecked) private(set) var ancestor: Unmanaged<RawGreenlet>?
    let kind: Kind

    /// The stack, from the first switch to the end.
    private(set) var context: Context? {
        @inline(__always) get { place == cgreenlet_nowhere() ? nil : place }
        @inline(__always) set {
            place = newValue ?? cgreenlet_nowhere()
            gate = newValue.map { UnsafePointer($0.pointee.thread) } ?? cgreenlet_nobody()
        }
    }

    enum Kind {
        /// The stack is its own, from the first switch to the end.
        case own
        /// The stack is the thread's.
        case main
        /// The stack belongs to a scheduler: this is only a handle on it.
        case guest
    }

    /// Creates a greenlet that will run `body`.
    ///
    /// Not a switch point; the body starts with the first `switch(_:)`.
    ///
    /// - Parameters:
    ///   - parent: Where control goes when the body ends; the current greenlet if nil.
    ///   - stackSize: Bytes of stack, reserved and not committed; 0 means the default of 244 KiB, the least there is.
    ///   - body: Receives the value of the first switch; what it returns is the result of the parent's `switch(_:)`.
    ///
    /// - Precondition: `parent` belongs to this thread.
    ///
    /// greenlet: `greenlet(run, parent)`.
    public convenience init(parent: RawGreenlet? = nil, stackSize: Int = 0, _ body: @escaping Body) {
        self.init(under: parent, stackSize: stackSize, body: body, plainBody: nil)
    }

    /// Creates a greenlet whose body takes nothing and returns nothing.
    ///
    /// - Parameters:
    ///   - parent: Where control goes when the body ends; the current greenlet if nil.
    ///   - stackSize: Bytes of stack; 0 means the default.
    ///   - body: What to run.
    ///
    /// greenlet: `greenlet(run, parent)`.
    public convenience init(parent: RawGreenlet? = nil, stackSize: Int = 0, _ body: @escaping () throws -> Void) {
        self.init(under: parent, stackSize: stackSize, body: nil, plainBody: body)
    }

    @inline(__always)
    private init(
        under parent: RawGreenlet?,
        stackSize: Int,
        body: Body?,
        plainBody: (() throws -> Void)?
    ) {
        (home, ancestor) = GreenletThread.makeRoom(under: parent)
        place = cgreenlet_nowhere()
        gate = cgreenlet_nobody()
        self.body = body
        self.plainBody = plainBody
        self.stackSize = max(0, stackSize)
        kind = .own
    }

    init(main thread: GreenletThread) {
        home = .passUnretained(thread)
        // Not what runs now: a greenlet of C may be the first on its thread to call Swift.
        // Safe because the field is part of the record.
        let context = thread.record.pointer(to: \.main)!
        place = context
        gate = UnsafePointer(thread.record)
        stackSize = 0
        ancestor = nil
        kind = .main
        thread.made()
        own(context)
    }

    /// A handle on a context that has none: a scheduler's, or one whose handle was dropped.
    init(on context: Context, of thread: GreenletThread) {
        home = .passUnretained(thread)
        place = context
        gate = UnsafePointer(thread.record)
        stackSize = 0
        // Only a raw greenlet's context has a parent.
        kind = context.pointee.parent == nil ? .guest : .own
        ancestor = kind == .guest ? .passRetained(thread.parent(ofGuest: context)) : nil
        thread.made()
        thread.disown(orphan: context)
        own(context)
    }

    deinit {
        // On any thread, at any time: the context is not looked at, except on its own thread.
        if let context { leave(context) }
        home._withUnsafeGuaranteedRef { $0.dropped() }
        if ancestor != nil { letAncestorsGo() }
    }

    /// One after the other: each within the other's `deinit`, a long line of them would need a deep stack.
    @inline(never)
    private func letAncestorsGo() {
        while let next = ancestor {
            var last = next.takeRetainedValue()
            ancestor = isKnownUniquelyReferenced(&last) ? last.ancestor.take() : nil
        }
    }

    /// The last reference goes before the stack does.
    @inline(never)
    private func leave(_ context: Context) {
        switch kind {
        case .own:
            // The stack lives on without a handle. No switch in a deinit: its thread ends it at a safe point; and if it
            // is running right now, it becomes an orphan only when it switches away.
            let address = Unmanaged.passUnretained(self).toOpaque()
            thread.news.tell(DroppedHandle(address: address, context: context))
        case .main, .guest:
            if isHome { thread.forgetOwner(of: context, isDropped: false) }
        }
    }

    /// From now on this is the handle on `context`.
    private func own(_ context: Context) {
        let address = Unmanaged.passUnretained(self).toOpaque()
        // News will be told of a raw greenlet's, and hold it; nobody hears of another one that is dropped elsewhere.
        if kind != .own { cgreenlet_hold(address) }
        context.pointee.owner = address
    }

    /// The handle on `context`, unless its last reference is gone: maybe right now, on another thread.
    static func owner(of context: Context) -> RawGreenlet? {
        guard let owner = context.pointee.owner, cgreenlet_try_retain(owner) else { return nil }
        return Unmanaged<RawGreenlet>.fromOpaque(owner).takeRetainedValue()
    }

    /// It will never need its stack.
    func die() {
        body = nil
        plainBody = nil
    }

    /// The stack is given back, or will never be entered again.
    func die(under parent: RawGreenlet?) {
        context = nil
        die()
        if kind == .own { keep(parent) }
    }

    /// The same, of one whose body has run.
    ///
    /// - Parameter parent: What the context kept.
    @inline(__always)
    func die(keeping parent: Unmanaged<RawGreenlet>?) {
        context = nil
        ancestor = parent
    }

    /// While it has no stack, it knows its parent itself.
    func keep(_ parent: RawGreenlet?) {
        let before = ancestor
        ancestor = parent.map { .passRetained($0) }
        before?.release()
    }

    /// Gives a greenlet that has not started its stack, which begins with `entry`, and itself over to it.
    @inline(__always)
    func start(_ entry: cgreenlet_entry) throws -> Context {
        guard let fresh = cgreenlet_acquire(stackSize) else { throw outOfStacks() }
        cgreenlet_prepare(fresh, entry, fresh)
        fresh.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
        home._withUnsafeGuaranteedRef { $0.started(fresh, under: ancestor) }
        ancestor = nil
        context = fresh
        return fresh
    }

    @inline(never)
    private func outOfStacks() -> GreenletError { .outOfStacks(stackSize, errno) }

    /// What a body may be.
    enum Code {
        case plain(() throws -> Void)
        case passing(Body)

        func callAsFunction(_ first: Any?) throws -> Any? {
            switch self {
            case .passing(let body): return try body(first)
            case .plain(let body):
                try body()
                return nil
            }
        }
    }

    func takeBody() -> Code? { isPlain ? .plain(takePlainBody()) : body.take().map { .passing($0) } }

    /// The body, which takes nothing, as `isPlain` said.
    @inline(__always)
    func takePlainBody() -> () throws -> Void { plainBody.take()! }

    /// Whether it has a body that takes nothing.
    @inline(__always)
    var isPlain: Bool { plainBody != nil }

    private var hasBody: Bool { isPlain || body != nil }
}

extension GreenletThread {
    /// A safe point, at which a handle is made.
    ///
    /// - Returns: The calling thread, and the parent that the handle has to keep: the current greenlet if `parent` is nil.
    @inline(__always)
    static func makeRoom(under parent: RawGreenlet?) -> (home: Unmanaged<GreenletThread>, Unmanaged<RawGreenlet>?) {
        guard parent == nil, let record = cgreenlet_record_at_ease_on_main() else { return makeRoomWithCare(parent) }
        let home = Unmanaged<GreenletThread>.fromOpaque(record)
        home._withUnsafeGuaranteedRef { $0.made() }
        return (home, nil)
    }

    @inline(never)
    private static func makeRoomWithCare(
        _ parent: RawGreenlet?
    ) -> (home: Unmanaged<GreenletThread>, Unmanaged<RawGreenlet>?) {
        let thread = current
        thread.endOrphans()
        thread.made()
        return (.passUnretained(thread), thread.parentToKeep(parent).map { .passRetained($0) })
    }

    /// The greenlet that runs now; a stack that has no handle gets one.
    var currentGreenlet: RawGreenlet { RawGreenlet.handle(on: running, of: self) }

    /// Whether the thread's own stack runs.
    var isOnMain: Bool {
        // Safe because the field is part of the record.
        running == record.pointer(to: \.main)!
    }
}

extension RawGreenlet {
    var thread: GreenletThread { home._withUnsafeGuaranteedRef { $0 } }

    /// Whether this is its thread.
    @inline(__always)
    var isHome: Bool { cgreenlet_is_home(home.toOpaque()) }

    static func handle(on context: Context, of thread: GreenletThread) -> RawGreenlet {
        owner(of: context) ?? RawGreenlet(on: context, of: thread)
    }

    /// The greenlet that runs on this thread; outside of any, the thread's main greenlet.
    ///
    /// Not a switch point.
    ///
    /// greenlet: `getcurrent()`.
    public static var current: RawGreenlet { GreenletThread.current.currentGreenlet }

    /// Whether the body has ended, or never will run.
    ///
    /// Not a switch point. Ask on its own thread, or when that has ended: then it is true, unless it never started.
    ///
    /// greenlet: `greenlet.dead`.
    public var isDead: Bool { context == nil && !hasBody }

    /// Whether it has not started yet.
    var isPending: Bool { context == nil && hasBody }

    /// Whether the greenlet was started and has not ended.
    ///
    /// Not a switch point. Ask on its own thread, or when that has ended: then it is false.
    ///
    /// greenlet: `bool(greenlet)`.
    public var isActive: Bool { context != nil }

    /// Refuses what only its own thread may do, and names both threads.
    func checkThread(_ operation: StaticString) throws {
        if isHome { return }
        let current = GreenletThread.current
        let relation = kind == .main ? "is the main greenlet of" : "belongs to"
        throw GreenletError(
            .wrongThread,
            "can't \(operation) \(self): it \(relation) \(thread.whereabouts), and this is "
                + "\(current.name); greenlets never change their thread"
        )
    }
}

extension RawGreenlet: CustomStringConvertible {
    /// Like greenlet's repr: `<RawGreenlet 0x7f… (thread 1) suspended active started>`.
    ///
    /// Also from other threads, which are told less: what it does there may change at any moment.
    ///
    /// greenlet: `repr(greenlet)`.
    public var description: String {
        let address = String(UInt(bitPattern: ObjectIdentifier(self)), radix: 16)
        return "<RawGreenlet 0x\(address) (\(thread.name)) \(state)>"
    }

    private var state: String {
        let suffix = kind == .main ? " main" : ""
        if thread.isGone { return isDead ? "(thread exited) dead" : "(thread exited) pending" }
        guard isHome else { return "(another thread)\(suffix)" }
        guard let context else { return isDead ? "dead" : "pending" }
        return (context == thread.running ? "current" : "suspended") + " active started" + suffix
    }
}

extension GreenletThread {
    /// `thread 3`, and whether it is still there: for messages.
    var whereabouts: String { isGone ? "\(name), which has exited" : name }
}

@available(*, unavailable)
extension RawGreenlet: Sendable {}
