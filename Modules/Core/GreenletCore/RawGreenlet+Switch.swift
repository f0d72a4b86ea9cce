// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Switching by hand: who is entered, what is handed over, and what happens when a body ends.

public import CGreenletCore

extension RawGreenlet {
    /// Stops here and continues in this greenlet; returns when somebody switches back.
    ///
    /// Switch point.
    ///
    /// A greenlet that has not started begins its body with `value`. One that is dead passes `value` on to its
    /// parent, and so on up. Switching to the running greenlet returns `value` at once.
    ///
    /// - Parameter value: What the target's own `switch(_:)` returns, or its body receives.
    /// - Returns: What is switched back, or the result of a child that ended.
    /// - Throws: `GreenletError` with `.wrongThread` or `.outOfStacks`; nothing has happened then. Also whatever is
    ///   thrown in by `throw(_:)`, and the error that a child ended with.
    ///
    /// greenlet: `greenlet.switch`.
    @discardableResult
    public func `switch`(_ value: consuming Any? = nil) throws -> Any? {
        // Not `if let`: that destroys the nil, by calls into the runtime.
        switch consume value {
        case let value?: return try transfer(.value(value))
        case nil:
            if try startPlainly() { return cgreenlet_has_delivery() ? try received() : nil }
            return try transfer(.value(nil))
        }
    }

    /// The short way of a greenlet that has not started and gets no value: nothing is handed over.
    ///
    /// - Returns: Whether it went; it did not if something is to be looked at before.
    @inline(__always)
    private func startPlainly() throws -> Bool {
        // The thread first: all else is its own.
        guard cgreenlet_is_at_ease_at(home.toOpaque()), isPending else { return false }
        let destination = try start(isPlain ? rawGreenletEntry : rawGreenletEntryWithCare)
        let origin = cgreenlet_running()
        origin.pointee.starting = destination
        destination.pointee.parent_waits = destination.pointee.parent == origin.pointee.owner
        cgreenlet_switch(origin, destination)
        origin.pointee.starting = nil
        return true
    }

    private func startWithCare() throws -> Context {
        let context = try start(rawGreenletEntryWithCare)
        context.pointee.parent_waits = false
        return context
    }

    /// Stops here and continues in `target`, handing nothing over and dropping what comes back.
    ///
    /// Switch point. Control alone, for a few nanoseconds; otherwise like `switch(_:)`.
    ///
    /// - Parameter target: Where to continue.
    /// - Throws: As `switch(_:)`.
    ///
    /// greenlet: `greenlet.switch()`.
    @inlinable
    @inline(__always)
    public static func `switch`(to target: RawGreenlet) throws {
        // Inlined, so that the switch saves what is live at this very call and nothing else.
        if cgreenlet_is_at_ease(target.gate) {
            cgreenlet_switch(cgreenlet_running(), target.place)
            if cgreenlet_has_delivery() { try dropDelivery() }
            return
        }
        try target.passControl()
    }

    @usableFromInline
    @inline(never)
    func passControl() throws {
        if try !startPlainly() {
            _ = try transfer(.value(nil))
        } else if cgreenlet_has_delivery() {
            try dropDelivery()
        }
    }

    /// Continues in this greenlet, whose own `switch(_:)` throws `error`.
    ///
    /// Switch point.
    ///
    /// A greenlet that has not started dies without running, and its parent gets the error. A dead one passes the
    /// error to its parent. In both cases a `GreenletExit` arrives as a value, not as an error.
    ///
    /// - Parameter error: What to throw there.
    /// - Returns: As `switch(_:)`.
    /// - Throws: As `switch(_:)`.
    ///
    /// greenlet: `greenlet.throw`.
    @discardableResult
    public func `throw`(_ error: any Error = GreenletExit()) throws -> Any? {
        try transfer(.error(error))
    }

    private func transfer(_ parcel: Parcel) throws -> Any? {
        if !isHome { try checkThread("switch to") }
        thread.endOrphans()
        return try enter(with: parcel)
    }

    /// Throws `GreenletExit` into it.
    ///
    /// No safe point, or each orphan would begin with all others.
    func enterToEnd() throws { _ = try enter(with: .error(GreenletExit())) }

    /// `transfer` on its own thread, and not a safe point.
    @inline(__always)
    private func enter(with parcel: Parcel) throws -> Any? {
        try home._withUnsafeGuaranteedRef { try enter(with: parcel, on: $0) }
    }

