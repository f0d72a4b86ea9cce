// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The hub of a thread: who can run, who waits, and the loop below them.

import CGreenletCore
package import GreenletCore

/// Schedules the greenlets of one thread.
///
/// Made on first use, taken down when the thread ends.
///
/// It is a greenlet itself, whose body is the event loop. It runs only when no other greenlet can: switches go
/// straight from one greenlet to the next.
///
/// gevent: `gevent.get_hub()`.
public final class Hub {
    package let thread: GreenletThread
    /// The thread's record in C, at hand without a detour.
    let record: UnsafeMutablePointer<cgreenlet_thread>
    package let loop: Loop
    // Safe because `init` sets it last, and nobody sees the hub before that.
    // swift-format-ignore: NeverUseImplicitlyUnwrappedOptionals
    private(set) var main: MainGreenlet!
    let context: Context
    let mainContext: Context

    /// The hub as a greenlet, for callbacks that ask who runs.
    ///
    /// Not hung on the context, as it must never park.
    private var own: HubGreenlet?

    @exclusivity(unchecked) var runnable = RunQueue()
    /// Hand-overs that may still happen before the clock is looked at.
    @exclusivity(unchecked) var handOversLeft = 0
    /// When the loop last looked for events.
    @exclusivity(unchecked) var turnBegan = Deadline(nanoseconds: 0)
    /// I/O calls that succeeded at once since somebody last waited for a descriptor.
    ///
    /// Behind a pointer, because other modules count here at each call, and would check a property for exclusivity.
    package let immediateSuccesses = UnsafeMutablePointer<Int>.allocate(capacity: 1)

    let timers = TimerHeap<TimerAction>()
    /// Who watches that greenlets let each other run; nil if nobody does.
    @exclusivity(unchecked) var monitor: HubMonitor? { didSet { loop.pulse = monitor?.pulse } }
    var callbacks: [() -> Void] = []
    /// Waits that something outside of this thread's greenlets will end: descriptors, look-ups, signals.
    @exclusivity(unchecked) package var externalWaits = 0
    /// Links that are among those.
    var externalLinks: [ObjectIdentifier: RawLink] = [:]

    @exclusivity(unchecked) var firstAlive: Unmanaged<AnyGreenlet>?
    @exclusivity(unchecked) package internal(set) var aliveCount = 0
    /// Raw greenlets that the hub has met.
    ///
    /// Each lives as long as its stack.
    var visitors: Set<AnyGreenlet> = []
    /// Whether it was taken down, and only says so to whoever comes now.
    var isGone = false
    /// What watchers have here: it ends with the hub at the latest.
    var watches: [ObjectIdentifier: HubWatch] = [:]
    /// Greenlets in `idle`.
    let idlers = WaitList()
    /// In the child of a fork, until the hub is used there: see `startOverInChild()`.
    @exclusivity(unchecked) var isInherited = false
    /// In the child of a fork that a spawned greenlet called: that greenlet, in place of the main one.
    var heir: AnyGreenlet?
    /// Whether the main greenlet is one of those that were left in the parent process.
    var hasLeftMain = false
    /// Greenlets in `join`.
    let joiners = WaitList()
    /// Timers that nothing is to be expected of: those that only end a `join`, and those that keep no hub alive.
    var uncountedTimers = 0
    /// Timeouts of greenlets that have ended, at most: nothing is to be expected of those either.
    @exclusivity(unchecked) var leftTimeouts = 0
    /// Decides among choices that are possible at once.
    @exclusivity(unchecked) var chance = Chance()
    /// What waits at several places have left for the next ones.
    @exclusivity(unchecked) var spareChoosings: [Choosing] = []
    /// The values of `GreenletLocal`s.
    @exclusivity(unchecked) var localBoxes: LocalBoxes = [:]
    /// Whether a `SpawnTreeLocal` was ever bound here, or spawns tracked: whoever spawns without pays for this look only.
    @exclusivity(unchecked) var looksAtSpawns = false
    /// See `tracksSpawning`.
    var keepsSpawns = false
    /// Called with each greenlet that is started; nil if there are none.
    @exclusivity(unchecked) var spawnCallbacks: [(id: SpawnCallbackID, callback: (AnyGreenlet) -> Void)]?
    var lastSpawnCallback = 0
    /// Those that run now, and aren't told of what they start.
    @exclusivity(unchecked) var spawnCallbacksAtWork: Set<SpawnCallbackID> = []
    @exclusivity(unchecked) private var nextID = 1
    @exclusivity(unchecked) private var freeIDs: [Int] = []

