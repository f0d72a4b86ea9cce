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

/// Use `Hub.turnBudget`.
@available(*, unavailable, message: "set Hub.current.turnBudget")
public func setswitchinterval(_ seconds: Double) {}

/// Use `Hub.turnBudget`.
@available(*, unavailable, message: "look at Hub.current.turnBudget")
public func getswitchinterval() {}

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

    /// Use `errorHandler`.
    @available(*, unavailable, message: "set errorHandler; its default prints to standard error")
    public var exception_stream: Never { fatalError("unavailable") }

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

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public var dead: Never { fatalError("unavailable") }

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exc_info: Never { fatalError("unavailable") }

    /// Use `id`.
    @available(*, unavailable, renamed: "id")
    public var minimal_ident: Never { fatalError("unavailable") }

    /// Use `AsyncResult.take(_:)`.
    @available(*, unavailable, message: "use take(_:) of the result")
    public func link(_ result: AsyncResult<Value>) {}

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

    /// Use `Hub.removeSpawnCallback(_:)`.
    @available(*, unavailable, message: "use Hub.current.removeSpawnCallback(_:)")
    public static func remove_spawn_callback(_ callback: (Greenlet<Value>) -> Void) {}
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

    /// Use `freeCount`.
    @available(*, unavailable, renamed: "freeCount")
    public func free_count() {}

    /// Use `isFull`.
    @available(*, unavailable, renamed: "isFull")
    public func full() {}

    /// Use `waitAvailable(timeout:)`.
    @available(*, unavailable, renamed: "waitAvailable(timeout:)")
    public func wait_available(_ timeout: Double? = nil) {}
}

/// Use `ReentrantLock`.
@available(*, unavailable, renamed: "ReentrantLock")
public typealias RLock = ReentrantLock

/// Use no semaphore: an optional one that is nil limits nothing.
@available(*, unavailable, message: "use an optional Semaphore; nil limits nothing")
public typealias DummySemaphore = Semaphore

/// Use `Queue`.
@available(*, unavailable, renamed: "Queue")
public typealias JoinableQueue<Element> = Queue<Element>

/// Use `Queue`.
@available(*, unavailable, renamed: "Queue")
public typealias SimpleQueue<Element> = Queue<Element>

/// Use `Queue`, without a capacity.
@available(*, unavailable, renamed: "Queue")
public typealias UnboundQueue<Element> = Queue<Element>

/// Use `QueueClosed`.
@available(*, unavailable, renamed: "QueueClosed")
public typealias ShutDown = QueueClosed

/// Use `tryGet()`, which returns nil, or catch a `Timeout`.
@available(*, unavailable, message: "tryGet() and tryPeek() return nil; get(timeout:) throws a Timeout")
public typealias Empty = Timeout

/// Use `tryPut(_:)`, which returns false, or catch a `Timeout`.
@available(*, unavailable, message: "tryPut(_:) returns false; put(_:timeout:) throws a Timeout")
public typealias Full = Timeout

/// Use `trySpawn` or `add(_:timeout:)`.
@available(*, unavailable, message: "Pool.trySpawn returns nil, and Pool.add(_:timeout:) false")
public typealias PoolFull = Timeout

/// Catch a `GreenletError` with `.blockingInHub`.
@available(*, unavailable, message: "catch a GreenletError whose code is .blockingInHub")
public typealias BlockingSwitchOutError = GreenletError

/// Catch a `GreenletError` with `.invalidSwitch`.
@available(*, unavailable, message: "catch a GreenletError whose code is .invalidSwitch")
public typealias InvalidSwitchError = GreenletError

/// Catch a `GreenletError` with `.wrongThread`.
@available(*, unavailable, message: "catch a GreenletError whose code is .wrongThread")
public typealias InvalidThreadUseError = GreenletError

/// Catch a `GreenletError` with `.hubDestroyed`.
@available(*, unavailable, message: "catch a GreenletError whose code is .hubDestroyed")
public typealias HubDestroyed = GreenletError

extension Waiter {
    /// Use `wake()`.
    @available(*, unavailable, renamed: "wake()")
    public func `switch`() {}

    /// Use `wake(throwing:)`.
    @available(*, unavailable, renamed: "wake(throwing:)")
    public func `throw`(_ error: any Error) {}

    /// Use `park(for:timeout:)`.
    @available(*, unavailable, renamed: "park(for:timeout:)")
    public func get() {}
}

extension Timeout {
    /// Use `start()`.
    @available(*, unavailable, message: "make a Timeout, and start() it")
    public static func start_new(_ seconds: Double) {}

    /// Use `isPending`.
    @available(*, unavailable, renamed: "isPending")
    public var pending: Never { fatalError("unavailable") }

    /// Use `cancel()`.
    @available(*, unavailable, renamed: "cancel()")
    public func close() {}
}