    @inline(__always)
    private func enter(with parcel: Parcel, on thread: GreenletThread) throws -> Any? {
        var parcel = parcel
        let origin = thread.running
        let destination = try prepare(&parcel, leaving: origin)
        if destination == origin { return try parcel.open() }
        cgreenlet_switch(origin, destination)
        return thread.record.pointee.delivery ? try thread.receive().parcel.open() : nil
    }

    /// All of a switch but the switch itself.
    ///
    /// On its own, so that the frame that stays behind on the stack holds no reference to whoever is entered.
    ///
    /// - Returns: Whom to enter; if that is `origin`, it receives `parcel` itself.
    @inline(never)
    private func prepare(_ parcel: inout Parcel, leaving origin: Context) throws -> Context {
        let (destination, target) = try enterable(&parcel)
        if destination == origin {
            if thread.tracer != nil { parcel = thread.traced(parcel, from: target, to: target) }
            return destination
        }
        thread.adoptIfUnreachable()
        thread.deliver(parcel, to: target, from: RawGreenlet.handle(on: origin, of: thread))
        return destination
    }

    /// Finds the context that a switch to `self` really enters, up the chain of parents; a greenlet that has not
    /// started gets its stack.
    ///
    /// The parcel changes when it passes somebody's end.
    fileprivate func enterable(_ parcel: inout Parcel) throws -> (Context, RawGreenlet) {
        var target = self
        while true {
            if let context = target.context { return (context, target) }
            if !target.isDead {
                if case .value = parcel { return (try target.startWithCare(), target) }
                target.die()
            }
            if case .error(let exit as GreenletExit) = parcel { parcel = .value(exit) }
            // Safe because only a main greenlet has no parent, and it never dies while its thread runs.
            target = target.parent!
        }
    }
}

/// Takes what was handed over; throws it if it is an error.
@inline(never)
private func received() throws -> Any? { try GreenletThread.current.receive().parcel.open() }

/// Takes what was handed over to a greenlet that wants no value; throws it if it is an error.
///
/// No method: the type that it would be called on had to be kept across the switch.
@usableFromInline
@inline(never)
func dropDelivery() throws { _ = try received() }

extension GreenletThread {
    /// Runs the body of the greenlet that was just entered on `context`.
    ///
    /// - Returns: Where to go afterwards.
    fileprivate func run(on context: Context) -> Context {
        do {
            guard let result = try runToEnd(on: context) else { return end(context) }
            return passOn(.value(result), from: context)
        } catch {
            return end(context, with: error)
        }
    }

    /// The body has thrown.
    fileprivate func end(_ context: Context, with error: any Error) -> Context {
        passOn((error as? GreenletExit).map { .value($0) } ?? .error(error), from: context)
    }

    /// The body has ended, and there is nothing to hand over.
    fileprivate func end(_ context: Context) -> Context {
        if let starter = finishBelow(context) { return starter }
        guard let destination = plainHeir(of: context) else { return passOn(.value(nil), from: context) }
        finish(context)
        return destination
    }

    /// Where to go when there is nothing to hand over and nobody to tell.
    private func plainHeir(of context: Context) -> Context? {
        guard tracer == nil, successors.isEmpty, let parent = context.pointee.parent else { return nil }
        return Unmanaged<RawGreenlet>.fromOpaque(parent)._withUnsafeGuaranteedRef { $0.context }
    }

    /// Hands the result to the parent, or to whoever takes its place.
    private func passOn(_ result: Parcel, from context: Context) -> Context {
        var parcel = result
        let ended = RawGreenlet.handle(on: context, of: self)
        // Safe because only a main greenlet has no parent, and it has no body.
        var heir = takeSuccessor(of: context) ?? ended.parent!
        finish(context)
        while true {
            do {
                let (destination, target) = try heir.enterable(&parcel)
                deliver(parcel, to: target, from: ended)
                return destination
            } catch {
                // The parent could not be started: it dies of that.
                heir.die()
                heir = heir.parent!
                parcel = .error(error)
            }
        }
    }

    /// - Returns: What the body returned.
    @inline(never)
    private func runToEnd(on context: Context) throws -> Any? {
        let (parcel, body) = takeFirst(on: context)
        return try body(try parcel?.open())
    }

