// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who spawned a greenlet, and from where.

import CGreenletCore
public import GreenletCore

/// A place in a source file.
public struct SpawnSite: Sendable, CustomStringConvertible {
    /// The file, as `#fileID` writes it: `Module/File.swift`.
    public let file: StaticString
    /// The line.
    public let line: UInt

    package init(_ file: StaticString, _ line: UInt) {
        self.file = file
        self.line = line
    }

    /// `Module/File.swift:12`.
    public var description: String { "\(file):\(line)" }
}

/// What is kept of the moment of a spawn, while `Hub.tracksSpawning`.
struct SpawnRecord {
    private(set) weak var spawner: AnyGreenlet?
    private let addresses: [UInt]
    /// How many frames are told.
    private static let depth = 10
    /// How many of this module's own may lie above them.
    private static let ownDepth = 10

    /// Of the greenlet that runs now.
    @inline(never)
    init(_ hub: Hub) {
        let running = hub.record.pointee.current
        // The hub itself spawns nothing in anybody's name.
        spawner = hub.isRunningLoop ? nil : hub.currentGreenlet
        // No closure around the call: its frames would be the first.
        let limit = Self.depth + Self.ownDepth
        let buffer = UnsafeMutablePointer<UInt>.allocate(capacity: limit)
        defer { buffer.deallocate() }
        let count = cgreenlet_backtrace(running, buffer, limit)
        addresses = Array(UnsafeBufferPointer(start: buffer, count: count))
    }

    /// From the function that called `spawn` or the like.
    var backtrace: [RawGreenlet.Frame] {
        let frames = addresses.map { RawGreenlet.Frame(returningTo: $0) }
        let creation = frames.prefix(Self.ownDepth).lastIndex { $0.function.hasSuffix("Greenlet.init") } ?? -1
        return Array(frames[(creation + 1)...].drop { $0.function.hasPrefix("GreenletHub.") }.prefix(Self.depth))
    }
}

extension Hub {
    /// Whether greenlets that are created from now on remember who spawned them, and with which calls.
    ///
    /// False unless set: it costs two allocations and a look at ten frames for each. The place in the source is known
    /// without it: ``AnyGreenlet/spawnSite``.
    ///
    /// gevent: `GEVENT_TRACK_GREENLET_TREE`.
    public var tracksSpawning: Bool {
        get { keepsSpawns }
        set {
            keepsSpawns = newValue
            if newValue { looksAtSpawns = true }
        }
    }

    /// Calls `callback` with each greenlet of this hub that is started, before its turn comes.
    ///
    /// Not a switch point. Callbacks run in the greenlet that starts the other, in the order they were added; they
    /// must not block. What they do counts for each spawn. Those in which links run are no spawns. Of what it starts itself
    /// a callback is not told.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for ``removeSpawnCallback(_:)``.
    ///
    /// gevent: `Greenlet.add_spawn_callback`.
    @discardableResult
    public func addSpawnCallback(_ callback: @escaping (AnyGreenlet) -> Void) -> SpawnCallbackID {
        lastSpawnCallback += 1
        let id = SpawnCallbackID(number: lastSpawnCallback)
        spawnCallbacks = (spawnCallbacks ?? []) + [(id, callback)]
        return id
    }

    /// Takes a callback back; does nothing if that happened before.
    ///
    /// Not a switch point.
    ///
    /// - Parameter id: What ``addSpawnCallback(_:)`` returned.
    ///
    /// gevent: `Greenlet.remove_spawn_callback`.
    public func removeSpawnCallback(_ id: SpawnCallbackID) {
        // What is taken back ends afterwards, for what it captured may do the same.
        let former = spawnCallbacks
        let rest = former?.filter { $0.id != id }
        spawnCallbacks = rest?.isEmpty == true ? nil : rest
        withExtendedLifetime(former) {}
    }

    @inline(never)
    func tellOfSpawn(_ greenlet: AnyGreenlet) {
        for (id, callback) in spawnCallbacks ?? [] where spawnCallbacksAtWork.insert(id).inserted {
            defer { spawnCallbacksAtWork.remove(id) }
            callback(greenlet)
        }
    }
}

/// Names a callback of ``Hub/addSpawnCallback(_:)``, to take it back.
public struct SpawnCallbackID: Hashable, Sendable {
    fileprivate let number: Int
}

extension AnyGreenlet {
    /// Where it was spawned; nil for a thread's main greenlet and for raw greenlets.
    ///
    /// gevent: the innermost frame of `Greenlet.spawning_stack`.
    public final var spawnSite: SpawnSite? { origin }

    /// Who spawned it.
    ///
    /// Nil unless ``Hub/tracksSpawning`` was set then; nil when it has ended, and when nobody holds its spawner any more.
    ///
    /// gevent: `Greenlet.spawning_greenlet`.
    public final var spawner: AnyGreenlet? { extras?.spawn?.spawner }

    /// With which calls it was spawned, the innermost function first; ten at most.
    ///
    /// Empty unless ``Hub/tracksSpawning`` was set then, and when it has ended. Names are looked up here: for diagnosis.
    ///
    /// gevent: `Greenlet.spawning_stack`.
    public final var spawnBacktrace: [RawGreenlet.Frame] {
        extras?.spawn?.backtrace ?? []
    }
}

extension RawGreenlet.Frame {
    /// Its name without generic arguments and parameters.
    fileprivate var function: Substring { symbol?.prefix { $0 != "(" && $0 != "<" } ?? "" }
}
