// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A variable that is bound for a scope, and for all greenlets that are spawned in it.

import CGreenletCore

/// What `SpawnTreeLocal`s are bound to.
///
/// A dictionary, which shares its storage with those who inherit it, and not a list of bindings: greenlets that spawn each
/// other for ever would make that longer and longer.
typealias SpawnTree = [ObjectIdentifier: TreeBinding]

/// A variable that is bound for a scope; greenlets that are spawned in the scope see the same value, to their end.
///
/// ```swift
/// let requestID = SpawnTreeLocal("none")
/// try requestID.withValue("r-17") {
///     spawn { log(requestID.value) }  // r-17, as do those that it spawns
/// }
/// ```
///
/// A greenlet inherits at its creation; what its parent binds later is the parent's affair. A callback of `link` inherits
/// where it is linked. Raw greenlets and callbacks of the hub inherit nothing.
///
/// When not to use it: for what a greenlet changes as it goes, see ``GreenletLocal``.
///
/// gevent: `Greenlet.spawn_tree_locals`.
public final class SpawnTreeLocal<Value>: Sendable {
    private let fallback: @Sendable () -> Value

    /// Creates a local.
    ///
    /// Not a switch point.
    ///
    /// - Parameter fallback: Its value where it isn't bound, evaluated at each look.
    public init(_ fallback: @autoclosure @escaping @Sendable () -> Value) { self.fallback = fallback }

    /// What it is bound to here.
    ///
    /// Not a switch point.
    public var value: Value {
        guard let binding = Hub.ifPresent?.spawnTree[ObjectIdentifier(self)] else { return fallback() }
        // Safe because this local alone puts bindings there under its address, and they keep it alive.
        return unsafeDowncast(binding, to: Binding<Value>.self).value
    }

    /// Binds it while `body` runs.
    ///
    /// Switch point, if `body` is.
    ///
    /// - Parameters:
    ///   - value: What to bind it to.
    ///   - body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    ///
    /// Swift: `TaskLocal.withValue`.
    public func withValue<Result>(_ value: Value, _ body: () throws -> Result) rethrows -> Result {
        let hub = Hub.current
        hub.looksAtSpawns = true
        let extras = hub.currentGreenlet.ensuredExtras
        let outer = extras.tree
        extras.tree[ObjectIdentifier(self)] = Binding(value, of: self)
        defer { extras.tree = outer }
        return try body()
    }
}

/// What one local is bound to; keeps the local alive, so that its address is nobody else's.
class TreeBinding {
    private let local: AnyObject

    fileprivate init(of local: AnyObject) { self.local = local }
}

private final class Binding<Value>: TreeBinding {
    let value: Value

    init(_ value: Value, of local: AnyObject) {
        self.value = value
        super.init(of: local)
    }
}

extension AnyGreenlet {
    /// Runs `body` on this greenlet, which is the current one, with what `other` sees.
    func withTree(of other: AnyGreenlet, _ body: () throws -> Void) rethrows {
        let tree = other.extras?.tree ?? [:]
        if other === self || tree.isEmpty && extras?.tree.isEmpty != false { return try body() }
        let extras = ensuredExtras
        let outer = extras.tree
        extras.tree = tree
        defer { extras.tree = outer }
        try body()
    }
}

extension Hub {
    /// What a greenlet that is made now inherits.
    @inline(__always)
    var spawnTree: SpawnTree {
        guard let extras = extrasHere else { return [:] }
        return extras.tree
    }

    /// The extras of whoever runs now, if there are any.
    @inline(__always)
    private var extrasHere: Extras? {
        guard let scheduled = record.pointee.current.pointee.scheduled else { return extrasOfHub }
        return Unmanaged<AnyGreenlet>.fromOpaque(scheduled)._withUnsafeGuaranteedRef { $0.extras }
    }

    /// Something to inherit, in new extras; nil if there is nothing, which is the rule.
    @inline(never)
    func inheritance() -> Extras? {
        let inherited = extrasHere.flatMap { Self.inheritance(of: $0.tree) }
        guard keepsSpawns else { return inherited }
        let extras = inherited ?? Extras()
        extras.spawn = SpawnRecord(self)
        return extras
    }

    static func inheritance(of tree: SpawnTree) -> Extras? { tree.isEmpty ? nil : Extras(tree: tree) }
}
