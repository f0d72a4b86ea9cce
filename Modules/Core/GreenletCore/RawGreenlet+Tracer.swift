// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Watching the switches of a thread, as monitors and profilers do.

/// A switch that has just happened: what a tracer is told.
public struct SwitchEvent {
    /// How control passed.
    @nonexhaustive
    public enum Kind: Hashable, Sendable {
        /// With a value, or the result of a body that ended.
        case `switch`
        /// With an error: thrown in by hand, or what a body ended with.
        case `throw`
    }

    /// How control passed.
    public let kind: Kind
    /// Who ran before; dead, if its body has just ended.
    public let origin: RawGreenlet
    /// Who runs now.
    public let target: RawGreenlet
}

extension SwitchEvent: CustomStringConvertible {
    /// `switch <RawGreenlet …> -> <RawGreenlet …>`.
    public var description: String { "\(kind) \(origin) -> \(target)" }
}

@available(*, unavailable)
extension SwitchEvent: Sendable {}

extension RawGreenlet {
    /// Is told of each switch by hand, in the greenlet that was entered.
    public typealias Tracer = (SwitchEvent) throws -> Void

    /// The tracer of this thread.
    ///
    /// Not a switch point.
    ///
    /// greenlet: `gettrace()`.
    public static var tracer: Tracer? { GreenletThread.current.tracer }

    /// Sets who is told of the switches of this thread; nil for nobody.
    ///
    /// Not a switch point.
    ///
    /// The tracer is called in the target, right after the switch and before anything else there. It may switch, which is
    /// traced in turn. If it throws, nobody is told any more, not even another tracer that it has set itself, and its error
    /// surfaces in the target instead of what was handed over; a body that was about to begin doesn't.
    ///
    /// It sees the switches of raw greenlets: by `switch`, by `throw`, and where control goes when a body ends. What a
    /// scheduler does (`GreenletHub` when greenlets wait) it doesn't see: the origin of the next event may then be
    /// another greenlet than the target of the last. While a tracer is set, `switch(to:)` takes its slow way; without
    /// one, tracing costs nothing.
    ///
    /// - Parameter tracer: Who to tell. Later versions may know other kinds of event: ignore those.
    /// - Returns: Who was told until now.
    ///
    /// greenlet: `settrace()`.
    @discardableResult
    public static func setTracer(_ tracer: Tracer?) -> Tracer? {
        let thread = GreenletThread.current
        let previous = thread.tracer
        thread.tracer = tracer
        thread.updateAttention()
        return previous
    }
}

extension GreenletThread {
    /// Tells the tracer.
    ///
    /// - Returns: What the target receives: `parcel`, or the error of a tracer that is no more.
    func traced(_ parcel: Parcel, from origin: RawGreenlet, to target: RawGreenlet) -> Parcel {
        guard let tracer else { return parcel }
        let kind: SwitchEvent.Kind
        switch parcel {
        case .value: kind = .switch
        case .error: kind = .throw
        }
        do {
            try tracer(SwitchEvent(kind: kind, origin: origin, target: target))
            return parcel
        } catch {
            self.tracer = nil
            updateAttention()
            return .error(error)
        }
    }
}
