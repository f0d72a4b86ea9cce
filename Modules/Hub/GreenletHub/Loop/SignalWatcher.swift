// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Signals, delivered as greenlets.

import GreenletCore

/// Calls a handler, in a greenlet of its own, each time a signal arrives.
///
/// Watching doesn't count as waiting, unless asked for: a hub that has nothing else to wait for still reports `LoopExit`.
///
/// gevent: `gevent.signal_handler`; its `ref` is `keepsHubAlive`.
public final class SignalWatcher {
    /// The number of the signal.
    public let signal: CInt
    private let holder: WatchHolder<SignalWatch>

    /// Begins to watch.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - signal: Its number, such as `SIGTERM`.
    ///   - keepsHubAlive: True for one to wait for though nothing else is left: until it is cancelled there is no
    ///     `LoopExit`, and `Hub.join` goes on.
    ///   - handler: What to call. It may block; it runs in a new greenlet each time.
    /// - Throws: `GreenletError` with `.loopFailed` for a signal that can't be watched, such as `SIGKILL`.
    ///
    /// gevent: `gevent.signal_handler`. POSIX: `sigaction(2)`.
    public init(_ signal: CInt, keepsHubAlive: Bool = false, _ handler: @escaping () throws -> Void) throws {
        self.signal = signal
        let name = "signal \(signal)"
        let watch = SignalWatch(signal, name, keepsHubAlive: keepsHubAlive) { spawn(name: name, handler) }
        holder = WatchHolder(watch)
        try watch.start()
    }

    /// Stops watching; the signal's default action is restored.
    ///
    /// Not a switch point. Done, too, when the watcher goes.
    public func cancel() {
        let watch = holder.watch
        if watch.isCancelled { return }
        watch.hub.checkThread("cancel", self)
        watch.stop()
    }
}

@available(*, unavailable)
extension SignalWatcher: Sendable {}
