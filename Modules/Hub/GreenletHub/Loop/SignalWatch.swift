// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a watcher of a signal has on its hub: libuv's handle, and whom to tell.

import CGreenletUV
import GreenletCore

/// Hears of a signal; see `SignalWatcher`.
final class SignalWatch: HubWatch {
    private let signal: CInt
    private let name: String
    private let arrived: () -> Void
    private var handle: LoopHandle<uv_signal_t>?

    /// One that doesn't watch yet.
    ///
    /// - Parameters:
    ///   - signal: Its number.
    ///   - name: What to call it in errors.
    ///   - keepsHubAlive: Whether the hub goes on for it.
    ///   - arrived: What to call in the loop, when it has arrived.
    init(_ signal: CInt, _ name: String, keepsHubAlive: Bool = false, _ arrived: @escaping () -> Void) {
        (self.signal, self.name, self.arrived) = (signal, name, arrived)
        super.init(keepsHubAlive: keepsHubAlive)
    }

    func start() throws(GreenletError) {
        let handle = try LoopHandle<uv_signal_t>(on: hub, for: self, "watching \(name)", uv_signal_init)
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
            throw GreenletError.loop("watching \(name)", status)
        }
        if let raw = handle.raw { SignalHandles.insert(raw, of: hub) }
    }

    var isCancelled: Bool { handle == nil }

    override func stop() {
        guard let handle else { return }
        self.handle = nil
        if let raw = handle.raw { SignalHandles.remove(raw) }
        handle.close()
        super.stop()
    }
}
