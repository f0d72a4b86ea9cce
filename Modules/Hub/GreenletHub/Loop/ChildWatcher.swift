// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waiting for a child process to end, by a descriptor for it or by SIGCHLD.

import CGreenletPort
import CGreenletUV
import Glibc
import GreenletCore

/// Waits for the end of a child process, and keeps how it ended.
///
/// ```swift
/// let child = try ChildWatcher(pid)
/// guard let status = try child.wait(timeout: .seconds(5)) else { … }  // it still runs
/// print(status)                                                       // exited with 0
/// ```
///
/// The child is reaped as soon as it has ended and the loop looks, whether somebody waits or not; so none stays behind
/// as a zombie while its watcher lives. Only this child is reaped, never another's. Any number of greenlets may wait,
/// and several watchers of the same child, on several threads, too: all get the same answer. A child that others wait
/// for by `waitpid` themselves, or whose end the system drops because `SIGCHLD` is ignored, is an error that says so.
///
/// With Linux 5.3 and later it is a descriptor for the process that is waited for, on whatever thread; before that
/// libuv's watcher of `SIGCHLD`.
///
/// gevent: `hub.loop.child`.
public final class ChildWatcher {
    /// The number of the process.
    public let pid: CInt
    /// How it ended; nil while it runs, as far as the loop has looked.
    ///
    /// Not a switch point.
    public private(set) var status: ChildStatus?

    private let hub = Hub.current
    private let child: WatchedChild
    private let waiters = ExternalWaitList()
    /// Whether the kernel doesn't know the child any more.
    private var isLost = false
    private var listener: DescriptorListener?
    private var handle: LoopHandle<uv_signal_t>?
    /// What `listener` listens to.
    private var processDescriptor: CInt = -1

    /// Begins to watch a child.
    ///
    /// Not a switch point.
    ///
    /// - Parameter pid: The number of the process; it may have ended already, if nobody has waited for it yet.
    /// - Throws: `GreenletError` with `.invalidArgument` if it can't be one process; with `.loopFailed`, and `ECHILD`
    ///   as its cause, if it is no child of this process, or somebody else has waited for it; with `.loopFailed` if no
    ///   descriptor is left.
    ///
    /// gevent: `hub.loop.child`. POSIX: `waitpid(2)`.
    public convenience init(_ pid: CInt) throws { try self.init(pid, bySignal: false) }

    /// The same; by `SIGCHLD` if asked for, also where there is something better.
    package init(_ pid: CInt, bySignal: Bool) throws {
        guard pid > 0 else {
            throw GreenletError(.invalidArgument, "can't watch process \(pid): the number of one process is above 0")
        }
        self.pid = pid
        child = Children.all.add(pid)
        hub.watchers[ObjectIdentifier(self)] = { [unowned self] in stop() }
        look()
        if isLost { throw lost }
        if status != nil { return }
        if !bySignal, try watchByDescriptor() { return }
        try watchBySignal()
    }

    deinit {
        stop()
        hub.watchers[ObjectIdentifier(self)] = nil
        Children.all.remove(child)
    }

    /// Waits until the child has ended.
    ///
    /// Switch point, unless it has.
    ///
    /// - Parameter timeout: At most how long; nil means for ever.
    /// - Returns: How it ended; nil if the time ran out.
    /// - Throws: `GreenletError` with `.loopFailed`, and `ECHILD` as its cause, if somebody else has waited for it;
    ///   whatever the waiting greenlet is killed with.
    ///
    /// gevent: `gevent.os.waitpid`. POSIX: `waitpid(2)`.
    public func wait(timeout: Duration? = nil) throws -> ChildStatus? {
        hub.checkThread("wait", self)
        look()
        if status == nil, !isLost {
            _ = try waiters.waitForOutside(for: WaitReason("wait", self), until: Deadline(after: timeout))
        }
        if isLost { throw lost }
        return status
    }

    /// Looks whether it has ended; if so, wakes all.
    private func look() {
        if status != nil || isLost { return }
        switch Children.all.look(child) {
        case nil: return
        case .ended(let status): self.status = status
        case .unknown: isLost = true
        }
        stop()
        waiters.wakeAll()
    }

    /// Nothing is to be heard of the child any more.
    private func stop() {
        if let raw = handle?.raw { SignalHandles.remove(raw) }
        handle?.close()
        handle = nil
        guard let listener else { return }
        self.listener = nil
        listener.stop()
        hub.forget(processDescriptor)
        close(processDescriptor)
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
extension ChildWatcher {
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
        } catch {
            close(descriptor)
            throw error
        }
        return true
    }

    private func watchBySignal() throws(GreenletError) {
        let handle = try LoopHandle<uv_signal_t>(on: hub, for: self, "watching SIGCHLD", uv_signal_init)
        self.handle = handle
        let status = uv_signal_start(
            handle.raw,
            { handle, _ in
                guard let data = handle?.pointee.data else { return }
                Unmanaged<ChildWatcher>.fromOpaque(data).takeUnretainedValue().look()
            },
            SIGCHLD
        )
        if status != 0 { throw GreenletError.loop("watching SIGCHLD", status) }
        if let raw = handle.raw { SignalHandles.insert(raw, of: hub) }
        look()  // or an end before that would never be told
    }
}

/// Ready when it has ended, or will never be heard of again.
extension ChildWatcher: Waitable {
    /// Whether it has ended.
    public var readiness: Readiness {
        hub.checkThread("wait", self)
        look()
        return Readiness(status != nil || isLost, tells: self.list)
    }

    private var list: WaitList {
        waiters.abandoned = { self.waiters.abandoned = {} }  // alive until nobody waits
        return waiters
    }
}

extension ChildWatcher: CustomStringConvertible {
    /// `process 4711, which runs`.
    public var description: String {
        "process \(pid), which \(status.map { "\($0)" } ?? (isLost ? "is lost" : "runs"))"
    }
}

@available(*, unavailable)
extension ChildWatcher: Sendable {}

/// Waits until a child process has ended.
///
/// Switch point, unless it has.
///
/// The child is reaped; asked again for the same, the answer is an error. After a wait that took too long, or was ended
/// by a kill, the child can still be waited for.
///
/// - Parameters:
///   - pid: The number of the process.
///   - timeout: At most how long; nil means for ever.
/// - Returns: How it ended; nil if the time ran out.
/// - Throws: As `ChildWatcher`.
///
/// gevent: `gevent.os.waitpid`. POSIX: `waitpid(2)`.
public func waitForChild(_ pid: CInt, timeout: Duration? = nil) throws -> ChildStatus? {
    try ChildWatcher(pid).wait(timeout: timeout)
}