    /// Where the greenlets have their frames that start on this hub from now on.
    ///
    /// Each on a stack of its own, unless it says `.shared`, whose documentation says what to beware of. May be changed
    /// at any time.
    ///
    /// greenlet: always shared.
    @exclusivity(unchecked) public var stacks = Stacks.own

    /// Called with each error that a greenlet ended with and that nobody was waiting for; also with one that ended a loop,
    /// if nothing has thrown it when the greenlet ends: see `checkInterruption()`.
    ///
    /// Runs on the greenlet that failed, once; for one that never began, on whoever killed it. ``SpawnTreeLocal``s are those
    /// of the greenlet that failed in either case. It must not wait, but may spawn. What it throws is reported beside the
    /// error that it was called with. Not called for `GreenletExit`; nor where somebody gets the value, or a link sees the
    /// error: `join` doesn't. At first it calls `printError(of:_:)`.
    ///
    /// gevent: `Hub.handle_error`.
    public var errorHandler: (AnyGreenlet, any Error) throws -> Void {
        get { handlesErrors }
        set {
            // What was there ends after the access, for what it captured may set the next one.
            var former = newValue
            swap(&handlesErrors, &former)
        }
    }
    private var handlesErrors: (AnyGreenlet, any Error) throws -> Void = { $0.hub.printError(of: $0, $1) }

    /// The descriptor that reports of errors are written to; nil for none.
    ///
    /// Standard error at first. Written at once, a line a report, and the thread waits where that waits.
    ///
    /// gevent: `Hub.exception_stream`.
    public var errorOutput: CInt? = 2

    /// What its description calls it: `thread 3` unless set.
    ///
    /// gevent: `Hub.name`.
    public var name: String {
        get { givenName ?? thread.name }
        set { givenName = newValue }
    }
    private var givenName: String?

    /// How long greenlets may hand over to each other before the loop looks for events and timers again: 1 ms at first.
    ///
    /// A greenlet is never interrupted: the time is looked at where one hands over to the next, after 64 of these or when I/O
    /// has succeeded 128 times without waiting. Less makes timers and arrivals more punctual while greenlets are busy, and
    /// costs a system call each time.
    ///
    /// - Precondition: More than zero.
    public var turnBudget: Duration {
        get { .nanoseconds(budget) }
        set {
            precondition(newValue > .zero, "a turn's budget must be more than zero, and not \(newValue)")
            budget = Deadline.nanoseconds(newValue)
        }
    }
    /// In nanoseconds.
    @exclusivity(unchecked) private(set) var budget: UInt64 = 1_000_000

    /// The hub of this thread, made on first use.
    ///
    /// Not a switch point.
    ///
    /// gevent: `gevent.get_hub()`.
    public static var current: Hub {
        if let hub = cgreenlet_thread_if_started()?.pointee.hub {
            return Unmanaged<Hub>.fromOpaque(hub).takeUnretainedValue()
        }
        return makeHub()
    }

    /// The hub of this thread, made on first use, without counting a reference: it lives as long as the thread.
    @inline(__always)
    static var currentReference: Unmanaged<Hub> {
        if let hub = cgreenlet_thread_if_started()?.pointee.hub { return .fromOpaque(hub) }
        return .passUnretained(makeHub())
    }

