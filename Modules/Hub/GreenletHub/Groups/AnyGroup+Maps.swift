// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a group or a pool does for a caller who wants the results.

extension AnyGroup {
    /// Runs `body` in a new member, and waits for what it returns.
    ///
    /// Switch point. Called by a member, it runs `body` here and now: in a full pool it would wait for itself.
    ///
    /// - Parameters:
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - body: What to run.
    /// - Returns: What `body` returns.
    /// - Throws: As `Greenlet.get(timeout:)`: what `body` throws, and `GreenletError` with `.exited` if the member is
    ///   killed; as `Pool.spawn(name:file:line:_:)`.
    ///
    /// gevent: `Group.apply`.
    public final func apply<Value>(
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) throws -> Value {
        if contains(AnyGreenlet.current) { return try body() }
        return try begin(SpawnSite(file, line), body).get()
    }

    /// Runs `body` in a new member as soon as there is a place, and goes on.
    ///
    /// Not a switch point, also if the pool is full: the greenlet stands in line then, without a stack, behind those who
    /// wait in `Pool.spawn(name:file:line:_:)`. It is a member from the moment that it has its place, so whoever joins the
    /// pool waits for it; killing it, or the pool, means that it never runs. The line has no limit: to be held up instead,
    /// spawn. In a ``Group`` this is the same as `spawn`.
    ///
    /// ```swift
    /// let page = pool.applyAsync { try fetch(address) }
    /// page.link { show($0.outcome) }
    /// ```
    ///
    /// A member may call it, but must not wait for it: in a full pool it would wait for its own place. Use
    /// `apply(file:line:_:)` there.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - body: What to run.
    /// - Returns: The greenlet. In place of a callback, link it.
    ///
    /// gevent: `Group.apply_async`.
    @discardableResult
    @inlinable
    public final func applyAsync<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) -> Greenlet<Value> {
        let greenlet = Greenlet(name: name, file: file, line: line, body)
        startInTurn(greenlet)
        return greenlet
    }

    /// Runs `transform` on each item, each in a member of its own, and waits for all.
    ///
    /// Switch point. If one fails, those that were begun run on. Don't call it from a member of a pool: if that is full it
    /// would wait for itself.
    ///
    /// - Parameters:
    ///   - items: What to transform.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results, in the order of the items.
    /// - Throws: The error of the first item, in their order, that fails, or `GreenletError` with `.exited` if its
    ///   greenlet was killed; as `Pool.spawn(name:file:line:_:)`. Other errors that items failed with until then are
    ///   dropped, later ones are reported.
    ///
    /// gevent: `Group.map`.
    public final func map<Item, Result>(
        _ items: some Sequence<Item>,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) throws -> [Result] {
        var begun: [(greenlet: Greenlet<Result>, link: LinkID?)] = []
        defer { for (greenlet, link) in begun { if let link { greenlet.removeLink(link) } } }
        for item in items {
            let greenlet = try begin(SpawnSite(file, line)) { try transform(item) }
            begun.append((greenlet, greenlet.onFinish(observing: true) {}))
        }
        try checkInterruption()  // or half of the items would be taken for all
        return try begun.map { try $0.greenlet.get() }
    }

    /// `map(_:file:line:_:)` in a greenlet of its own, which is no member.
    ///
    /// Not a switch point, also if the pool is full. A member must not wait for it: see `map(_:file:line:_:)`.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by the greenlet, which waits while the pool is full.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The greenlet, whose value are the results in the order of the items. Killing it begins no more of them,
    ///   nor the one that was read and waits for a place; those that were begun run on.
    ///
    /// gevent: `Group.map_async`.
    @discardableResult
    public final func mapAsync<Item, Result>(
        _ items: some Sequence<Item>,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> Greenlet<[Result]> {
        GreenletHub.spawn(file: file, line: line) { [self] in try map(items, file: file, line: line, transform) }
    }

    /// Runs `transform` on each item, each in a member of its own, and hands out the results one by one.
    ///
    /// Not a switch point. A member must not wait for the results: in a full pool it would wait for itself. For items of
    /// two sequences, use `zip`.
    ///
    /// - Parameters:
    ///   - items: What to transform; read by a greenlet, as fast as it can without a limit, or while the pool has places.
    ///   - limit: How many items may be begun whose results have not been taken; nil means any number.
    ///   - isOrdered: Whether results come in the order of the items, and not as they are ready.
    ///   - file: Where it was called, for messages.
    ///   - line: Where it was called, for messages.
    ///   - transform: What to do with each.
    /// - Returns: The results.
    /// - Precondition: `limit` is positive.
    ///
    /// gevent: `Group.imap`, `Group.imap_unordered`.
    public final func lazyMap<Item, Result>(
        _ items: some Sequence<Item>,
        limit: Int? = nil,
        ordered isOrdered: Bool = true,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ transform: @escaping (Item) throws -> Result
    ) -> LazyMap<Result> {
        let results = LazyMapResults<Result>(limit: limit, isOrdered: isOrdered)
        return LazyMap(items, in: self, results, SpawnSite(file, line), transform)
    }

    /// Starts a member, as soon as there is a place.
    private func begin<Value>(_ site: SpawnSite, _ body: @escaping () throws -> Value) throws -> Greenlet<Value> {
        try takePlace()
        let greenlet = Greenlet(file: site.file, line: site.line, body)
        startInPlace(greenlet)
        return greenlet
    }
}
