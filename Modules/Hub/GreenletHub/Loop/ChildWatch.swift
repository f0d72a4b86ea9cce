// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a watcher of a child has on its hub: news of the child by a descriptor for it, or by SIGCHLD.

import CGreenletPort
import Glibc
import GreenletCore

/// Hears of the end of a child, and reaps it; see `ChildWatcher`.
final class ChildWatch: HubWatch {
    private(set) var status: ChildStatus?
    let waiters: ExternalWaitList
    /// Whether the kernel doesn't know the child any more.
    private(set) var isLost = false
    private let pid: CInt
    private let child: WatchedChild
    private var listener: DescriptorListener?
    private var signal: SignalWatch?
    /// What `listener` listens to.
    private var processDescriptor: CInt = -1

    /// - Parameters:
    ///   - pid: The number of the process.
    ///   - isCounted: Whether the hub goes on for those who wait.
    init(_ pid: CInt, isCounted: Bool = true) {
        self.pid = pid
        waiters = ExternalWaitList(keepsHubAlive: isCounted)
        child = Children.all.add(pid)
    }

    /// On any thread.
    deinit { Children.all.remove(child) }

    func start(bySignal: Bool) throws(GreenletError) {
        look()
        if isLost { throw lost }
        if status != nil || listener != nil || signal != nil { return }
        if !bySignal, try watchByDescriptor() { return }
        try watchBySignal()
    }

    /// Waits until the child has ended.
    ///
    /// Switch point, unless it has.
    func wait(timeout: Duration?) throws -> ChildStatus? {
        try start(bySignal: false)
        if status == nil {
            do {
                _ = try waiters.waitForOutside(for: WaitReason("wait", self), until: Deadline(after: timeout))
            } catch {
                // It ended in the same turn, and was reaped: the next who asks would find nobody.
                if status != nil { Children.all.settle(child, isOwed: true) }
                throw error
            }
        }
        if isLost { throw lost }
        if status != nil { Children.all.settle(child, isOwed: false) }
        return status
    }

    /// Looks whether it has ended; if so, wakes all.
    func look() {
        if status != nil || isLost { return }
        switch Children.all.look(child, at: processDescriptor) {
        case nil: return
        case .ended(let status): self.status = status
        case .unknown: isLost = true
        }
        stop()
        waiters.wakeAll()
    }

    /// Nothing is to be heard of the child any more.
    override func stop() {
        signal?.stop()
        signal = nil
        if let listener {
            self.listener = nil
            listener.stop()
            hub.forget(processDescriptor)
            close(processDescriptor)
            processDescriptor = -1
        }
        super.stop()
    }

    private var lost: GreenletError {
        GreenletError(
            .loopFailed,
            "can't wait for process \(pid): it is no child of this process, or somebody else has waited for it already, "
                + "or SIGCHLD is ignored; let one place wait for a child, or all by a ChildWatcher",
            cause: ECHILD
        )
    }
}

// Where the news come from.
extension ChildWatch {
    /// Watches a descriptor for the process; false where there is no such thing.
    private func watchByDescriptor() throws(GreenletError) -> Bool {
        let descriptor = cgreenlet_port_open_process(pid)
        if descriptor < 0 {
            // A filter of system calls may forbid what it doesn't know. ESRCH: somebody else has just reaped it.
            if -descriptor == ENOSYS || -descriptor == EPERM { return false }
            if -descriptor == ESRCH {
                look()  // another watcher of ours has its answer
                if status != nil { return true }
                throw lost
            }
            throw GreenletError(
                .loopFailed,
                "can't open a descriptor for process \(pid): \(describeError(descriptor))",
                cause: -descriptor
            )
        }
        do throws(GreenletError) {
            let listener = DescriptorListener(on: hub, .read) { [unowned self] in look() }
            hub.forget(descriptor)  // of another one that had this number, and was closed behind our back
            listener.listen(at: try hub.poller(for: descriptor))
            self.listener = listener
            processDescriptor = descriptor
            isStarted()
        } catch {
            close(descriptor)
            throw error
        }
        return true
    }

    private func watchBySignal() throws(GreenletError) {
        let signal = SignalWatch(SIGCHLD, "SIGCHLD") { [unowned self] in look() }
        try signal.start()
        self.signal = signal
        isStarted()
        look()  // or an end before that would never be told
    }
}

extension ChildWatch: CustomStringConvertible {
    /// `process 4711, which runs`.
    var description: String {
        "process \(pid), which \(status.map { "\($0)" } ?? (isLost ? "is lost" : "runs"))"
    }
}