    /// The hub of this thread, if it has one, and that was not taken down.
    package static var ifPresent: Hub? {
        guard let hub = presentReference?.takeUnretainedValue() else { return nil }
        return hub.isGone ? nil : hub
    }

    /// The hub of this thread, if it has one.
    @inline(__always)
    static var presentReference: Unmanaged<Hub>? {
        guard let record = cgreenlet_thread_if_started() else { return nil }
        if let hub = record.pointee.hub { return .fromOpaque(hub) }
        return record.pointee.inherited_hub == nil ? nil : .passUnretained(resumeInheritedHub(record))
    }

    /// Whether this was the first use of this thread's hub in the child of a fork: for whoever finds nothing to take, and
    /// would find what the parent's greenlets had been given.
    @usableFromInline
    static func hasJustStartedOver() -> Bool {
        guard let record = cgreenlet_thread_if_started(), record.pointee.inherited_hub != nil else { return false }
        _ = resumeInheritedHub(record)
        return true
    }

    fileprivate init(_ thread: GreenletThread) {
        self.thread = thread
        record = thread.record
        mainContext = thread.mainContext
        immediateSuccesses.initialize(to: 0)
        loop = Loop(of: thread.name)
        guard let context = cgreenlet_acquire(0) else { fatalError("no memory for the stack of a hub") }
        self.context = context
        cgreenlet_prepare(context, hubEntry, Unmanaged.passUnretained(self).toOpaque())
        main = MainGreenlet(hub: self, context: thread.mainContext)
        main.context?.pointee.scheduled = Unmanaged.passUnretained(main).toOpaque()
        thread.releaseScheduled = { Unmanaged<AnyGreenlet>.fromOpaque($0).takeRetainedValue().stackEnded() }
    }

    deinit {
        immediateSuccesses.deallocate()
        runnable.deallocate()
    }

    /// The hub is done: it and its own greenlets no longer hold each other.
    func letGo() {
        // Timeouts that nobody cancelled, which hold their greenlet, and it the hub.
        while let action = timers.popDue(Deadline(nanoseconds: .max)) { action.drop() }
        let dropped = (callbacks, visitors)  // till the end, as what they hold may ask for the hub when it goes
        defer { withExtendedLifetime(dropped) {} }
        callbacks = []
        spareChoosings = []
        spawnCallbacks = nil
        let known: [AnyGreenlet?] = [main, own]
        for greenlet in known.compactMap({ $0 }) + visitors {
            greenlet.dropPending()
            greenlet.endTimeouts()
        }
        main = nil
        own = nil
        visitors = []
        // Those of raw greenlets that outlived it. Here and not in `deinit`: what ends may ask for the hub.
        let rest = localBoxes
        localBoxes = [:]
        withExtendedLifetime(rest) {}
    }

    /// The greenlet that runs now.
    ///
    /// A raw greenlet gets a companion for the moment.
    package var currentGreenlet: AnyGreenlet {
        let running = record.pointee.current
        if let scheduled = running.pointee.scheduled {
            return Unmanaged<AnyGreenlet>.fromOpaque(scheduled).takeUnretainedValue()
        }
        if running == context {
            let greenlet = own ?? HubGreenlet(hub: self, context: context)
            own = greenlet
            return greenlet
        }
        let visitor = VisitingGreenlet(hub: self, context: running)
        running.pointee.scheduled = Unmanaged.passRetained(visitor).toOpaque()  // until the stack is retired
        return visitor
    }

    /// The greenlet that runs now, without counting a reference: it lives as long as its stack.
    var currentGreenletReference: Unmanaged<AnyGreenlet> {
        if let scheduled = record.pointee.current.pointee.scheduled { return .fromOpaque(scheduled) }
        return .passUnretained(currentGreenlet)
    }

    /// The hub's own, if it runs and has any; a raw greenlet that it has not met has none.
    var extrasOfHub: Extras? { isRunningLoop ? own?.extras : nil }

    /// The locals of the thread's main greenlet and of the hub itself end.
    func dropOwnExtras() {
        main.dropExtras()
        own?.dropExtras()
    }

