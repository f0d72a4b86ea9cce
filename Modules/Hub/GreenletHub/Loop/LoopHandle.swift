// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One handle of libuv's: its memory, and its end.

import CGreenletUV
import GreenletCore

/// Owns a handle of libuv's, from its initialisation until libuv has let go of it.
///
/// Safe because the hub's loop runs all that closing has still to do before the hub goes.
final class LoopHandle<Raw> {
    /// nil once closed.
    private(set) var raw: UnsafeMutablePointer<Raw>?
    private let hub: Hub

    /// Initialises a handle whose callbacks find `target` in its `data`, unretained.
    ///
    /// - Throws: `GreenletError` with `.loopFailed`, for example if no descriptor is left.
    init(
        on hub: Hub,
        for target: AnyObject,
        _ operation: @autoclosure () -> String,
        _ initialise: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<Raw>) -> CInt
    ) throws(GreenletError) {
        if hub.isGone { throw hub.gone(operation()) }
        let raw = UnsafeMutablePointer<Raw>.allocate(capacity: 1)
        let status = initialise(hub.loop.handle, raw)
        guard status == 0 else {
            raw.deallocate()
            throw GreenletError.loop(operation(), status)
        }
        asHandle(raw).pointee.data = Unmanaged.passUnretained(target).toOpaque()
        hub.loop.openHandles += 1
        self.raw = raw
        self.hub = hub
    }

    deinit { close() }

    /// Stops it: no callback comes any more.
    func close() {
        guard let raw else { return }
        self.raw = nil
        let handle = asHandle(raw)
        handle.pointee.data = Unmanaged.passUnretained(hub).toOpaque()
        uv_close(handle) { closed in
            guard let closed else { return }
            Unmanaged<Hub>.fromOpaque(closed.pointee.data).takeUnretainedValue().loop.openHandles -= 1
            UnsafeMutableRawPointer(closed).deallocate()
        }
    }
}

/// Safe because each of libuv's handles begins with a `uv_handle_t`.
private func asHandle<Raw>(_ raw: UnsafeMutablePointer<Raw>) -> UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
}
