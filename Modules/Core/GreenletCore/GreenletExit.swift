// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The error that asks a greenlet to end, and that ends it silently.

/// Ends a greenlet quietly when it is thrown out of its body.
///
/// Thrown at the switch point of a greenlet that is killed, or whose last reference was dropped. It is control flow,
/// not failure: a greenlet that ends with it counts as successful, and nothing is reported. Swift's plain `catch`
/// catches it like any other error; let it pass.
///
/// greenlet: `GreenletExit`.
public struct GreenletExit: Error, Hashable, Sendable, CustomStringConvertible {
    /// Creates the error.
    public init() {}

    /// `GreenletExit`.
    public var description: String { "GreenletExit" }
}
