// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Results of a map that are read while it still goes on.

import GreenletCore

/// What becomes of items, one after the other: what `mapInOrder` and `mapAsReady` of groups and pools return.
///
/// A greenlet goes through the items and spawns a member for each. It stops when this object goes; members that were
/// spawned by then run on. Errors of members are thrown by `next()` alone, and reported nowhere.
///
/// ```swift
/// let pages = pool.mapAsReady(addresses, ahead: 100) { address in try fetch(address) }
/// while let page = try pages.next() { show(page) }
/// ```
///
/// gevent: what `Pool.imap` returns.
public final class MappedItems<Value> {
    private let results: MappedResults<Value>
    private let feeder: Greenlet<Void>

    /// Begins at once with the items.
    ///
    /// - Parameters:
    ///   - items: What to go through, in a greenlet.
    ///   - isOrdered: Whether results come in the order of the items, and not as they are ready.
    ///   - limit: At most how many results may be under way or unread; nil means any number.
    ///   - begin: Spawns the member for an item.
    init<Item>(
        _ items: some Sequence<Item>,
        isOrdered: Bool,
        ahead limit: Int?,
        _ begin: @escaping (Item) throws -> Greenlet<Value>
    ) {
        if let limit { precondition(limit > 0, "a map must be 1 or more ahead of its reader, not \(limit)") }
        let results = MappedResults<Value>(isOrdered: isOrdered, room: limit.map { Semaphore($0) })
        self.results = results
        feeder = spawn(name: "map") {
            for item in items {
                try results.room?.acquire()
                results.expect(from: try begin(item))
            }
        }
        feeder.onFinish(observing: true) { [weak feeder] in results.end(feeder?.error) }
    }

    deinit {
        // On another thread, or after the hub, nobody is left who would read.
        if Hub.ifPresent === feeder.hub { _ = try? feeder.kill(wait: false) }
    }

    /// Waits for the next result.
    ///
    /// Switch point, unless it is there. Several greenlets may read; each result goes to one of them.
    ///
    /// - Returns: The result; nil if there are no more.
    /// - Throws: What became of the item, if that is an error: `GreenletExit` for a member that was killed. The next call
    ///   goes on with the next item. If the greenlet that goes through the items fails, its error, once, after all
    ///   results. Whatever the waiting greenlet is killed with; `LoopExit` if nothing can end the wait;
    ///   `GreenletError` where nothing may block.
    ///
    /// gevent: `next(pool.imap(…))`.
    public func next() throws -> Value? {
        while true {
            if let outcome = results.take() { return try outcome.get() }
            if results.isAtEnd {
                if let failure = results.failure.take() { throw failure }
                return nil
            }
            _ = try results.readers.wait(for: WaitReason("next", self))
        }
    }
}

extension MappedItems: CustomStringConvertible {
    /// `<MappedItems 0x7f… 3 under way, 1 unread>`.
    public var description: String {
        describe(self, "\(results.begun - results.ended) under way", "\(results.ended - results.told) unread")
    }
}

@available(*, unavailable)
extension MappedItems: Sendable {}

/// The results that were not read yet.
private final class MappedResults<Value> {
    let isOrdered: Bool
    let room: Semaphore?
    let readers = WaitList()
    /// By the number of the item, or by the order they came in.
    private var outcomes: [Int: Outcome<Value>] = [:]
    private(set) var begun = 0
    private(set) var ended = 0
    private(set) var told = 0
    private var isComplete = false
    var failure: (any Error)?

    init(isOrdered: Bool, room: Semaphore?) {
        self.isOrdered = isOrdered
        self.room = room
    }

    /// Whether all results there will ever be were read.
    var isAtEnd: Bool { isComplete && told == begun }

    /// Will take what becomes of the greenlet of the next item.
    func expect(from greenlet: Greenlet<Value>) {
        let number = begun
        begun += 1
        greenlet.onFinish(observing: true) { [weak greenlet] in
            guard let outcome = greenlet?.outcome else { return }
            self.outcomes[self.isOrdered ? number : self.ended] = outcome
            self.ended += 1
            if self.outcomes[self.told] != nil { self.readers.wakeAll() }
        }
    }

    /// No more items.
    func end(_ error: (any Error)?) {
        isComplete = true
        failure = error
        readers.wakeAll()
    }

    /// The next result, if it is there.
    func take() -> Outcome<Value>? {
        guard let outcome = outcomes.removeValue(forKey: told) else { return nil }
        told += 1
        room?.release()
        return outcome
    }
}
