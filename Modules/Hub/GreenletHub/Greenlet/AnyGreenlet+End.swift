// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// How it ended, for whoever doesn't know the type of its value: a member of a group, whoever spawned this one.

extension AnyGreenlet {
    /// What the body threw; nil before the end, and on success.
    ///
    /// gevent: `Greenlet.exception`.
    public final var error: (any Error)? { failure }

    /// Whether it ended without an error.
    ///
    /// Having been killed with `GreenletExit` counts as success.
    ///
    /// gevent: `Greenlet.successful()`.
    public final var isSuccessful: Bool { stage == .returned || stage == .exited }

    /// Waits until it has ended.
    ///
    /// Switch point, unless it has.
    ///
    /// Never throws the greenlet's own error; see `Greenlet.get(timeout:)`. Several greenlets may wait.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: Whether it has ended.
    /// - Throws: Whatever the *waiting* greenlet is killed with; `LoopExit` if nothing can end the wait.
    ///
    /// gevent: `Greenlet.join`.
    @discardableResult
    public final func join(timeout: Duration? = nil) throws -> Bool {
        try waitForEnd(timeout: timeout)
    }

    /// Takes a link back; does nothing if it was called or taken back before.
    ///
    /// Not a switch point.
    ///
    /// - Parameter id: What `Greenlet.link(_:)` returned.
    ///
    /// gevent: `Greenlet.unlink`.
    public final func unlink(_ id: LinkID) { removeLink(id) }

    /// Takes all links back that have not been called.
    ///
    /// Not a switch point. Who waits for the end, and groups, are no links in this sense.
    ///
    /// gevent: `Greenlet.unlink_all`.
    public final func unlinkAll() { removeAllLinks() }

    /// Whether a link is still to be called.
    ///
    /// gevent: `Greenlet.has_links`.
    public final var hasLinks: Bool { hasUsersLinks }
}
