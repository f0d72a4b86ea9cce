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
/// that thread creates a raw greenlet, or switches by hand.
///
/// When not to use it: to wait for time, sockets or other greenlets. `GreenletHub` schedules for you.
///
/// greenlet: `greenlet.greenlet`.
public final class RawGreenlet {
    /// What a greenlet runs: receives the first value switched in, returns the last one, for the parent.
    public typealias Body = (Any?) throws -> Any?

    let thread: GreenletThread
    // Safe because they are read and written by the owning thread only, and never across a switch.
    /// The stack, from the first switch to the end.
    @exclusivity(unchecked) @usableFromInline private(set) var context: UnsafeMutablePointer<cgreenlet_context>?
    /// What will run, until it does.
    @exclusivity(unchecked) private var body: Body?
    private let stackSize: Int
    private var ancestor: RawGreenlet?
    /// Who runs when the body has ended, if that isn't the parent.
    var successor: RawGreenlet?
    /// Whether the context belongs to somebody else (the thread, or a scheduler): this is only a handle on it.
    private let isGuest: Bool

    /// Creates a greenlet that will run `body`.
    ///
    /// Not a switch point; the body starts with the first `switch(_:)`.
    ///
    /// - Parameters:
    ///   - parent: Where control goes when the body ends; the current greenlet if nil.
    ///   - stackSize: Bytes of stack, reserved and not committed; 0 means the default of 244 KiB.
    ///   - body: Receives the value of the first switch; what it returns is the result of the parent's `switch(_:)`.
    ///
    /// - Precondition: `parent` belongs to this thread.
    ///
    /// greenlet: `greenlet(run, parent)`.
    public init(parent: RawGreenlet? = nil, stackSize: Int = 0, _ body: @escaping Body) {
        let thread = GreenletThread.current
        thread.endOrphans()
        let parent = parent ?? thread.currentGreenlet
        precondition(
            parent.thread === thread,
            "the parent of a new greenlet belongs to \(parent.thread.name), and this is \(thread.name)"
        )
        self.thread = thread
        ancestor = parent
        self.body = body
        self.stackSize = max(0, stackSize)
        isGuest = false
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
        self.init(parent: parent, stackSize: stackSize) { _ in
            try body()
            return nil
        }
    }

    init(main thread: GreenletThread) {
        self.thread = thread
        // Not what runs now: a greenlet of C may be the first on its thread to call Swift.
        let context = thread.record.pointer(to: \.main)
        self.context = context
        stackSize = 0
        isGuest = true
        context?.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    /// A handle on a context that has none: a scheduler's, or one whose handle was dropped.
    init(on context: Context, of thread: GreenletThread) {
        self.thread = thread
        self.context = context
        stackSize = 0
        // Only stacks that lost their handle keep their parent in the context.
        isGuest = context.pointee.parent == nil
        if let parent = context.pointee.parent {
            ancestor = Unmanaged<RawGreenlet>.fromOpaque(parent).takeRetainedValue()
            context.pointee.parent = nil
            thread.disown(orphan: context)
        } else {
            ancestor = thread.parent(ofGuest: context)
        }
        context.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        guard let context else { return }
        context.pointee.owner = nil
        if isGuest { return }
        // The stack lives on without a handle. No switch in a deinit: its thread ends it at a safe point; and if it
        // is running right now, it becomes an orphan only when it switches away.
        if let ancestor { context.pointee.parent = Unmanaged.passRetained(ancestor).toOpaque() }
        let isRunning = GreenletThread.ifStarted === thread && thread.running == context
        if isRunning { thread.lookAtNextSwitch() } else { thread.adopt(orphan: context) }
    }

    static func owner(of context: Context) -> RawGreenlet? {
        guard let owner = context.pointee.owner else { return nil }
        return Unmanaged<RawGreenlet>.fromOpaque(owner).takeUnretainedValue()
    }

    /// The stack is given back, or will never be needed.
    func die() {
        context = nil
        body = nil
        successor = nil
    }

    /// Gives a greenlet that has not started its stack, and itself over to it.
    func start() throws -> Context {
        guard let fresh = cgreenlet_acquire(stackSize) else { throw GreenletError.outOfStacks(stackSize, errno) }
        cgreenlet_prepare(fresh, rawGreenletEntry, fresh)
        fresh.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
        context = fresh
        return fresh
    }

    func takeBody() -> Body? {
        defer { body = nil }
        return body
    }
}

extension GreenletThread {
    /// The greenlet that runs now; a stack that has no handle gets one.
    var currentGreenlet: RawGreenlet { RawGreenlet.handle(on: running, of: self) }
}

extension RawGreenlet {
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
    /// greenlet: `greenlet.dead`.
    public var isDead: Bool { context == nil && body == nil }

    /// Whether the greenlet was started and has not ended.
    ///
    /// greenlet: `bool(greenlet)`.
    public var isActive: Bool { context != nil }

    /// Where control goes when the body ends.
    ///
    /// Nil for the main greenlet of a thread.
    ///
    /// greenlet: `greenlet.parent`.
    public var parent: RawGreenlet? { ancestor }

    /// Changes where control goes when the body ends.
    ///
    /// Not a switch point.
    ///
    /// - Parameter parent: A greenlet of the same thread.
    /// - Throws: `GreenletError` with `.mainGreenlet`, `.wrongThread` or `.cyclicParent`; nothing has changed then.
    ///
    /// greenlet: `greenlet.parent = g`.
    public func setParent(_ parent: RawGreenlet) throws {
        if self === thread.main {
            throw GreenletError(.mainGreenlet, "can't set the parent of \(self): a main greenlet has none")
        }
        if parent.thread !== thread {
            throw GreenletError(
                .wrongThread,
                "can't set the parent of \(self) to \(parent): they belong to \(thread.name) and \(parent.thread.name)"
            )
        }
        var next: RawGreenlet? = parent
        while let candidate = next {
            if candidate === self {
                throw GreenletError(.cyclicParent, "can't set the parent of \(self) to \(parent), its descendant")
            }
            next = candidate.ancestor
        }
        ancestor = parent
    }
}

extension RawGreenlet: CustomStringConvertible {
    /// Like greenlet's repr: `<RawGreenlet 0x7f… (thread 1) suspended>`.
    public var description: String {
        let address = String(UInt(bitPattern: ObjectIdentifier(self)), radix: 16)
        return "<RawGreenlet 0x\(address) (\(thread.name)) \(state)>"
    }

    private var state: String {
        guard let context else { return isDead ? "dead" : "pending" }
        let activity = !thread.isGone && context == thread.running ? "current" : "suspended"
        return self === thread.main ? "\(activity) main" : "\(activity) started"
    }
}

@available(*, unavailable)
extension RawGreenlet: Sendable {}
