// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Signals, delivered as greenlets.

import CGreenletUV
import GreenletCore

/// Calls a handler, in a greenlet of its own, each time a signal arrives.
///
/// Watching doesn't count as waiting: a hub that has nothing else to wait for still reports `LoopExit`.
///
/// gevent: `gevent.signal_handler`.
public final class SignalWatcher {
    /// The number of the signal.
    public let signal: CInt
    private let hub: Hub
    private var handle: LoopHandle<uv_signal_t>?
    private let handler: () throws -> Void

    /// Begins to watch.
    ///
    /// Not a switch point.
    ///
    /// - Parameters:
    ///   - signal: Its number, such as `SIGTERM`.
    ///   - handler: What to call. It may block; it runs in a new greenlet each time.
    /// - Throws: `GreenletError` with `.loopFailed` for a signal that can't be watched, such as `SIGKILL`.
    ///
    /// gevent: `gevent.signal_handler`. POSIX: `sigaction(2)`.
    public init(_ signal: CInt, _ handler: @escaping () throws -> Void) throws {
        self.signal = signal
        self.handler = handler
        hub = Hub.current
        let handle = try LoopHandle<uv_signal_t>(on: hub, for: self, "watching signal \(signal)", uv_signal_init)
        self.handle = handle
        hub.watchers[ObjectIdentifier(self)] = { [unowned self] in cancel() }
        let status = uv_signal_start(
            handle.raw,
            { handle, _ in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<SignalWatcher>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.arrived() }
            },
            signal
        )
        if status != 0 {
            cancel()
            throw GreenletError.loop("watching signal \(signal)", status)
        }
        if let raw = handle.raw { SignalHandles.insert(raw, of: hub) }
    }

    deinit { cancel() }

    private func arrived() { spawn(name: "signal \(signal)", handler) }

    /// Stops watching; the signal's default action is restored.
    ///
    /// Not a switch point. Done, too, when the watcher goes.
    public func cancel() {
        guard let handle else { return }
        self.handle = nil
        if let raw = handle.raw { SignalHandles.remove(raw) }
        hub.watchers[ObjectIdentifier(self)] = nil
        handle.close()
    }
}

@available(*, unavailable)
extension SignalWatcher: Sendable {}
