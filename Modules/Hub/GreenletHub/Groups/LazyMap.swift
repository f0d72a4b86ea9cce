// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A map whose results are taken one by one while the rest still runs.

import GreenletCore

/// Results of a map, to be taken while others are still worked at.
///
/// ```swift
/// let pages = pool.lazyMap(addresses, limit: 20) { try fetch($0) }
/// while let page = try pages.next() { show(page) }
/// ```
///
/// The source is read in a greenlet of its own, and may wait itself, as a queue does: it holds no place of a pool
/// meanwhile. With a limit it is read only so far ahead, else by one item more than the pool has places for. When this
/// object goes, on whatever thread, the source is read no further; what was begun runs on, and an item that was read and
/// had no place yet stands in line for one. So none that a queue has given away is lost, but where the pool is killed.
///
/// gevent: what `imap` and `imap_unordered` return.
public final class LazyMap<Result> {
    private let results: LazyMapResults<Result>
    private let reader: Greenlet<Void>

    /// Begins to read `items`.
    ///
    /// - Parameters:
    ///   - items: What to transform.
    ///   - group: Where the greenlets run.
    ///   - results: Where the results go.
    ///   - site: Where the map was called, for messages.
    ///   - transform: What to do with each.
    init<Item>(
        _ items: some Sequence<Item>,
        in group: AnyGroup,
        _ results: LazyMapResults<Result>,
        _ site: SpawnSite,
        _ transform: @escaping (Item) throws -> Result
    ) {
        self.results = results
        let reader = spawn(name: "reader of a lazy map", file: site.file, line: site.line) {
            if group.size == 0 { try group.takePlace() }  // never comes: nor is anything read
            var iterator = items.makeIterator()
            while try results.waitForPlace(), let item = iterator.next() {
                let greenlet = Greenlet(file: site.file, line: site.line) { try transform(item) }
                defer { results.follow(greenlet) }
                try group.startInPlaceOrTurn(greenlet)
            }
        }
        self.reader = reader
        // However it ends: whoever takes the results is told.
        reader.onFinish(observing: true) { [unowned reader] in results.readerEnded(reader.error) }
    }

    deinit {
        let (hub, reader, results) = (reader.hub, reader, results)
        func end() {
            results.isAbandoned = true
            if !reader.isReady { _ = try? reader.kill(wait: false) }
        }
        // A hub that has ended has ended the reader, and the child of a fork left it in its parent.
        if Hub.ifPresent === hub { end() } else { _ = hub.submit(end) }
    }

    /// The next result.
    ///
    /// Switch point, unless it is there. Several greenlets may take turns.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: The result; nil after the last.
    /// - Throws: The error that this item failed with, and then the next call goes on with the next item;
    ///   `GreenletError` with `.exited` if its greenlet was killed, likewise; `Timeout` if none came in time; whatever the
    ///   waiting greenlet is killed with.
    ///
    /// gevent: `next(imap)`.
    public func next(timeout: Duration? = nil) throws -> Result? { try nextOutcome(timeout: timeout)?.get() }

    /// The outcome of the next item, whose error is not thrown.
    ///
    /// Switch point, unless it is there.
    ///
    /// - Parameter timeout: At most how long to wait; nil means for ever.
    /// - Returns: The outcome; nil after the last.
    /// - Throws: `Timeout` if none came in time; whatever the waiting greenlet is killed with.
    public func nextOutcome(timeout: Duration? = nil) throws -> Outcome<Result>? { try results.take(timeout: timeout) }
}

/// `for outcome in map` takes the outcomes one by one. It can't throw: whoever is killed there leaves the loop, and the
/// error is thrown as for a queue: see ``checkInterruption()``.
extension LazyMap: Sequence {
    /// Takes outcomes from the map that it came from.
    public struct Iterator: IteratorProtocol {
        fileprivate let map: LazyMap
        fileprivate var inner: OrderedQueue<FirstInFirstOut<Outcome<Result>>>.Iterator

        /// The next outcome.
        ///
        /// Switch point, unless it is there.
        ///
        /// - Returns: The outcome; nil after the last, or if the greenlet is killed.
        public mutating func next() -> Outcome<Result>? {
            guard let outcome = inner.next() else { return nil }
            map.results.taken()
            return outcome
        }
    }

    /// An iterator that shares the results with all others.
    ///
    /// - Returns: The iterator.
    public func makeIterator() -> Iterator { Iterator(map: self, inner: results.queue.makeIterator()) }
}

/// Ready when a result is there, or none will come.
extension LazyMap: Waitable {
    /// Whether `next()` would not wait.
    public var readiness: Readiness { results.queue.readiness }
}

extension LazyMap: CustomStringConvertible {
    /// `<LazyMap 0x7f… 3 running, 2 to be taken>`.
    public var description: String {
        describe(self, "\(results.runningCount) running", "\(results.queue.count) to be taken")
    }
}

@available(*, unavailable)
extension LazyMap: Sendable {}

@available(*, unavailable)
extension LazyMap.Iterator: Sendable {}

/// What a lazy map shares with the greenlets that work for it; it doesn't keep the map.
final class LazyMapResults<Result> {
    let queue = Queue<Outcome<Result>>()
    /// One permit for each item that may be begun and not taken; nil if there is no limit.
    private let places: Semaphore?
    /// Results that came before those of earlier items; nil if the order doesn't matter.
    private var early: [Int: Outcome<Result>]?
    /// Whose turn it is, if the order matters.
    private var turn = 0
    private var begun = 0
    private(set) var runningCount = 0
    /// Whether the map has gone: a reader that was just given a place would go on to where it waits next.
    var isAbandoned = false
    private var isReaderDone = false
    private var readerError: (any Error)?

    init(limit: Int?, isOrdered: Bool) {
        if let limit { precondition(limit > 0, "the limit of a lazy map must be 1 or more, not \(limit)") }
        places = limit.map { Semaphore($0) }
        early = isOrdered ? [:] : nil
    }

    /// Waits until one more item may be read; false if none is wanted any more.
    ///
    /// Before it is read, as whoever is killed here has none in hand then.
    func waitForPlace() throws -> Bool {
        try places?.acquire()
        return !isAbandoned
    }

    func taken() { places?.release() }

    /// The outcome of `worker` will be the result of the next item.
    func follow(_ worker: Greenlet<Result>) {
        let number = begun
        begun += 1
        runningCount += 1
        worker.onFinish(observing: true) { [unowned worker] in
            // Safe because whoever has ended has an outcome.
            self.finished(number, worker.outcome!)
        }
    }

    private func finished(_ number: Int, _ outcome: Outcome<Result>) {
        runningCount -= 1
        if early == nil {
            pass(outcome)
        } else {
            early?[number] = outcome
            while let next = early?.removeValue(forKey: turn) {
                pass(next)
                turn += 1
            }
        }
        closeIfDone()
    }

    /// The source is at its end, or can't be read further.
    func readerEnded(_ error: (any Error)?) {
        isReaderDone = true
        readerError = error
        closeIfDone()
    }

    private func closeIfDone() {
        guard isReaderDone, runningCount == 0, !queue.isClosed else { return }
        if let error = readerError.take() { pass(.failure(error)) }
        queue.close()
    }

    private func pass(_ outcome: Outcome<Result>) { _ = try? queue.tryPut(outcome) }

    func take(timeout: Duration?) throws -> Outcome<Result>? {
        if queue.isEmpty { _ = Hub.hasJustStartedOver() }
        guard let outcome = try queue.next(timeout: timeout) else { return nil }
        taken()
        return outcome
    }
}
