// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that belong together, without a limit.

/// A set of greenlets that are waited for, or killed, together.
///
/// A member that has ended leaves by itself.
///
/// ```swift
/// let group = Group()
/// for number in 1...3 { group.spawn { try sleep(.milliseconds(number)) } }
/// try group.join()
/// ```
///
/// When not to use it: to limit how many run at once; a `Pool` does that.
///
/// gevent: `gevent.pool.Group`.
public final class Group: AnyGroup {
    /// Creates an empty group.
    ///
    /// gevent: `Group()`.
    public init() { super.init(size: nil) }

    /// Creates a group of greenlets.
    ///
    /// - Parameter greenlets: Its members; those that have ended are left out.
    ///
    /// gevent: `Group(greenlets)`.
    public convenience init<G: AnyGreenlet>(_ greenlets: some Sequence<G>) {
        self.init()
        for greenlet in greenlets { add(greenlet) }
    }

    /// Creates a member and schedules it for the next turn of the hub.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages; `Greenlet-7` or the like if nil.
    ///   - file: Where it was spawned, for messages.
    ///   - line: Where it was spawned, for messages.
    ///   - body: What to run.
    /// - Returns: The greenlet.
    ///
    /// gevent: `Group.spawn`.
    @inlinable
    @discardableResult
    public func spawn<Value>(
        name: String? = nil,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping () throws -> Value
    ) -> Greenlet<Value> {
        let greenlet = Greenlet(name: name, file: file, line: line, body)
        startInPlace(greenlet)
        return greenlet
    }

    /// Makes a greenlet a member.
    ///
    /// Not a switch point. Does nothing if it is one, if it has ended, or if it never ends, as the main greenlet.
    ///
    /// - Parameter greenlet: Whom to add. It isn't started by this.
    ///
    /// gevent: `Group.add`.
    public func add(_ greenlet: AnyGreenlet) { _ = admit(greenlet) }

    /// Makes a greenlet a member, and schedules it for the next turn of the hub.
    ///
    /// Not a switch point. One that was started before becomes a member and runs on, or begins when its delay is over; one
    /// that has ended is left alone.
    ///
    /// - Parameter greenlet: Whom to start.
    ///
    /// gevent: `Group.start`.
    public func start(_ greenlet: AnyGreenlet) { startInPlace(greenlet) }
}
