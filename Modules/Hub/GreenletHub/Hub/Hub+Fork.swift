// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A fork, seen from the child: one thread, one greenlet, and a loop that is the parent's until the hub is used.

import CGreenletCore
import Glibc
import GreenletCore

/// Tells the child of a fork, whoever called it, that its hub is not its own.
///
/// Done once. In the child nothing is repaired yet: most children only call `exec`.
let watchForks: Void = {
    // The locks are made before the first fork, not in it.
    SignalHandles.beforeFork()
    SignalHandles.afterFork()
    Children.all.beforeFork()
    Children.all.afterFork()
    CrossLock.beforeFork()
    CrossLock.afterFork()
    // And what the child's handler asks the runtime for: a thread that is not in the child may have had the locks of that.
    let callers = GreenletThread.current.callers
    _ = (callers.contains(callers[0]), heir(among: callers))
    pthread_atfork(
        {
            SignalHandles.beforeFork()
            Children.all.beforeFork()
            OpenLoops.beforeFork()
            CrossLock.beforeFork()
        },
        {
            CrossLock.afterFork()
            OpenLoops.afterFork()
            Children.all.afterFork()
            SignalHandles.afterFork()
        },
        {
            Children.all.afterForkInChild()
            SignalHandles.afterForkInChild()
            CrossLock.afterFork()
            Errands.becomeInherited()
            let record = cgreenlet_thread_if_started()
            let own = (record?.pointee.hub ?? record?.pointee.inherited_hub).map { Unmanaged<Hub>.fromOpaque($0) }
            OpenLoops.afterForkInChild(keeping: own?._withUnsafeGuaranteedRef { $0.loop })
            own?._withUnsafeGuaranteedRef { $0.becomeInherited() }
        }
    )
}()

/// Of those who called each other by hand, the first that was spawned.
private func heir(among callers: [Context]) -> AnyGreenlet? {
    for context in callers {
        guard let scheduled = context.pointee.scheduled else { continue }
        let greenlet = Unmanaged<AnyGreenlet>.fromOpaque(scheduled).takeUnretainedValue()
        if greenlet.isSpawned { return greenlet }
    }
    return nil
}

/// The first use of this thread's hub in the child of a fork.
@inline(never)
func resumeInheritedHub(_ record: UnsafeMutablePointer<cgreenlet_thread>) -> Hub {
    // Safe because the caller has looked, and the thread keeps its hub.
    let hub = Unmanaged<Hub>.fromOpaque(record.pointee.inherited_hub!).takeUnretainedValue()
    hub.startOverInChild()
    return hub
}

extension Hub {
    /// Forks the process.
    ///
    /// In the child only the greenlet that calls this goes on; all others stay in the parent.
    ///
    /// Not a switch point. Returns twice, like the C function, which Swift declares unavailable. The child's hub is fresh:
    /// no other greenlet, no timer but the time limits of who forked, none of the parent's events. The parent's greenlets have ended there, with `.leftInParent`;
    /// none of their code runs, not even a `defer`. Descriptors are shared, and can be waited for in both processes;
    /// signals that this thread watches are watched in both. What other greenlets have locked stays locked.
    ///
    /// When a spawned greenlet has forked, its end is the child's: by `exit`, with 1 if it ended with an error, else with
    /// 0. Where the main greenlet has, the child goes on like any program. To leave at once, call `_exit`.
    ///
    /// - Returns: 0 in the child, its process id in the parent.
    /// - Throws: `GreenletError` with `.loopFailed`, and the error number as its `cause`, if the system refuses.
    ///
    /// gevent: `gevent.os.fork`. POSIX: `fork(2)`.
    public static func fork() throws -> CInt {
        let process = Loop.fork()
        if process < 0 {
            throw GreenletError(.loopFailed, "can't fork: \(describeErrno(-process))", cause: -process)
        }
        // After a fork by other ways this happens when the hub is first used.
        if process == 0 { _ = presentReference }
        return process
    }

    /// Forks the process, and watches the child from its first moment on.
    ///
    /// ```swift
    /// guard let child = try Hub.forkAndWatch() else { serve() }  // which never returns, in the child
    /// spawn { if let status = try child.wait() { print(child.pid, status) } }
    /// ```
    ///
    /// As long as the watcher is held the child is reaped when it ends, waited for or not, and whoever calls
    /// `waitForChild(_:timeout:)` with its number gets the answer, before that and after. Watching doesn't count as
    /// waiting. A child that can't be watched at once, because no descriptor is left, is kept until somebody waits for it,
    /// which tries again. For those of other functions that fork make a `ChildWatcher` before the next switch point.
    ///
    /// Not a switch point. Returns twice; for what the child is see `fork()`.
    ///
    /// - Returns: nil in the child, its watcher in the parent.
    /// - Throws: `GreenletError` with `.loopFailed`, and the error number as its `cause`, if the system refuses to fork.
    ///
    /// gevent: `gevent.os.fork_and_watch`; its callback is a greenlet that waits. POSIX: `fork(2)`.
    public static func forkAndWatch() throws -> ChildWatcher? {
        let process = try fork()
        return process == 0 ? nil : ChildWatcher(forked: process)
    }

    /// Inside of `fork`, in the child: makes sure that the next use of the hub comes by `startOverInChild()`.
    ///
    /// Those ways all look whether there is a hub, or whether a greenlet's turn is over.
    fileprivate func becomeInherited() {
        if isGone { return }
        (record.pointee.hub, record.pointee.inherited_hub) = (nil, Unmanaged.passUnretained(self).toOpaque())
        isInherited = true
        handOversLeft = 0
        loop.becomeInherited()
        let callers = thread.callers
        hasLeftMain = !callers.contains(mainContext)
        heir = hasLeftMain ? GreenletHub.heir(among: callers) : nil
        heir?.isLastHere()  // said now, as it may end without another look at the hub
    }

