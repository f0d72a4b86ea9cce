// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A map over a group whose results are taken one by one.

extension Group {
    /// Runs `transform` on each item, each in a member of its own, and hands out the results one by one.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, as fast as it can without a limit.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - isOrdered: Whether results come in the order of the items, and not as they are ready.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Group.imap`, `Group.imap_unordered`.
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
            spawn(file: file, line: line) { try transform(item) }
        }
    }
}
