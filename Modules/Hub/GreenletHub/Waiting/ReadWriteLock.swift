// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many may read at once, one alone may write.

import GreenletCore

/// A lock that many greenlets may hold for reading, or one for writing.
///
/// Fair to both: a writer who waits keeps new readers out, and when a writer is done, the readers who wait by then go
/// before the next writer. If a writer who waits gives up, the readers that he alone kept out go in: those who came before
/// the next writer.
///
/// ```swift
/// let lock = ReadWriteLock()
/// func price(of name: String) throws -> Int? {
///     try lock.withReadLock { try table.look(up: name) }
/// }
/// func setPrice(of name: String, to price: Int) throws {
///     try lock.withWriteLock { try table.store(name, price) }
/// }
/// ```
///
/// Not reentrant: a writer who asks again gets an error. A reader who asks for more, while a writer waits, waits for
/// itself, and nobody can tell: readers are counted, not known.
///
/// When not to use it: to protect what has no switch point within; on one thread nobody comes in between.
///
/// gevent: none; POSIX: `pthread_rwlock_rdlock(3)`.
public final class ReadWriteLock {
    /// How many greenlets hold it for reading.
    public private(set) var readerCount = 0
    /// Who holds it for writing; nil if nobody does.
    public private(set) var writer: AnyGreenlet?
    private let readers = WaitList()
    private let writers = WaitList()
    /// Those of both, in the order they came.
    ///
    /// Who waits no more stays until he comes first, or most are such.
    private var line = Ring<Comer>()

    /// Somebody who came to wait.
    private struct Comer {
        let waiter: Waiter
        let writes: Bool
    }

    /// Creates a lock that nobody holds.
    public init() {}

    deinit { _ = line.removeAll() }

    /// Takes the lock for reading, and waits while a writer holds it or waits for it.
    ///
    /// Switch point, if it has to wait.
    ///
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   with `.invalidArgument` if this greenlet is the writer, others where nothing may block. The lock was not taken
    ///   then.
    ///
    /// POSIX: `pthread_rwlock_rdlock(3)`.
    public func acquireRead() throws { _ = try acquireRead(timeout: nil) }

    /// Takes the lock for reading, and waits some time while a writer holds it or waits for it.
    ///
    /// Switch point, if it has to wait.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if it was taken, false if the time ran out.
    /// - Throws: As `acquireRead()`.
    ///
    /// POSIX: `pthread_rwlock_timedrdlock(3)`.
    public func acquireRead(timeout: Duration?) throws -> Bool {
        if tryAcquireRead() { return true }
        try refuseWriter("acquireRead")
        return try wait(in: readers, "acquireRead", timeout)
    }

    /// Takes the lock for reading, unless a writer holds it or waits for it.
    ///
    /// Not a switch point.
    ///
    /// - Returns: Whether it was taken.
    ///
    /// POSIX: `pthread_rwlock_tryrdlock(3)`.
    public func tryAcquireRead() -> Bool {
        if writer != nil || !writers.isEmpty { return Hub.hasJustStartedOver() && tryAcquireRead() }
        readerCount += 1
        return true
    }

    /// Releases the lock once from reading: the last reader lets the writer in that waits longest.
    ///
    /// Not a switch point.
    ///
    /// - Throws: `GreenletError` with `.invalidArgument` if nobody holds it for reading; nothing has changed then.
    ///
    /// POSIX: `pthread_rwlock_unlock(3)`.
    public func releaseRead() throws {
        guard readerCount > 0 else {
            throw GreenletError(
                .invalidArgument,
                "releaseRead on \(self) by \(AnyGreenlet.current), but nobody reads; release once for each acquire"
            )
        }
        readerCount -= 1
        if readerCount == 0 { admitWriter() }
    }

    /// Takes the lock for writing, and waits while anybody holds it.
    ///
    /// Switch point, if it has to wait.
    ///
    /// - Throws: Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait; `GreenletError`
    ///   with `.invalidArgument` if this greenlet is the writer, others where nothing may block. The lock was not taken
    ///   then.
    ///
    /// POSIX: `pthread_rwlock_wrlock(3)`.
    public func acquireWrite() throws { _ = try acquireWrite(timeout: nil) }

    /// Takes the lock for writing, and waits some time while anybody holds it.
    ///
    /// Switch point, if it has to wait.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: True if it was taken, false if the time ran out.
    /// - Throws: As `acquireWrite()`.
    ///
    /// POSIX: `pthread_rwlock_timedwrlock(3)`.
    public func acquireWrite(timeout: Duration?) throws -> Bool {
        if tryAcquireWrite() { return true }
        try refuseWriter("acquireWrite")
        var isMine = false
        defer { if !isMine { admitReadersKeptOut() } }
        isMine = try wait(in: writers, "acquireWrite", timeout)
        return isMine
    }

