// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A greenlet with a value: spawned, scheduled by the hub, with an outcome that others can wait for.

import GreenletCore

/// A body that runs on a stack of its own, whenever the hub finds it runnable, and ends with an outcome.
///
/// It begins in the next turn of the hub, never inside `spawn`, and runs until it calls something that is marked as a
/// switch point. All greenlets of a thread take turns on that thread, so data that they share needs no lock between
/// two switch points.
///
/// ```swift
/// let answer = spawn {
///     try sleep(.milliseconds(10))
///     return 42
/// }
/// print(try answer.get())
/// ```
///
/// A greenlet lives until its body ends, whether or not anybody holds a reference.
///
/// When not to use it: for computation that should use several cores; greenlets of one thread share one.
///
/// gevent: `gevent.Greenlet`.
public final class Greenlet<Value>: AnyGreenlet {
    private var body: (() throws -> Value)?
    private var result: Outcome<Value>?
    /// Greenlets in `join` and `get`.
    private var joiners: WaitList?
    /// Those of them that will see the error.
    private var getters = 0
    private var links = Links<Greenlet<Value>>()
    private var stage = Stage.created

    private enum Stage {
        case created
        case scheduled
        case delayed(TimerID)
        case running
        case finished
    }

    /// Creates a greenlet that does nothing until `start()`.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was created, for messages.
    ///   - line: Where it was created, for messages.
    ///   - body: What to run.
    ///
    /// gevent: `Greenlet(run)`.
    public init(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) {
        self.body = body
        super.init(hub: Hub.current, origin: SpawnSite(file, line))
        if let name { self.name = name }
    }

    /// Schedules the body for the next turn of the hub.
    ///
    /// Does nothing if that happened before, or after the end.
    ///
    /// Not a switch point.
    ///
    /// gevent: `Greenlet.start`.
    public func start() {
        guard case .created = stage else { return }
        checkThread("start")
        stage = .scheduled
        hub.register(self)
        hub.enqueue(self)
    }

    /// Schedules the body for later.
    ///
    /// Does nothing if it was scheduled before. Not a switch point.
    ///
    /// - Parameter delay: How long to wait.
    ///
    /// gevent: `Greenlet.start_later`.
    public func start(after delay: Duration) {
        guard case .created = stage else { return }
        checkThread("start")
        hub.register(self)
        stage = .delayed(hub.addTimer(Deadline(after: delay), .start(self)))
    }

    override func startNow() {
        // Said here and now: whoever kills it from now on must leave it in the run queue.
        stage = .scheduled
        hub.enqueue(self)
    }

    override func run() {
        stage = .running
        guard let body else { return }
        self.body = nil
        do {
            try checkPending()
            finish(.value(try body()))
        } catch is GreenletExit {
            finish(.exited)
        } catch {
            finish(.failure(error))
        }
    }

    override func abandon(with error: any Error) {
        body = nil
        finish(error is GreenletExit ? .exited : .failure(error))
    }

    private func finish(_ outcome: Outcome<Value>) {
        if case .delayed(let timer) = stage { hub.removeTimer(timer) }
        stage = .finished
        result = outcome
        let isObserved = getters > 0 || links.isObserved
        joiners?.wakeAll()
        notifyLinks()
        if case .failure(let error) = outcome, !isObserved { hub.errorHandler(self, error) }
    }

    private func notifyLinks() {
        for link in links.take() {
            switch link.call {
            case .direct(let callback): callback()
            case .user: spawn(name: "link") { [self] in try links.takeCallback(link.id)?(self) }
            }
        }
    }

    private func addLink(observes: Bool, _ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        let id = links.add(.user(callback), observes: observes)
        if isReady { notifyLinks() }
        return id
    }

    override public var isReady: Bool {
        if case .finished = stage { return true }
        return false
    }

    override var anyError: (any Error)? { error }

    @discardableResult
    override package func onFinish(observing: Bool = false, _ callback: @escaping () -> Void) -> LinkID? {
        if !isReady { return links.add(.direct(callback), observes: observing) }
        callback()
        return nil
    }

