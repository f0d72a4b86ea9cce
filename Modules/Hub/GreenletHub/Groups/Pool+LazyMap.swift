// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A map over a pool whose results are taken one by one.

extension Pool {
    /// Runs `transform` on each item, each in a member of its own, and hands out the results one by one.
    ///
    /// Not a switch point. A member must not wait for the results: in a full pool it would wait for itself.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, which waits while the pool is full.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - isOrdered: Whether results come in the order of the items, and not as they are ready.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Pool.imap`, `Pool.imap_unordered`.
    public func lazyMap<Item, Result>(
        _ items: some Sequence<Item>,
        limit: Int? = nil,
        ordered isOrdered: Bool = true,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> LazyMap<Result> {
        let results = LazyMapResults<Result>(limit: limit, isOrdered: isOrdered)
        return LazyMap(items, results, SpawnSite(file, line)) { [self] item in
            try spawn(file: file, line: line) { try transform(item) }
        }
    }
}
