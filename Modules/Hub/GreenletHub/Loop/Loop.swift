// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The owner of a uv_loop_t: one turn at a time, one timer for the earliest deadline, a table of pollers.

import CGreenletUV

/// Before 1.45 libuv runs timers also ahead of the poll: one that is due by then, because the thread was held up after
/// it was set, would fire, and leave a poll without end behind it.
///
/// Stopping makes that poll return at once.
private let timerCallback: uv_timer_cb = { timer in uv_stop(timer?.pointee.loop) }

/// libuv's loop.
///
/// Its callbacks never switch: they wake greenlets, which puts these into the run queue.
package final class Loop {
    let handle: UnsafeMutablePointer<uv_loop_t>
    /// Wakes the loop at the earliest deadline of the hub's heap.
    private let timer: UnsafeMutablePointer<uv_timer_t>
    private var timerIsSetTo: UInt64?
    /// Keeps the loop alive while there is nothing else in it, and wakes it from other threads.
    private let wakeUp: UnsafeMutablePointer<uv_async_t>
    /// One poller a descriptor number: libuv allows no second one.
    var pollers: [Poller?] = []
    /// Handles that libuv has not let go of yet.
    package internal(set) var openHandles = 0

    package init() {
        handle = .allocate(capacity: 1)
        timer = .allocate(capacity: 1)
        wakeUp = .allocate(capacity: 1)
        mustSucceed("uv_loop_init", uv_loop_init(handle))
        mustSucceed("uv_timer_init", uv_timer_init(handle, timer))
        mustSucceed("uv_async_init", uv_async_init(handle, wakeUp, { _ in }))
    }

    /// One turn: looks for events and lets the callbacks of those that came mark greenlets as runnable.
    ///
    /// - Parameters:
    ///   - deadline: When to come back at the latest.
    ///   - waiting: Whether to sleep until something happens; otherwise just looks.
    package func poll(until deadline: Deadline?, waiting: Bool) {
        if waiting { setTimer(deadline) }
        uv_run(handle, waiting ? UV_RUN_ONCE : UV_RUN_NOWAIT)
    }

    private func setTimer(_ deadline: Deadline?) {
        // Rounded up: a timer that is early would make the loop spin until the deadline.
        let due = deadline.map { ($0.nanoseconds + 999_999) / 1_000_000 }
        let isRunning = uv_is_active(UnsafeRawPointer(timer).assumingMemoryBound(to: uv_handle_t.self)) != 0
        if due == timerIsSetTo && (due == nil || isRunning) { return }
        timerIsSetTo = due
        guard let due else {
            uv_timer_stop(timer)
            return
        }
        uv_update_time(handle)
        let now = uv_now(handle)
        mustSucceed("uv_timer_start", uv_timer_start(timer, timerCallback, due > now ? due - now : 0, 0))
    }

    /// Closes everything.
    ///
    /// Nobody may wait for anything any more.
    package func close() {
        for poller in pollers { poller?.close() }
        pollers = []
        let handles = [UnsafeMutableRawPointer(timer), UnsafeMutableRawPointer(wakeUp)]
        for raw in handles { uv_close(raw.assumingMemoryBound(to: uv_handle_t.self), nil) }
        var status = UV_EBUSY.rawValue
        for _ in 0..<1_000 where status == UV_EBUSY.rawValue {
            uv_run(handle, UV_RUN_NOWAIT)
            status = uv_loop_close(handle)
        }
        guard status == 0 else { return }  // a look-up still runs on libuv's threads: its loop must stay
        timer.deallocate()
        wakeUp.deallocate()
        handle.deallocate()
    }
}
