// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The typed face of a raw greenlet: values go in and out as what they are, without a box around them.

public import CGreenletCore

/// A function that can stop in the midst of its calls, hand a value out, and go on with the value that it gets back.
///
/// What a `RawGreenlet` is for control, this is for values of known types: nothing is boxed or cast, and control always
/// goes back to whoever resumed.
///
/// ```swift
/// let average = Coroutine<Double, Double> { first, suspend in
///     var (sum, count) = (first, 1.0)
///     while true { sum += try suspend(sum / count); count += 1 }
/// }
/// try average.resume(10)  // 10
/// try average.resume(20)  // 15
/// ```
///
/// Belongs to the thread that created it. When the last reference to one that is suspended goes, `GreenletExit` is thrown at
/// its suspension, as with a `RawGreenlet`. The body may call functions that suspend, resume other coroutines, switch by
/// hand, and wait for what a hub offers.
///
/// When not to use it: for a plain sequence, where `Generator` reads better.
public final class Coroutine<Input, Output> {
    /// What a coroutine runs: receives the value of the first `resume(_:)`, returns the result of the last.
    public typealias Body = (Input, Suspend) throws -> Output

    @usableFromInline let passage: Passage<Input, Output>
    @usableFromInline let greenlet: RawGreenlet

    /// Creates a coroutine that will run `body`.
    ///
    /// Not a switch point; the body starts with the first `resume(_:)`.
    ///
    /// - Parameters:
    ///   - stackSize: Bytes of stack, reserved and not committed; 0 means the default.
    ///   - body: What to run.
    public init(stackSize: Int = 0, _ body: @escaping Body) {
        let passage = Passage<Input, Output>()
        self.passage = passage
        greenlet = RawGreenlet(stackSize: stackSize) {
            defer { passage.end() }
            passage.output = try body(passage.takeInput(), Suspend(passage: passage))
        }
    }

    /// Goes on with the body until it suspends or ends.
    ///
    /// Switch point.
    ///
    /// - Parameter input: What the suspension returns inside, or what the body begins with.
    /// - Returns: What was handed out, or the body's result if it ended.
    /// - Throws: What the body ended with, `GreenletExit` included. `GreenletError`, and nothing has happened: `.finished`
    ///   if the body ended before, `.concurrentUse` if it is running already, `.wrongThread`, `.outOfStacks`. Also
    ///   whatever is thrown into the greenlet that waits here, and `.invalidSwitch` if another one switches to it.
    @inlinable
    public func resume(_ input: Input) throws -> Output {
        guard let destination = passage.suspended, cgreenlet_is_at_ease(greenlet.gate) else {
            return try resumeWithCare(input)
        }
        passage.input = input
        passage.enter(destination, from: cgreenlet_running())
        return try passage.takeOutput()
    }

    @usableFromInline
    @inline(never)
    func resumeWithCare(_ input: Input) throws -> Output {
        let thread = greenlet.thread
        guard GreenletThread.current === thread else {
            throw GreenletError(
                .wrongThread,
                "can't resume a coroutine of \(thread.name) on \(GreenletThread.current.name); it never changes its thread"
            )
        }
        thread.endOrphans()  // runs code, so before anything is looked at
        if passage.isFinished || greenlet.isDead {  // dead alone: given up by its thread, which ends
            throw GreenletError(.finished, "can't resume a coroutine whose body has ended; ask isFinished first")
        }
        if !greenlet.isActive {
            passage.input = input
            passage.waiting = thread.running
            do { try greenlet.switch() } catch {
                passage.leaveOff()
                throw error
            }
            return try passage.takeOutput()
        }
        guard let destination = passage.suspended else {
            throw GreenletError(
                .concurrentUse,
                "can't resume a coroutine that is running: \(RawGreenlet.current) resumed it, or waits in its body"
            )
        }
        thread.adoptIfUnreachable()
        passage.input = input
        passage.enter(destination, from: thread.running)
        return try passage.takeOutput()
    }

    /// Whether the body has ended.
    public var isFinished: Bool { passage.isFinished }

    /// How a body hands a value out: `let next = try suspend(value)`.
    ///
    /// Works at any depth of calls, and also in the body of another coroutine that this one resumed: that stops then as
    /// well.
    public struct Suspend {
        @usableFromInline let passage: Passage<Input, Output>