    /// What the new greenlet begins with; no parcel if it was started plainly.
    ///
    /// On its own, so that no reference to the greenlet stays behind: whoever holds none may drop it.
    @inline(never)
    private func takeFirst(on context: Context) -> (Parcel?, RawGreenlet.Code) {
        var (parcel, body): (Parcel?, RawGreenlet.Code?)
        if record.pointee.delivery {
            let received = receive()
            (parcel, body) = (received.parcel, received.greenlet?.takeBody())
        } else {
            body = starting(on: context)._withUnsafeGuaranteedRef { $0.takeBody() }
        }
        guard let body else { preconditionFailure("a greenlet was started twice") }
        return (parcel, body)
    }
}

// Free functions, that ask for no more than they need: each life goes this way.

/// Whoever was started plainly on `context`.
///
/// Safe because that was done by a call on the handle, which has not returned.
@inline(__always)
private func starting(on context: Context) -> Unmanaged<RawGreenlet> {
    .fromOpaque(context.pointee.owner!)
}

@inline(__always)
private func takePlainBody(on context: Context) -> () throws -> Void {
    // Not as the closure's result: that is generic, and wraps it.
    var body: (() throws -> Void)?
    starting(on: context)._withUnsafeGuaranteedRef { body = $0.takePlainBody() }
    return body!
}

/// Runs a body that takes nothing and was handed nothing, and gives `context` back.
///
/// - Returns: Where to go afterwards.
@inline(__always)
private func runPlainly(on context: Context) -> Context {
    let destination: Context
    do {
        try takePlainBody(on: context)()
        if let starter = finishBelow(context) {
            cgreenlet_release(context)
            return starter
        }
        destination = end(context)
    } catch {
        destination = end(context, with: error)
    }
    giveBack(context)
    return destination
}

/// Ends a raw greenlet whose parent waits in the very call that started it, if nobody else is concerned.
///
/// - Returns: The parent's context; nil if it isn't one, and nothing has happened then.
@inline(__always)
private func finishBelow(_ context: Context) -> Context? {
    guard context.pointee.parent_waits, context.pointee.scheduled == nil, cgreenlet_is_plain(context),
        let parent = context.pointee.parent
    else { return nil }
    let waiting = Unmanaged<RawGreenlet>.fromOpaque(parent)._withUnsafeGuaranteedRef { $0.place }
    guard cgreenlet_is_starting(waiting, context) else { return nil }
    let ended = starting(on: context)
    context.pointee.owner = nil
    context.pointee.parent = nil
    let isMain = parent == context.pointee.thread.pointee.main.owner
    ended._withUnsafeGuaranteedRef { $0.die(keeping: isMain ? nil : .fromOpaque(parent)) }
    return waiting
}

@inline(never)
private func end(_ context: Context, with error: any Error) -> Context {
    thread(of: context)._withUnsafeGuaranteedRef { $0.end(context, with: error) }
}

@inline(never)
private func end(_ context: Context) -> Context {
    thread(of: context)._withUnsafeGuaranteedRef { $0.end(context) }
}

@inline(never)
private func giveBack(_ context: Context) { thread(of: context)._withUnsafeGuaranteedRef { $0.giveBack(context) } }

/// Safe because the thread's record keeps it.
private func thread(of context: Context) -> Unmanaged<GreenletThread> {
    .fromOpaque(context.pointee.thread.pointee.record!)
}

/// The first function on the stack of a raw greenlet whose body takes nothing, and that is handed nothing.
///
/// Only raw pointers are alive when it leaves for good.
private func rawGreenletEntry(_ argument: UnsafeMutableRawPointer?) {
    let context = started(on: argument)
    cgreenlet_leave(context, runPlainly(on: context))
}

/// The first function on any other raw greenlet's stack.
private func rawGreenletEntryWithCare(_ argument: UnsafeMutableRawPointer?) {
    let context = started(on: argument)
    let destination = thread(of: context)._withUnsafeGuaranteedRef { thread in
        let destination = thread.run(on: context)
        thread.giveBack(context)
        return destination
    }
    cgreenlet_leave(context, destination)
}

/// Safe because `start` passed the context itself.
@inline(__always)
private func started(on argument: UnsafeMutableRawPointer?) -> Context {
    argument!.assumingMemoryBound(to: cgreenlet_context.self)
}
