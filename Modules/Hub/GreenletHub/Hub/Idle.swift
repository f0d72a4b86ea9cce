// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for a moment when nothing else is to be done.

/// Waits until the hub has nothing else to do: no greenlet can run, no timer is due, and no event has come.
///
/// Switch point. For work that should keep nobody waiting, in pieces:
///
/// ```swift
/// while let page = cache.nextToCompact() {
///     try idle()
///     page.compact()
/// }
/// ```
///
/// The hub looks for events first, and comes back at once if there are none: it never sleeps over an idler. All that
/// wait here at that moment run, in the order they came. Whoever calls it again waits for the next such moment, so on a
/// hub that is never idle it takes for ever; put a `withTimeout` around it where that matters.
///
/// - Throws: Whatever the greenlet is killed with; `GreenletError` where nothing may block.
///
/// gevent: `gevent.idle`.
public func idle() throws { _ = try Hub.current.idlers.wait(for: WaitReason("idle")) }