extension Waitable {
    /// Use `rawLink(_:)`.
    @available(*, unavailable, renamed: "rawLink(_:)")
    public func rawlink(_ callback: (Self) -> Void) {}

    /// Use the description.
    @available(*, unavailable, message: "the description says how many wait")
    public func linkcount() {}
}

extension Event {
    /// Use `isSet`.
    @available(*, unavailable, renamed: "isSet")
    public func is_set() {}

    /// Use `isSet`.
    @available(*, unavailable, renamed: "isSet")
    public func ready() {}
}

extension AsyncResult {
    /// Use `setError(_:)`.
    @available(*, unavailable, renamed: "setError(_:)")
    public func set_exception(_ error: any Error) {}

    /// Use `set(_:)`.
    @available(*, unavailable, renamed: "set(_:)")
    public func set_result(_ value: Value) {}

    /// Use `tryGet()`.
    @available(*, unavailable, renamed: "tryGet()")
    public func get_nowait() {}

    /// Use `get(timeout:)`.
    @available(*, unavailable, renamed: "get(timeout:)")
    public func result(timeout: Double? = nil) {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public func ready() {}

    /// Use `isReady`.
    @available(*, unavailable, renamed: "isReady")
    public func done() {}

    /// Use `isSuccessful`.
    @available(*, unavailable, renamed: "isSuccessful")
    public func successful() {}

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exception: Never { fatalError("unavailable") }

    /// Use `error`.
    @available(*, unavailable, renamed: "error")
    public var exc_info: Never { fatalError("unavailable") }

    /// Nobody can: whoever works at it may be killed.
    @available(*, unavailable, message: "a result can't be cancelled; kill the greenlet that would set it")
    public func cancel() {}

    /// Nobody can: see `cancel()`.
    @available(*, unavailable, message: "a result can't be cancelled; setError(_:) says so to all who wait")
    public func cancelled() {}

    /// Use `take(_:)`.
    @available(*, unavailable, renamed: "take(_:)")
    public func callAsFunction(_ greenlet: Greenlet<Value>) {}
}

extension Semaphore {
    /// Use `value`.
    @available(*, unavailable, renamed: "value")
    public var counter: Never { fatalError("unavailable") }

    /// Use `isLocked`.
    @available(*, unavailable, renamed: "isLocked")
    public func locked() {}

    /// Use `isLocked`.
    @available(*, unavailable, message: "use isLocked, which is the contrary")
    public func ready() {}

    /// Use `tryAcquire()`.
    @available(*, unavailable, message: "use tryAcquire(), or acquire(timeout:)")
    public func acquire(blocking: Bool) {}
}

extension BoundedSemaphore {
    /// Use `value`.
    @available(*, unavailable, renamed: "value")
    public var counter: Never { fatalError("unavailable") }

    /// Use `isLocked`.
    @available(*, unavailable, renamed: "isLocked")
    public func locked() {}

    /// Use `isLocked`.
    @available(*, unavailable, message: "use isLocked, which is the contrary")
    public func ready() {}

    /// Use `tryAcquire()`.
    @available(*, unavailable, message: "use tryAcquire(), or acquire(timeout:)")
    public func acquire(blocking: Bool) {}
}

extension ReentrantLock {
    /// Use `isLocked`.
    @available(*, unavailable, renamed: "isLocked")
    public func locked() {}

    /// Use `tryAcquire()`.
    @available(*, unavailable, message: "use tryAcquire(), or acquire(timeout:)")
    public func acquire(blocking: Bool) {}
}

extension OrderedQueue {
    /// Use `capacity`.
    @available(*, unavailable, renamed: "capacity")
    public var maxsize: Never { fatalError("unavailable") }

    /// Use `tryPut(_:)`.
    @available(*, unavailable, renamed: "tryPut(_:)")
    public func put_nowait(_ item: Element) {}

    /// Use `tryPut(_:)`.
    @available(*, unavailable, message: "use tryPut(_:), or put(_:timeout:)")
    public func put(_ item: Element, block: Bool) {}

    /// Use `tryGet()`.
    @available(*, unavailable, renamed: "tryGet()")
    public func get_nowait() {}

    /// Use `tryGet()`.
    @available(*, unavailable, message: "use tryGet(), or get(timeout:)")
    public func get(block: Bool) {}

    /// Use `tryPeek()`.
    @available(*, unavailable, renamed: "tryPeek()")
    public func peek_nowait() {}

    /// Use `tryPeek()`.
    @available(*, unavailable, message: "use tryPeek(), or peek(timeout:)")
    public func peek(block: Bool) {}

    /// Use `isEmpty`.
    @available(*, unavailable, renamed: "isEmpty")
    public func empty() {}

    /// Use `isFull`.
    @available(*, unavailable, renamed: "isFull")
    public func full() {}

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
