// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A row in a table of blocking calls: what is called, on what, and what lets it go on.

import GreenletCore
import GreenletHub

/// One public call that can wait, together with something on which it does.
package struct BlockingCall: Sendable, CustomStringConvertible {
    /// Who goes on when it is served once.
    package enum Kind: Sendable {
        /// Of those who wait, the first.
        case first
        /// All who wait.
        case all
        /// All who wait; and if one gives up, all must.
        case together
        /// Nobody else can wait at the same place, and it is served from outside of this thread.
        case alone
        /// Nobody: time alone ends it.
        case nobody
    }

    /// As its declaration says: `Type.name(label:_:)`.
    package let declaration: String
    private let variant: String
    package let kind: Kind
    /// Whether it has a time limit of its own.
    package let isLimited: Bool
    /// Whether the hub reckons with an end from outside, so that no wait is for ever.
    package let isForOutside: Bool
    package let scene: @Sendable () throws -> Scene

    /// A row.
    ///
    /// - Parameters:
    ///   - declaration: What is called; a parameter named `timeout` is its own time limit.
    ///   - variant: On what, if the declaration alone doesn't say that.
    ///   - kind: Who goes on when it is served.
    ///   - isLimited: Whether it has a limit of its own, where the declaration doesn't show it.
    ///   - isForOutside: Whether something outside of the hub's greenlets may end it at any time.
    ///   - scene: Makes a place where it waits.
    package init(
        _ declaration: String,
        of variant: String = "",
        _ kind: Kind,
        isLimited: Bool? = nil,
        isForOutside: Bool = false,
        _ scene: @escaping @Sendable () throws -> Scene
    ) {
        self.declaration = declaration
        self.variant = variant
        self.kind = kind
        self.isLimited = isLimited ?? declaration.contains("timeout:")
        self.isForOutside = isForOutside
        self.scene = scene
    }

    package var description: String { variant.isEmpty ? declaration : "\(declaration) of \(variant)" }
}

/// A place where a call waits until it is served.
package struct Scene {
    private let call: (Duration?) throws -> Bool
    /// Lets it go on, once; whom it wakes doesn't run before it returns.
    package let serve: () throws -> Void
    /// Ends whatever the place consists of.
    package let end: () throws -> Void

    /// A place.
    ///
    /// - Parameters:
    ///   - serve: Lets it go on, once.
    ///   - end: Ends whatever the place consists of.
    ///   - call: Calls it; returns false if it says by its result that its time is over.
    package init(
        serve: @escaping () throws -> Void = {},
        end: @escaping () throws -> Void = {},
        call: @escaping (Duration?) throws -> Bool
    ) {
        self.serve = serve
        self.end = end
        self.call = call
    }

    /// Calls it.
    ///
    /// Returns whether it was served: false if it said that its own time is over, by its result or by a `Timeout`.
    package func run(_ timeout: Duration?) throws -> Bool {
        do {
            return try call(timeout)
        } catch let own as Timeout where "\(own)".contains(": ") {
            return false  // it names the operation: nobody's but the call's own
        }
    }
}