    /// Takes the lock for writing, unless anybody holds it.
    ///
    /// Not a switch point.
    ///
    /// - Returns: Whether it was taken.
    ///
    /// POSIX: `pthread_rwlock_trywrlock(3)`.
    public func tryAcquireWrite() -> Bool {
        if writer != nil || readerCount > 0 { return Hub.hasJustStartedOver() && tryAcquireWrite() }
        writer = .current
        return true
    }

    /// Releases the lock from writing: to all readers who wait, or else to the writer that waits longest.
    ///
    /// Not a switch point.
    ///
    /// - Throws: `GreenletError` with `.invalidArgument` if this greenlet doesn't hold it for writing; nothing has
    ///   changed then.
    ///
    /// POSIX: `pthread_rwlock_unlock(3)`.
    public func releaseWrite() throws {
        let current = AnyGreenlet.current
        guard let writer, writer.isSame(as: current) else {
            let holder = self.writer.map { "\($0)" } ?? "nobody"
            throw GreenletError(
                .invalidArgument,
                "releaseWrite on \(self) by \(current), but \(holder) writes; release it where it was acquired"
            )
        }
        passOn()
    }

    /// Runs `body` while holding the lock for reading.
    ///
    /// Switch point, if it has to wait, or if `body` is.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; as `acquireRead()`; as `releaseRead()`, if `body` released it itself.
    public func withReadLock<Value>(_ body: () throws -> Value) throws -> Value {
        try acquireRead()
        return try Result { try body() }.get(after: releaseRead)
    }

    /// Runs `body` while holding the lock for writing.
    ///
    /// Switch point, if it has to wait, or if `body` is.
    ///
    /// - Parameter body: What to run, here and now.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; as `acquireWrite()`; as `releaseWrite()`, if `body` released it itself.
    public func withWriteLock<Value>(_ body: () throws -> Value) throws -> Value {
        try acquireWrite()
        return try Result { try body() }.get(after: releaseWrite)
    }
}

extension ReadWriteLock {
    // Whoever is let in has the lock from that moment on: nobody can take it before he runs, and if he is killed by
    // then, he has it all the same.

    private func wait(in list: WaitList, _ verb: StaticString, _ timeout: Duration?) throws -> Bool {
        try list.checkThread(of: Hub.current.parkable())
        let waiter = try Waiter()
        list.append(waiter.greenlet)
        line.append(Comer(waiter: waiter, writes: list === writers))
        let waiting = readers.count + writers.count
        if line.count > 2 * waiting { tidyUp() }
        defer { if readers.isEmpty && writers.isEmpty { tidyUp() } }
        return try waiter.park(for: WaitReason(verb, self), until: Deadline(after: timeout))
    }

    /// Those leave the line who wait no more.
    private func tidyUp() {
        for _ in 0..<line.count {
            let comer = line.removeFirst()
            if comer.waiter.isWaiting { line.append(comer) }
        }
    }

    private func admitReaders() {
        readerCount += readers.count
        readers.wakeAll()
    }

    private func admitWriter() {
        writer = writers.oldest
        if !writers.wakeFirst() { writer = nil }  // in the child of a fork he has stayed in the parent
    }

    /// Nobody writes any more.
    private func passOn() {
        writer = nil
        if readers.isEmpty { admitWriter() } else { admitReaders() }
    }

    /// A writer gave up: whom he alone kept out goes in.
    private func admitReadersKeptOut() {
        if writer != nil { return }
        while !line.isEmpty {
            let isWaiting = line[0].waiter.isWaiting
            if isWaiting && line[0].writes { return }
            let comer = line.removeFirst()
            if isWaiting {
                readerCount += 1
                comer.waiter.wake()
            }
        }
    }

    private func refuseWriter(_ operation: StaticString) throws {
        let current = AnyGreenlet.current
        guard let writer, writer.isSame(as: current) else { return }
        throw GreenletError(
            .invalidArgument,
            "\(operation) on \(self) by \(current), who writes already and would wait for itself; release it first"
        )
    }
}

extension ReadWriteLock: HandsOver {
    func takeBack(from greenlet: AnyGreenlet, _ operation: String) {
        if writer === greenlet { passOn() } else if operation == "acquireRead" { try? releaseRead() }
    }
}

extension ReadWriteLock: CustomStringConvertible {
    /// `<ReadWriteLock 0x7f… 2 reading, waiting: 3 to read, 1 to write>`.
    public var description: String {
        let holder = writer.map { "\($0) writing" } ?? "\(readerCount) reading"
        return describe(self, holder, "waiting: \(readers.count) to read, \(writers.count) to write")
    }
}

@available(*, unavailable)
extension ReadWriteLock: Sendable {}