    /// Whether this was the first use of the hub in the child of a fork: it can be used from here on.
    func resumeIfInherited() -> Bool {
        guard isInherited, cgreenlet_thread_if_started() == record else { return false }
        startOverInChild()
        return true
    }

    /// Whose stack it is, if the hub knows him.
    private func greenlet(on context: Context) -> AnyGreenlet? {
        context.pointee.scheduled.map { Unmanaged<AnyGreenlet>.fromOpaque($0).takeUnretainedValue() }
    }

    /// In the child of a fork: forgets the parent's greenlets, and opens a loop of its own.
    ///
    /// Those stay that called the one that runs, by hand; and raw greenlets that don't wait, for whoever has a handle.
    func startOverInChild() {
        isInherited = false
        (record.pointee.hub, record.pointee.inherited_hub) = (Unmanaged.passUnretained(self).toOpaque(), nil)
        thread.startOverInChild()
        let callers = thread.callers
        let staying = Set(callers.compactMap(greenlet) + [heir].compactMap { $0 })
        var others = (alive + visitors.filter(\.dependsOnHub)).filter { !staying.contains($0) }
        if hasLeftMain { others.append(main) }
        let survivor = callers.first.flatMap(greenlet)
        for watch in watches.values { watch.startOverInChild() }
        leaveInParent(others, keeping: survivor)
        for visitor in others where !visitor.isSpawned { visitors.remove(visitor) }
        let waits = loop.startOverInChild(keeping: staying) + staying.count { $0.waitsOutside }
        externalWaits = waits + watches.values.count { $0.keepsHubAlive }
        externalLinks = [:]  // kept by what they are linked to
        turnBegan = Deadline.now
        restartMonitoringInChild()
        heir?.isLastHere()  // again, as those who looked at its end have left
    }

    private func leaveInParent(_ others: [AnyGreenlet], keeping survivor: AnyGreenlet?) {
        let left = Set(others)
        let dropped = callbacks
        callbacks = []
        withExtendedLifetime(dropped) {}
        var uncounted = 0
        var stopped: [TimerAction] = []
        timers.removeAll { action in
            switch action {
            case .wake(let reference, _):
                let greenlet = reference.takeUnretainedValue()
                if left.contains(greenlet) { return true }
                if greenlet.isToldByUncountedTimer { uncounted += 1 }
                return false
            case .start: return true
            case .expire(let reference, _):
                let timeout = reference.takeUnretainedValue()
                guard let target = timeout.target, !left.contains(target) else {
                    stopped.append(action)
                    return true
                }
                if timeout.isUncounted { uncounted += 1 }
                return false
            }
        }
        for action in stopped { action.drop() }
        uncountedTimers = uncounted
        var served: [AnyGreenlet] = []
        while let next = runnable.popFirst()?.takeUnretainedValue() {
            if next.isServed && left.contains(next) { served.append(next) }
        }
        // They leave all places where they wait, so that nobody serves them.
        for greenlet in others { greenlet.wake(.ready) }
        while runnable.popFirst() != nil {}
        if let survivor, survivor.isQueued { enqueue(survivor) }
        for greenlet in others { greenlet.leaveInParent() }
        // Afterwards, when nobody waits any more: what they were given is free, and groups and pools count them out.
        for greenlet in served.reversed() { greenlet.giveBack() }
        for greenlet in others { greenlet.notifyDirectLinks() }
    }
}

extension AnyGreenlet {
    /// Whether it goes on only if the hub lets it: it waits, or its turn is to come.
    fileprivate var dependsOnHub: Bool { waitState.isWaiting || isQueued }

    fileprivate var isSpawned: Bool { origin != nil }

    /// Whether it waits in a list that something outside of this thread's greenlets looks after, and is counted.
    fileprivate var waitsOutside: Bool { waitList?.takeUnretainedValue().keepsHubAlive ?? false }

    /// Whether the hub counts none of the timers that wake it.
    fileprivate var isToldByUncountedTimer: Bool {
        if self is StandIn || currentReason?.isUncountedSleep == true { return true }
        guard let list = waitList?.takeUnretainedValue() else { return false }
        return list === hub.joiners || list.isExternal && !list.keepsHubAlive
    }

    /// With its end the process ends; whoever waits for that is in the parent.
    fileprivate func isLastHere() {
        ensuredExtras.endsProcess = true
        // Kept for ever: what they hold would end with them.
        if let links { _ = Unmanaged.passRetained(LinksOfParent(links)) }
        links = nil
    }

    /// Nothing of it runs in this process; its memory stays as it is.
    fileprivate func leaveInParent() {
        isQueued = false
        if stage == .endless { return }
        startTimer = .none
        failure = GreenletError(
            .leftInParent,
            "\(self) stayed in the parent process: a fork takes along only the greenlet that calls it"
        )
        stage = .failed
        if let context { hub.thread.leaveBehind(context) }
        _ = Unmanaged.passRetained(self)  // what it holds would end with it
        if isSpawned { hub.unregister(.passUnretained(self)) }
    }

    fileprivate func notifyDirectLinks() {
        for link in links?.take() ?? [] { if case .direct(let callback) = link.call { callback() } }
    }
}

/// What the parent process wanted to know of the end of a greenlet that goes on in the child.
private final class LinksOfParent {
    let links: Links
    init(_ links: Links) { self.links = links }
}

/// Ends the child of a fork, when the greenlet that forked has ended, or nothing can happen any more.
func endChild(_ status: CInt) -> Never { exit(status) }
