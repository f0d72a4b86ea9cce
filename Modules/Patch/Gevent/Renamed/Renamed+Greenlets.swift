// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler. Here: greenlets, groups and pools.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletHub

extension AnyGreenlet {
    /// Use `start(after:)`.
    @available(*, unavailable, renamed: "start(after:)")
    public func start_later(_ seconds: Double) {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public func ready() {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public var dead: Never { fatalError("unavailable") }

    /// Use `isActive`.
    @available(*, unavailable, renamed: "isActive")
    public var started: Never { fatalError("unavailable") }

    /// Use `outcome`.
    @available(*, unavailable, message: "use outcome?.get(), which is nil before the end")
    public func get(block: Bool) {}

    /// Use `kill(with:wait:timeout:)`.
    @available(*, unavailable, message: "use kill(wait:)")
    public func kill(block: Bool) {}

    /// Use `id`.
    @available(*, unavailable, renamed: "id")
    public var minimal_ident: Never { fatalError("unavailable") }

    /// Use `isSuccessful`.
    @available(*, unavailable, renamed: "isSuccessful")
    public func successful() {}

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exception: Never { fatalError("unavailable") }

    /// Use `error`: errors hang on no frame.
    @available(*, unavailable, renamed: "error")
    public var exc_info: Never { fatalError("unavailable") }

    /// Use `SpawnTreeLocal`, which is bound for a scope.
    @available(*, unavailable, message: "use a SpawnTreeLocal, which is bound for a scope")
    public var spawn_tree_locals: Never { fatalError("unavailable") }

    /// Use `unlinkAll()`.
    @available(*, unavailable, renamed: "unlinkAll()")
    public func unlink_all() {}

    /// Use `hasLinks`.
    @available(*, unavailable, renamed: "hasLinks")
    public func has_links() {}

    /// Use `spawner`.
    @available(*, unavailable, renamed: "spawner")
    public var spawning_greenlet: Never { fatalError("unavailable") }

    /// Use `spawnSite` or `spawnBacktrace`.
    @available(*, unavailable, renamed: "spawnBacktrace")
    public var spawning_stack: Never { fatalError("unavailable") }
}

extension Greenlet {
    /// Use `AsyncResult.take(_:)`.
    @available(*, unavailable, message: "use take(_:) of the result")
    public func link(_ result: AsyncResult<Value>) {}

    /// Use `linkValue(_:)`.
    @available(*, unavailable, renamed: "linkValue(_:)")
    public func link_value(_ callback: (Greenlet<Value>) -> Void) {}

    /// Use `linkError(_:)`.
    @available(*, unavailable, renamed: "linkError(_:)")
    public func link_exception(_ callback: (Greenlet<Value>) -> Void) {}

    /// Use `Hub.addSpawnCallback(_:)`.
    @available(*, unavailable, message: "use Hub.current.addSpawnCallback(_:)")
    public static func add_spawn_callback(_ callback: (Greenlet<Value>) -> Void) {}

    /// Use `Hub.removeSpawnCallback(_:)`.
    @available(*, unavailable, message: "use Hub.current.removeSpawnCallback(_:)")
    public static func remove_spawn_callback(_ callback: (Greenlet<Value>) -> Void) {}
}

extension AnyGroup {
    /// Use `lazyMap(_:limit:ordered:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:limit:ordered:_:)")
    public func imap<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `lazyMap(_:limit:ordered:_:)`.
    @available(*, unavailable, message: "use lazyMap(zip(…, …))")
    public func imap<First, Second, Result>(
        _ function: (First, Second) throws -> Result,
        _ first: [First],
        _ second: [Second]
    ) {}

    /// Use `lazyMap(_:limit:ordered:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:ordered: false, _:)")
    public func imap_unordered<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `applyAsync(name:file:line:_:)`, and link what it returns in place of a callback.
    @available(*, unavailable, message: "use applyAsync { … }, and link(_:) on what it returns in place of a callback")
    public func apply_async<Result>(_ function: () throws -> Result, callback: ((Result) -> Void)? = nil) {}

    /// Use `apply(file:line:_:)`, whose caller has the result.
    @available(*, unavailable, message: "use apply { … }, and spawn what the callback does with its result")
    public func apply_cb<Result>(_ function: () throws -> Result, callback: ((Result) -> Void)? = nil) {}

    /// Use `mapAsync(_:file:line:_:)`, and link what it returns in place of a callback.
    @available(*, unavailable, message: "use mapAsync(_:_:), and link(_:) on what it returns in place of a callback")
    public func map_async<Item, Result>(
        _ function: (Item) throws -> Result,
        _ items: [Item],
        callback: (([Result]) -> Void)? = nil
    ) {}

    /// Use `map(_:file:line:_:)`, whose caller has the results.
    @available(*, unavailable, message: "use map(_:_:), and call the callback with its results")
    public func map_cb<Item, Result>(
        _ function: (Item) throws -> Result,
        _ items: [Item],
        callback: (([Result]) -> Void)? = nil
    ) {}

    /// Use `join(timeout:raisingErrors:)`.
    @available(*, unavailable, renamed: "join(timeout:raisingErrors:)")
    public func join(timeout: Double? = nil, raise_error: Bool) {}

    /// Use `killOne(_:with:wait:timeout:)`.
    @available(*, unavailable, renamed: "killOne(_:)")
    public func killone(_ greenlet: AnyGreenlet) {}

    /// Use `isFull`.
    @available(*, unavailable, renamed: "isFull")
    public func full() {}
}

extension Pool {
    /// Use `tryStart(_:)`.
    @available(*, unavailable, message: "use tryStart(_:)")
    public func start(_ greenlet: AnyGreenlet, blocking: Bool) {}

    /// Use `tryAdd(_:)`.
    @available(*, unavailable, message: "use tryAdd(_:)")
    public func add(_ greenlet: AnyGreenlet, blocking: Bool) {}

    /// Use `freeCount`.
    @available(*, unavailable, renamed: "freeCount")
    public func free_count() {}

    /// Use `waitAvailable(timeout:)`.
    @available(*, unavailable, renamed: "waitAvailable(timeout:)")
    public func wait_available(_ timeout: Double? = nil) {}
}

/// Nothing throws it: `start(_:timeout:)` and `add(_:timeout:)` return false, `trySpawn` nil.
@available(*, unavailable, message: "start(_:timeout:), add(_:timeout:) and tryStart(_:) return false, trySpawn nil")
public struct PoolFull: Error {}
