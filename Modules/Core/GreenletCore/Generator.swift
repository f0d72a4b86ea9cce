// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A sequence whose elements are yielded by a function that reads from top to bottom.

/// A sequence that is written as a function: each `yield` is the next element.
///
/// ```swift
/// let squares = Generator<Int> { yield in
///     for number in 1...3 { try yield(number * number) }
/// }
/// for square in squares { print(square) }  // 1 4 9
/// ```
///
/// The body runs as far as elements are asked for, on a stack of its own, so functions that it calls may yield as well, to
/// any depth, and generators may be walked inside generators. It can be walked once: a second walk goes on where the
/// first stopped. When the last reference to an unfinished one goes, `GreenletExit` is thrown at its `yield`, and its
/// `defer`s run.
///
/// A `for` loop can't throw. If the body ends with an error the loop ends, and `failure` tells; or ask for the elements by
/// `nextElement()`, which throws it.
///
/// Belongs to the thread that created it.
///
/// Python: a generator function; greenlet: the `generator` of its examples.
public final class Generator<Element>: Sequence, IteratorProtocol {
    @usableFromInline let coroutine: Coroutine<Void, Element?>
    /// The error that the body ended with, or that was thrown into the greenlet that asked for an element.
    ///
    /// One that nobody has read when the generator goes is written to standard error, but for a `GreenletExit`: that is
    /// no failure.
    public var failure: (any Error)? {
        isFailureRead = true
        return error
    }
    private var error: (any Error)?
    private var isFailureRead = false

    /// Creates a generator.
    ///
    /// Not a switch point; the body starts when the first element is asked for.
    ///
    /// - Parameters:
    ///   - stackSize: Bytes of stack, reserved and not committed; 0 means the default.
    ///   - body: Calls `try yield(element)` for each element; let `GreenletExit` pass.
    public init(stackSize: Int = 0, _ body: @escaping (Yield) throws -> Void) {
        coroutine = Coroutine(stackSize: stackSize) { _, suspend in
            try body(Yield(suspend: suspend))
            return nil
        }
    }

    deinit {
        guard let error, !isFailureRead else { return }
        writeToStandardError("greenlet: a generator of \(Element.self) ended with an error that nobody read: \(error)")
    }

    /// Runs the body up to its next element.
    ///
    /// Switch point.
    ///
    /// Ends the loop also when an error, `GreenletExit` included, is thrown into the greenlet that asks: look at `failure`
    /// after a loop that may be ended so, or ask by `nextElement()`.
    ///
    /// - Returns: The element; nil when the body has ended, with an error or without.
    @inlinable
    public func next() -> Element? {
        do { return try nextElement() } catch {
            note(error)
            return nil
        }
    }

    /// Runs the body up to its next element, and throws what it ends with.
    ///
    /// Switch point.
    ///
    /// - Returns: The element; nil when the body has ended.
    /// - Throws: The body's error, once; a body that lets `GreenletExit` out has just ended, as any greenlet has then. What
    ///   is thrown into the greenlet that asks. `GreenletError` as `Coroutine.resume(_:)` does, but not `.finished`.
    @inlinable
    public func nextElement() throws -> Element? {
        if coroutine.passage.suspended == nil, coroutine.isFinished { return nil }
        do { return try coroutine.resume(()) } catch is GreenletExit where coroutine.isFinished {
            return nil
        }
    }

    @usableFromInline
    func note(_ error: any Error) {
        self.error = error
        isFailureRead = error is GreenletExit  // nothing that somebody should have read
    }

    /// How a body hands an element out.
    public struct Yield {
        @usableFromInline let suspend: Coroutine<Void, Element?>.Suspend

        /// Hands an element out, and stops until the next one is asked for.
        ///
        /// Switch point.
        ///
        /// - Parameter element: The next element.
        /// - Throws: `GreenletExit` when the last reference to the generator is gone: let it pass. `GreenletError` with
        ///   `.invalidSwitch` if it isn't called from within the body.
        @inlinable
        public func callAsFunction(_ element: Element) throws { try suspend(element) }

        /// Hands all elements of a sequence out, one after the other.
        ///
        /// Switch point.
        ///
        /// - Parameter elements: The next elements.
        /// - Throws: As `callAsFunction(_:)`; for another generator also what its body ends with.
        ///
        /// Python: `yield from`.
        @inlinable
        public func callAsFunction(contentsOf elements: some Sequence<Element>) throws {
            for element in elements { try suspend(element) }
            if let error = (elements as? Generator<Element>)?.failure { throw error }
        }
    }
}
