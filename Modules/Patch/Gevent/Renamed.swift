// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletHub

/// Use `spawn(after:_:_:)`.
@available(*, unavailable, renamed: "spawn(after:_:_:)")
public func spawn_later(_ seconds: Double, _ function: @escaping () throws -> Void) {}

/// Use `spawn(_:_:)`.
@available(*, unavailable, renamed: "spawn(_:_:)")
public func spawn_raw(_ function: @escaping () throws -> Void) {}

/// Use `withTimeout(_:default:_:)`.
@available(*, unavailable, renamed: "withTimeout(_:default:_:)")
public func with_timeout(_ seconds: Double, _ function: @escaping () throws -> Void) {}

/// Use `GreenletLocal`.
@available(*, unavailable, renamed: "GreenletLocal")
public typealias local<Value> = GreenletLocal<Value>

/// Use `SignalWatcher`.
@available(*, unavailable, renamed: "SignalWatcher.init(_:_:)")
public func signal_handler(_ signal: CInt, _ handler: @escaping () throws -> Void) {}

/// Use `waitRead(_:timeout:)`.
@available(*, unavailable, renamed: "waitRead(_:timeout:)")
public func wait_read(_ descriptor: CInt, _ timeout: Double? = nil) {}

/// Use `waitWrite(_:timeout:)`.
@available(*, unavailable, renamed: "waitWrite(_:timeout:)")
public func wait_write(_ descriptor: CInt, _ timeout: Double? = nil) {}

/// Use `cancelWaits(on:)`.
@available(*, unavailable, renamed: "cancelWaits(on:)")
public func cancel_wait(_ descriptor: CInt) {}

/// Use `Hub.current`.
@available(*, unavailable, renamed: "Hub.current")
public func get_hub() {}

/// Use `Hub.runInfo(frames:)`.
@available(*, unavailable, message: "use Hub.current.runInfo(frames:)")
public func format_run_info() {}

/// Use `forkAndWatch()`.
@available(*, unavailable, renamed: "forkAndWatch()", message: "spawn a greenlet that waits, in place of the callback")
public func fork_and_watch() {}

/// Use `Hub.fork()`: the child's hub needs nothing else.
@available(*, unavailable, message: "not needed: a hub notices a fork by itself, whoever called it")
public func reinit() {}

extension Hub {
    /// Use `errorHandler`.
    @available(*, unavailable, renamed: "errorHandler")
    public func handle_error() {}

    /// Use `errorHandler`.
    @available(*, unavailable, message: "set errorHandler; its default prints")
    public func print_exception() {}

    /// Use `errorHandler`.
    @available(*, unavailable, message: "GreenletExit is never reported; for others set errorHandler")
    public var NOT_ERROR: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "no error ends the program by itself; set errorHandler, and call exit there")
    public var SYSTEM_ERROR: Never { fatalError("unavailable") }

    /// Use `startMonitoring(limit:_:)`.
    @available(*, unavailable, renamed: "startMonitoring(limit:_:)")
    public func start_periodic_monitoring_thread() {}

    /// Use `destroy()`.
    @available(*, unavailable, renamed: "destroy()")
    public func destroy(destroy_loop: Bool) {}
}

extension Monkey {
    /// Use `patchAll()`.
    @available(*, unavailable, renamed: "patchAll()")
    public static func patch_all() {}

    /// Use `patchSocket()`.
    @available(*, unavailable, renamed: "patchSocket()")
    public static func patch_socket() {}

    /// Use `patchTime()`.
    @available(*, unavailable, renamed: "patchTime()")
    public static func patch_time() {}

    /// Use `patchSelect()`.
    @available(*, unavailable, renamed: "patchSelect()")
    public static func patch_select() {}

    /// Use `isPatched(_:)`.
    @available(*, unavailable, renamed: "isPatched(_:)")
    public static func is_module_patched(_ name: String) {}

    /// Use `original(_:)`.
    @available(*, unavailable, renamed: "original(_:)")
    public static func get_original(_ name: String) {}
}

