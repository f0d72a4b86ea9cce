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
@available(*, unavailable, renamed: "SignalWatcher.init(_:keepsHubAlive:_:)")
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

/// Use `sleep(_:keepsHubAlive:)`.
@available(*, unavailable, renamed: "sleep(_:keepsHubAlive:)")
public func sleep(_ seconds: Double, ref: Bool) {}

/// Use `AnyGreenlet.kill(with:wait:timeout:)`.
@available(*, unavailable, message: "use greenlet.kill(wait: false)")
public func kill(_ greenlet: AnyGreenlet, _ exception: any Error = GreenletExit()) {}

/// Use `Hub.turnBudget`.
@available(*, unavailable, message: "use Hub.current.turnBudget")
public func getswitchinterval() {}

/// Use `Hub.turnBudget`.
@available(*, unavailable, message: "set Hub.current.turnBudget")
public func setswitchinterval(_ seconds: Double) {}

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

    /// Use `printError(of:_:)`.
    @available(*, unavailable, renamed: "printError(of:_:)")
    public func print_exception() {}

    /// Use `errorOutput`.
    @available(*, unavailable, renamed: "errorOutput")
    public var exception_stream: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "greenlets describe themselves; for another form set errorHandler")
    public var format_context: Never { fatalError("unavailable") }

    /// Use `errorHandler`.
    @available(*, unavailable, message: "no error goes to the main greenlet by itself; set errorHandler")
    public func handle_system_error() {}

    /// Use `cancelWaits(on:with:)`, or that of a watcher.
    @available(*, unavailable, message: "use cancelWaits(on:with:), or the watcher's cancelWaits(with:)")
    public func cancel_wait(_ watcher: DescriptorWatcher, _ error: any Error) {}

    /// Use `cancelWaits(on:with:)`, and close the descriptor.
    @available(*, unavailable, message: "use cancelWaits(on:with:), and close the descriptor")
    public func cancel_waits_close_and_then(_ watchers: [DescriptorWatcher], _ error: any Error) {}

    /// Use what stands for its functions here.
    @available(
        *,
        unavailable,
        message: "use runCallback, TimerWatcher, SignalWatcher, DescriptorWatcher, ChildWatcher or FileStatusWatcher"
    )
    public var loop: Never { fatalError("unavailable") }

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

extension Timeout {
    /// Use `start()`.
    @available(*, unavailable, message: "make one, and start() it; or use withTimeout(_:_:)")
    public static func start_new(_ seconds: Double?, _ exception: (any Error)? = nil, ref: Bool = true) {}

    /// Use `cancel()`.
    @available(*, unavailable, renamed: "cancel()")
    public func close() {}

    /// Use `isPending`.
    @available(*, unavailable, renamed: "isPending")
    public var pending: Never { fatalError("unavailable") }

    /// Use `duration`.
    @available(*, unavailable, renamed: "duration")
    public var seconds: Never { fatalError("unavailable") }
}

extension Waiter {
    /// Use `wake()`, and an `AsyncResult` for one that carries a value.
    @available(*, unavailable, message: "use wake(); an AsyncResult carries a value")
    public func `switch`<Value>(_ value: Value) {}

    /// Use `wake(throwing:)`.
    @available(*, unavailable, renamed: "wake(throwing:)")
    public func `throw`(_ error: any Error) {}

    /// Use `park(for:timeout:)`, and an `AsyncResult` for one that carries a value.
    @available(*, unavailable, message: "use park(for:timeout:); an AsyncResult carries a value")
    public func get() {}
}

extension TimerWatcher {
    /// Use `cancel()`.
    @available(*, unavailable, renamed: "cancel()")
    public func stop() {}
}

/// Use `GreenletError` with `.blockingInHub`.
@available(*, unavailable, message: "it is a GreenletError with .blockingInHub")
public typealias BlockingSwitchOutError = GreenletError

/// Use `GreenletError` with `.invalidSwitch`.
@available(*, unavailable, message: "it is a GreenletError with .invalidSwitch")
public typealias InvalidSwitchError = GreenletError

/// Use `GreenletError` with `.concurrentUse`.
@available(*, unavailable, message: "it is a GreenletError with .concurrentUse")
public typealias ConcurrentObjectUseError = GreenletError

/// Use `GreenletError` with `.wrongThread`.
@available(*, unavailable, message: "it is a GreenletError with .wrongThread")
public typealias InvalidThreadUseError = GreenletError

/// Use `GreenletError` with `.hubDestroyed`.
@available(*, unavailable, message: "it is a GreenletError with .hubDestroyed; greenlets end by GreenletExit")
public typealias HubDestroyed = GreenletError

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
