// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletCore
public import GreenletHub

/// Use `spawn(after:_:_:)`.
@available(*, unavailable, renamed: "spawn(after:_:_:)")
public func spawn_later(_ seconds: Double, _ function: @escaping () throws -> Void) {}

/// Use `spawn(_:_:)`.
@available(*, unavailable, renamed: "spawn(_:_:)")
public func spawn_raw(_ function: @escaping () throws -> Void) {}

/// Use `AnyGreenlet.kill(with:wait:timeout:)`.
@available(*, unavailable, message: "use greenlet.kill(wait: false)")
public func kill(_ greenlet: AnyGreenlet, _ error: any Error = GreenletExit()) {}

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

extension HubHandle {
    /// Use `runCallback(_:)`.
    @available(*, unavailable, renamed: "runCallback(_:)")
    public func run_callback_threadsafe(_ callback: @escaping @Sendable () -> Void) {}
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

extension AnyGroup {
    /// Use `lazyMap(_:limit:_:)`.
    @available(*, unavailable, message: "use lazyMap(_:limit:_:)")
    public func imap<Item, Result>(_ function: (Item) throws -> Result, _ items: [Item]) {}

    /// Use `lazyMap(_:limit:_:)`.
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

    /// Use `isFull`.
    @available(*, unavailable, renamed: "isFull")
    public func full() {}

    /// Use `waitAvailable(timeout:)`.
    @available(*, unavailable, renamed: "waitAvailable(timeout:)")
    public func wait_available(_ timeout: Double? = nil) {}
}

/// Nothing throws it: `start(_:timeout:)` and `add(_:timeout:)` return false, `trySpawn` nil.
@available(*, unavailable, message: "start(_:timeout:), add(_:timeout:) and tryStart(_:) return false, trySpawn nil")
public struct PoolFull: Error {}

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
