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
    private var handle: UnsafeMutablePointer<uv_signal_t>?
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
        let handle = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
        mustSucceed("uv_signal_init", uv_signal_init(hub.loop.handle, handle))
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        hub.loop.openHandles += 1
        self.handle = handle
        let status = uv_signal_start(
            handle,
            { handle, _ in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<SignalWatcher>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.arrived() }
            },
            signal
        )
        hub.signalWatchers[ObjectIdentifier(self)] = Unmanaged.passUnretained(self)
        if status != 0 {
            cancel()
            throw GreenletError.loop("watching signal \(signal)", status)
        }
        SignalHandles.insert(handle, of: hub)
    }

    deinit { cancel() }

    private func arrived() { spawn(name: "signal \(signal)", handler) }

    /// Stops watching; the signal's default action is restored.
    ///
    /// Not a switch point. Done, too, when the watcher goes.
    public func cancel() {
        guard let handle else { return }
        self.handle = nil
        SignalHandles.remove(handle)
        hub.signalWatchers[ObjectIdentifier(self)] = nil
        // Safe because the hub's loop runs all such callbacks before the hub goes.
        handle.pointee.data = Unmanaged.passUnretained(hub).toOpaque()
        uv_signal_stop(handle)
        let raw = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
        uv_close(raw) { closed in
            guard let closed else { return }
            Unmanaged<Hub>.fromOpaque(closed.pointee.data).takeUnretainedValue().loop.openHandles -= 1
            UnsafeMutableRawPointer(closed).assumingMemoryBound(to: uv_signal_t.self).deallocate()
        }
    }
}

@available(*, unavailable)
extension SignalWatcher: Sendable {}
