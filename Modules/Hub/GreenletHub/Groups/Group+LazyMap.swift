// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Maps over a group whose results are taken one by one.

extension Group {
    /// Runs `transform` on each item, each in a member of its own, and hands out the results one by one, in order.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, as fast as it can without a limit.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Group.imap`.
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
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, as fast as it can without a limit.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Group.imap_unordered`.
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
            spawn(file: site.file, line: site.line) { try transform(item) }
        }
    }
}
