// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// gevent's Python spellings: whoever types one is taught the Swift name by the compiler. Here: queues.
// swift-format-ignore-file: AlwaysUseLowerCamelCase, TypeNamesShouldBeCapitalized

public import GreenletHub

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