        /// Hands `output` to whoever resumed, and stops until it resumes again.
        ///
        /// Switch point.
        ///
        /// - Parameter output: What `resume(_:)` returns.
        /// - Returns: What the next `resume(_:)` brings.
        /// - Throws: `GreenletExit` when the last reference to the coroutine is gone: let it pass. `GreenletError` with
        ///   `.invalidSwitch` if nobody has resumed, or another greenlet switches into the body; what is thrown in by hand.
        @inlinable
        public func callAsFunction(_ output: Output) throws -> Input {
            guard let resumer = passage.waiting else { throw passage.nobodyWaits() }
            if !cgreenlet_is_at_ease(passage.thread) { try passage.leaveWithCare() }
            passage.output = output
            passage.waiting = nil
            let here = cgreenlet_running()
            passage.suspended = here
            cgreenlet_switch(here, resumer)
            passage.suspended = nil  // whoever entered: from here on this is no place to go on at
            if cgreenlet_has_delivery() { try dropDelivery() }
            return try passage.takeInput()
        }
    }
}

/// What both sides of a coroutine know: who stands where, and the value that is under way.
@usableFromInline
final class Passage<Input, Output> {
    // Safe because both sides live on one thread, and no access spans a switch.
    @exclusivity(unchecked) @usableFromInline var input: Input?
    @exclusivity(unchecked) @usableFromInline var output: Output?
    /// Where the body goes on; nil while it runs.
    @exclusivity(unchecked) @usableFromInline var suspended: UnsafeMutablePointer<cgreenlet_context>?
    /// Who waits in `resume(_:)`.
    @exclusivity(unchecked) @usableFromInline var waiting: UnsafeMutablePointer<cgreenlet_context>?
    @exclusivity(unchecked) private(set) var isFinished = false
    /// Whose both sides are.
    @usableFromInline let thread = UnsafePointer(cgreenlet_thread_current())

    init() {}

    @inlinable
    @inline(__always)
    func enter(
        _ destination: UnsafeMutablePointer<cgreenlet_context>,
        from here: UnsafeMutablePointer<cgreenlet_context>
    ) {
        waiting = here
        cgreenlet_switch(here, destination)
    }

    /// What came back to `resume(_:)`.
    @inlinable
    @inline(__always)
    func takeOutput() throws -> Output {
        if !cgreenlet_has_delivery(), let value = output {
            output = nil
            return value
        }
        return try takeEnd()
    }

    /// The body has ended, or somebody else switched to the greenlet that waits.
    @usableFromInline
    @inline(never)
    func takeEnd() throws -> Output {
        let wasWaiting = waiting != nil
        leaveOff()
        if cgreenlet_has_delivery() { try dropDelivery() }
        if let value = output.take() { return value }
        if isFinished, !wasWaiting { throw GreenletExit() }
        throw GreenletError(
            .invalidSwitch,
            "\(RawGreenlet.current) waited for a coroutine, and another greenlet switched to it; let the coroutine suspend"
        )
    }

    @inlinable
    @inline(__always)
    func takeInput() throws -> Input {
        guard let value = input else { throw enteredByHand() }
        input = nil
        return value
    }

    /// Nobody waits any more: the body must not go back there.
    func leaveOff() { waiting = nil }

    /// The body ends: control goes to whoever waits.
    func end() {
        isFinished = true
        suspended = nil
        let thread = GreenletThread.current
        // Dropped, or its thread ends: its end goes to whoever happens to run.
        guard let waiting, !thread.isEnding else { return }
        thread.setSuccessor(RawGreenlet.handle(on: waiting, of: thread))
        leaveOff()
    }

    /// The thread has something to look at before the body stops, or this isn't its thread.
    @usableFromInline
    @inline(never)
    func leaveWithCare() throws {
        let thread = GreenletThread.current
        guard self.thread == UnsafePointer(thread.record) else {
            throw GreenletError(
                .wrongThread,
                "can't suspend a coroutine on \(thread.name): it belongs to another thread; suspend within its body only"
            )
        }
        thread.adoptIfUnreachable()
    }

    @usableFromInline
    @inline(never)
    func nobodyWaits() -> GreenletError {
        GreenletError(
            .invalidSwitch,
            "can't suspend a coroutine in \(RawGreenlet.current): nobody has resumed it; suspend within its body only"
        )
    }

    @usableFromInline
    @inline(never)
    func enteredByHand() -> GreenletError {
        GreenletError(
            .invalidSwitch,
            "\(RawGreenlet.current) runs a coroutine, and another greenlet switched to it; resume the coroutine instead"
        )
    }
}