extension Greenlet {
    /// Use `start(after:)`.
    @available(*, unavailable, renamed: "start(after:)")
    public func start_later(_ seconds: Double) {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public func ready() {}

    /// Use `isSuccessful`.
    @available(*, unavailable, renamed: "isSuccessful")
    public func successful() {}

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exception: Never { fatalError("unavailable") }

    /// Use `SpawnTreeLocal`, which is bound for a scope.
    @available(*, unavailable, message: "use a SpawnTreeLocal, which is bound for a scope")
    public var spawn_tree_locals: Never { fatalError("unavailable") }

    /// Use `linkValue(_:)`.
    @available(*, unavailable, renamed: "linkValue(_:)")
    public func link_value(_ callback: (Greenlet<Value>) -> Void) {}

    /// Use `linkError(_:)`.
    @available(*, unavailable, renamed: "linkError(_:)")
    public func link_exception(_ callback: (Greenlet<Value>) -> Void) {}

    /// Use `rawLink(_:)`.
    @available(*, unavailable, renamed: "rawLink(_:)")
    public func rawlink(_ callback: (Greenlet<Value>) -> Void) {}

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

    /// Use `Hub.addSpawnCallback(_:)`.
    @available(*, unavailable, message: "use Hub.current.addSpawnCallback(_:)")
    public static func add_spawn_callback(_ callback: (Greenlet<Value>) -> Void) {}
}

extension Group {
    /// Use `lazyMap(_:limit:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:limit:_:)")
    public func imap<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `lazyMap(_:limit:ordered:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:ordered: false, _:)")
    public func imap_unordered<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `spawn(_:)`.
    @available(*, unavailable, renamed: "spawn(_:)")
    public func apply_async<Result>(_ function: () throws -> Result) {}
}

extension Pool {
    /// Use `lazyMap(_:limit:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:limit:_:)")
    public func imap<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `lazyMap(_:limit:ordered:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:ordered: false, _:)")
    public func imap_unordered<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `spawn { try pool.apply { … } }`, which waits for its place in a greenlet of its own.
    @available(*, unavailable, message: "use spawn { try pool.apply { … } }")
    public func apply_async<Result>(_ function: () throws -> Result) {}
}

/// Use `ReentrantLock`.
@available(*, unavailable, renamed: "ReentrantLock")
public typealias RLock = ReentrantLock

/// Use `Queue`.
@available(*, unavailable, renamed: "Queue")
public typealias JoinableQueue<Element> = Queue<Element>

/// Use `QueueClosed`.
@available(*, unavailable, renamed: "QueueClosed")
public typealias ShutDown = QueueClosed

extension OrderedQueue {
    /// Use `tryPut(_:)`.
    @available(*, unavailable, renamed: "tryPut(_:)")
    public func put_nowait(_ item: Element) {}

    /// Use `tryGet()`.
    @available(*, unavailable, renamed: "tryGet()")
    public func get_nowait() {}

    /// Use `tryPeek()`.
    @available(*, unavailable, renamed: "tryPeek()")
    public func peek_nowait() {}

    /// Use `taskDone()`.
    @available(*, unavailable, renamed: "taskDone()")
    public func task_done() {}

    /// Use `unfinishedTasks`.
    @available(*, unavailable, renamed: "unfinishedTasks")
    public var unfinished_tasks: Never { fatalError("unavailable") }

    /// Use `count`.
    @available(*, unavailable, renamed: "count")
    public func qsize() {}

    /// Use `isClosed`.
    @available(*, unavailable, renamed: "isClosed")
    public var is_shutdown: Never { fatalError("unavailable") }
}

extension Condition {
    /// Use `notifyAll()`.
    @available(*, unavailable, renamed: "notifyAll()")
    public func notify_all() {}

    /// Use `wait(timeout:until:)`.
    @available(*, unavailable, renamed: "wait(timeout:until:)")
    public func wait_for(_ predicate: () throws -> Bool) {}
}

extension Barrier {
    /// Use `waitingCount`.
    @available(*, unavailable, renamed: "waitingCount")
    public var n_waiting: Never { fatalError("unavailable") }
}
