// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Maps whose results are read one by one, in groups and in pools.

extension Group {
    /// Runs `transform` on each item, each in a member of its own, and hands the results out in the order of the items.
    ///
    /// Not a switch point; reading the results is one.
    ///
    /// - Parameters:
    ///   - items: What to transform; gone through in a greenlet of its own, so that it may wait for them.
    ///   - limit: At most how many results may be under way or unread; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, to be read while the rest goes on.
    /// - Precondition: `limit` is greater than zero.
    ///
    /// gevent: `Group.imap`.
    public func mapInOrder<Item, Result>(
        _ items: some Sequence<Item>,
        ahead limit: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> MappedItems<Result> {
        MappedItems(items, isOrdered: true, ahead: limit) { [self] item in
            spawn(file: file, line: line) { try transform(item) }
        }
    }

    /// Runs `transform` on each item, each in a member of its own, and hands the results out as they are ready.
    ///
    /// Not a switch point; reading the results is one.
    ///
    /// - Parameters:
    ///   - items: What to transform; gone through in a greenlet of its own, so that it may wait for them.
    ///   - limit: At most how many results may be under way or unread; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, to be read while the rest goes on.
    /// - Precondition: `limit` is greater than zero.
    ///
    /// gevent: `Group.imap_unordered`.
    public func mapAsReady<Item, Result>(
        _ items: some Sequence<Item>,
        ahead limit: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> MappedItems<Result> {
        MappedItems(items, isOrdered: false, ahead: limit) { [self] item in
            spawn(file: file, line: line) { try transform(item) }
        }
    }
}

extension Pool {
    /// Runs `transform` on each item, each in a member of its own, and hands the results out in the order of the items.
    ///
    /// Not a switch point; reading the results is one. A member must not wait for them: in a full pool it would wait for itself.
    ///
    /// - Parameters:
    ///   - items: What to transform; gone through in a greenlet of its own, so that it may wait for them.
    ///   - limit: At most how many results may be under way or unread; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, to be read while the rest goes on.
    /// - Precondition: `limit` is greater than zero.
    ///
    /// gevent: `Pool.imap`.
    public func mapInOrder<Item, Result>(
        _ items: some Sequence<Item>,
        ahead limit: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> MappedItems<Result> {
        MappedItems(items, isOrdered: true, ahead: limit) { [self] item in
            try spawn(file: file, line: line) { try transform(item) }
        }
    }

    /// Runs `transform` on each item, each in a member of its own, and hands the results out as they are ready.
    ///
    /// Not a switch point; reading the results is one. A member must not wait for them: in a full pool it would wait for itself.
    ///
    /// - Parameters:
    ///   - items: What to transform; gone through in a greenlet of its own, so that it may wait for them.
    ///   - limit: At most how many results may be under way or unread; nil means any number.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, to be read while the rest goes on.
    /// - Precondition: `limit` is greater than zero.
    ///
    /// gevent: `Pool.imap_unordered`.
    public func mapAsReady<Item, Result>(
        _ items: some Sequence<Item>,
        ahead limit: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> MappedItems<Result> {
        MappedItems(items, isOrdered: false, ahead: limit) { [self] item in
            try spawn(file: file, line: line) { try transform(item) }
        }
    }
}