    override package func removeLink(_ id: LinkID) { links.remove(id) }

    override func abandonUnstarted(with error: any Error) -> Bool {
        switch stage {
        case .created:
            abandon(with: error)
        case .delayed:
            abandon(with: error)
            hub.unregister(self)
        case .scheduled where context == nil:
            abandon(with: error)  // it stays in the run queue, and registered, until its turn comes
        case .scheduled, .running, .finished:
            return false
        }
        return true
    }
}

extension Greenlet {
    /// How it ended; nil until then.
    public var outcome: Outcome<Value>? { result }

    /// What the body returned; nil before the end, and if it failed or exited.
    ///
    /// gevent: `Greenlet.value`.
    public var value: Value? {
        if case .value(let value) = result { return value }
        return nil
    }

    /// What the body threw; nil before the end, and on success.
    ///
    /// gevent: `Greenlet.exception`.
    public var error: (any Error)? {
        if case .failure(let error) = result { return error }
        return nil
    }

    /// Whether it ended without an error.
    ///
    /// Having been killed with `GreenletExit` counts as success.
    ///
    /// gevent: `Greenlet.successful()`.
    public var isSuccessful: Bool {
        switch result {
        case .value, .exited: return true
        case .failure, nil: return false
        }
    }

    /// Waits until it has ended.
    ///
    /// Switch point, unless it has.
    ///
    /// Never throws the greenlet's own error; see `get(timeout:)`. Several greenlets may wait.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: Whether it has ended.
    /// - Throws: Whatever the *waiting* greenlet is killed with; `LoopExit` if nothing can end the wait.
    ///
    /// gevent: `Greenlet.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws -> Bool {
        if isReady { return true }
        checkThread("join")
        let list = joiners ?? WaitList()
        joiners = list
        _ = try list.wait(for: WaitReason("join", self), until: Deadline(after: timeout))
        return isReady
    }

    /// Waits for the end and returns the value.
    ///
    /// Switch point, unless it has ended.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: What the body returned.
    /// - Throws: The error that the body threw; `GreenletExit` if it was killed; `Timeout` if it has not ended in
    ///   time; whatever the waiting greenlet is killed with.
    ///
    /// gevent: `Greenlet.get`.
    public func get(timeout: Duration? = nil) throws -> Value {
        getters += 1
        defer { getters -= 1 }
        guard try join(timeout: timeout), let result else { throw Timeout.expired(after: timeout, "get", self) }
        return try result.get()
    }

    /// Calls `callback` when it has ended, in a greenlet of its own, so that it may block.
    ///
    /// Not a switch point.
    ///
    /// Called too if it has ended already. Links are called in the order they were made; one that throws is reported
    /// and stops none of the others; one that a link before it takes back is not called. A greenlet with a link
    /// doesn't have its error reported: the link has seen it.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.link`.
    @discardableResult
    public func link(_ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        addLink(observes: true, callback)
    }

    /// Like `link(_:)`, if it ends without an error.
    ///
    /// Not a switch point. An error that it ends with is reported, as this link doesn't see it.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.link_value`.
    @discardableResult
    public func linkValue(_ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        addLink(observes: false) { greenlet in if greenlet.isSuccessful { try callback(greenlet) } }
    }

    /// Like `link(_:)`, if it ends with an error.
    ///
    /// Not a switch point.
    ///
    /// - Parameter callback: What to call.
    /// - Returns: A name for `unlink(_:)`.
    ///
    /// gevent: `Greenlet.link_exception`.
    @discardableResult
    public func linkError(_ callback: @escaping (Greenlet<Value>) throws -> Void) -> LinkID {
        addLink(observes: true) { greenlet in if greenlet.error != nil { try callback(greenlet) } }
    }

    /// Takes a link back; does nothing if it was called or taken back before.
    ///
    /// Not a switch point.
    ///
    /// - Parameter id: What `link(_:)` returned.
    ///
    /// gevent: `Greenlet.unlink`.
    public func unlink(_ id: LinkID) { links.remove(id) }
}