    /// Whether the loop itself runs now, so that nothing may block.
    package var isRunningLoop: Bool { record.pointee.current == context }

    /// Whether the code that runs now may block on this hub.
    package var mayPark: Bool {
        let running = record.pointee.current
        if running == mainContext { return cgreenlet_runtime_task() == nil && !isGone }
        return running != context && !isGone
    }

    /// The current greenlet, if it may block.
    @inline(__always)
    func parkable() throws -> AnyGreenlet { try parkableReference().takeUnretainedValue() }

    /// The current greenlet of this thread, if it may block, without counting a reference to it or to the hub.
    @inline(__always)
    static func parkableReference() throws -> Unmanaged<AnyGreenlet> {
        try currentReference._withUnsafeGuaranteedRef { try $0.parkableReference() }
    }

    /// The current greenlet, if it may block, without counting a reference: it lives as long as its stack.
    @inline(__always)
    func parkableReference() throws -> Unmanaged<AnyGreenlet> {
        let running = record.pointee.current
        if let scheduled = running.pointee.scheduled, running != mainContext || cgreenlet_runtime_task() == nil {
            return .fromOpaque(scheduled)
        }
        return try .passUnretained(parkableOutsider())
    }

    @inline(never)
    private func parkableOutsider() throws -> AnyGreenlet {
        if isGone { throw gone("wait") }
        if isRunningLoop {
            throw GreenletError(
                .blockingInHub,
                "a blocking call in a callback of the loop on \(thread.name); spawn a greenlet there instead"
            )
        }
        if cgreenlet_runtime_task() != nil || isEnteredFromTask {
            throw GreenletError(
                .blockingInTask,
                "a blocking call on \(thread.name), which runs an async task: it would hold up all tasks of that thread; "
                    + "run greenlets on a thread of their own"
            )
        }
        return currentGreenlet
    }

    /// Whether this is a raw greenlet on a thread whose own stack runs an async task.
    private var isEnteredFromTask: Bool {
        if record.pointee.current == mainContext { return false }
        if record.pointee.careful { return mainContext.pointee.was_in_task != 0 }
        if mainContext.pointee.holds_words != UInt32(CGREENLET_HOLDS_ALL) { return false }
        // Safe because a context that doesn't run keeps the words that it will run with; this is the current task.
        return withUnsafeBytes(of: mainContext.pointee.words) { words in
            words.load(fromByteOffset: Int(CGREENLET_WORD_TASK) * MemoryLayout<UInt>.stride, as: UInt.self) != 0
        }
    }

    func takeID() -> Int {
        if let id = freeIDs.popLast() { return id }
        defer { nextID += 1 }
        return nextID
    }

    func giveBack(id: Int) { freeIDs.append(id) }
}

/// The first hub of this thread, or, in the child of a fork, the one that it has inherited.
///
/// Not a static function: its callers, which are hot, would have to find the type.
@inline(never)
private func makeHub() -> Hub {
    let thread = GreenletThread.current
    if thread.record.pointee.inherited_hub != nil { return resumeInheritedHub(thread.record) }
    let hub = Hub(thread)
    watchForks
    let record = thread.record
    record.pointee.hub = Unmanaged.passRetained(hub).toOpaque()
    record.pointee.hub_exit = { Unmanaged<Hub>.fromOpaque($0).takeRetainedValue().tearDown() }
    // A raw greenlet's `defer` is the first to want a hub, on a thread that ends: it gets one that says so.
    hub.startMonitoringIfAsked()
    if hub.thread.isEnding, let own = record.pointee.hub { record.pointee.hub_exit?(own) }
    return hub
}

extension Hub: CustomStringConvertible {
    /// `hub of thread 3, 7 greenlets, 2 timers`.
    public var description: String { "hub of \(name), \(aliveCount) greenlets, \(timers.count) timers" }
}

@available(*, unavailable)
extension Hub: Sendable {}
