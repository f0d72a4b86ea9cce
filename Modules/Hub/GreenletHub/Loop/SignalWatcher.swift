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
    private let holder: WatchHolder<SignalWatch>

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
        let watch = SignalWatch(signal, handler)
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

/// What a watcher of a signal has on its hub.
private final class SignalWatch: HubWatch {
    private let signal: CInt
    private var handle: LoopHandle<uv_signal_t>?
    private let handler: () throws -> Void

    init(_ signal: CInt, _ handler: @escaping () throws -> Void) {
        self.signal = signal
        self.handler = handler
    }

    func start() throws(GreenletError) {
        let handle = try LoopHandle<uv_signal_t>(on: hub, for: self, "watching signal \(signal)", uv_signal_init)
        self.handle = handle
        isStarted()
        let status = uv_signal_start(
            handle.raw,
            { handle, _ in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<SignalWatch>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.arrived() }
            },
            signal
        )
        if status != 0 {
            stop()
            throw GreenletError.loop("watching signal \(signal)", status)
        }
        if let raw = handle.raw { SignalHandles.insert(raw, of: hub) }
    }

    var isCancelled: Bool { handle == nil }

    private func arrived() { spawn(name: "signal \(signal)", handler) }

    override func stop() {
        guard let handle else { return }
        self.handle = nil
        if let raw = handle.raw { SignalHandles.remove(raw) }
        handle.close()
        super.stop()
    }
}
