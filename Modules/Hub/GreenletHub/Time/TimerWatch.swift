// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a timer with a callback has on its hub: an alarm, and when it rings next.

import GreenletCore

/// Calls back when its time has come; see `TimerWatcher`.
final class TimerWatch: HubWatch {
    private let delay: Duration
    private let interval: Duration?
    private let callback: () -> Void
    private var alarm: Alarm?
    private var next = Deadline(nanoseconds: 0)
    /// Whether its time has come, and the callback has not been called yet.
    private var isDue = false

    init(after delay: Duration, repeating interval: Duration?, keepsHubAlive: Bool, _ callback: @escaping () -> Void) {
        (self.delay, self.interval, self.callback) = (delay, interval, callback)
        super.init(keepsHubAlive: keepsHubAlive)
    }

    /// Begins, or begins anew.
    func start(after delay: Duration) {
        let alarm = self.alarm ?? Alarm(on: hub) { [unowned self] in rang() }
        self.alarm = alarm
        next = Deadline(after: delay)
        alarm.set(to: next)
        isDue = false
        isStarted()
    }

    /// Begins anew, as after a call.
    func again() { start(after: interval ?? delay) }

    var isPending: Bool { isDue || alarm?.isSet == true }

    /// As POSIX's timers, none goes along.
    override func startOverInChild() { stop() }

    override func stop() {
        alarm?.cancel()
        isDue = false
        super.stop()
    }

    /// In the loop, amid the timers: what is to be called may fork, or throw these all over.
    private func rang() {
        if !isDue { hub.runSoon { [self] in call() } }
        isDue = true
        guard let interval else { return }
        advance(by: Deadline.nanoseconds(interval))
    }

    /// On its beat: what was missed is left out.
    private func advance(by interval: UInt64) {
        let now = Deadline.now
        let missed = now < next ? 0 : (now.nanoseconds - next.nanoseconds) / interval
        next = Deadline(nanoseconds: next.nanoseconds &+ (missed + 1) * interval)
        alarm?.set(to: next)
    }

    private func call() {
        guard isDue else { return }  // it was taken back
        if interval == nil { stop() }
        isDue = false
        callback()
    }
}
