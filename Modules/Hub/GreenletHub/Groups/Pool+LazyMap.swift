// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Maps over a pool whose results are taken one by one.

extension Pool {
    /// Runs `transform` on each item, each in a member of its own, and hands out the results one by one, in order.
    ///
    /// Not a switch point. A member must not wait for the results: in a full pool it would wait for itself.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, which waits while the pool is full.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Pool.imap`.
    public func lazyMap<Item, Result>(
        _ items: some Sequence<Item>,
        limit: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> LazyMap<Result> {
        begin(items, LazyMapResults(limit: limit, isOrdered: true), SpawnSite(file, line), transform)
    }

    /// The same, with the results in the order in which they come.
    ///
    /// Not a switch point. A member must not wait for the results.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, which waits while the pool is full.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Pool.imap_unordered`.
    public func lazyMapUnordered<Item, Result>(
        _ items: some Sequence<Item>,
        limit: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> LazyMap<Result> {
        begin(items, LazyMapResults(limit: limit, isOrdered: false), SpawnSite(file, line), transform)
    }

    private func begin<Item, Result>(
        _ items: some Sequence<Item>,
        _ results: LazyMapResults<Result>,
        _ site: SpawnSite,
        _ transform: @escaping (Item) throws -> Result
    ) -> LazyMap<Result> {
        LazyMap(items, results, site) { [self] item in
            try spawn(file: site.file, line: site.line) { try transform(item) }
        }
    }
}
