// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What threads leave to a hub: the one way from one thread into another's loop.

import CGreenletCore
import CGreenletPort
import Glibc
import GreenletCore
import Synchronization

/// Something to be done in a loop.
///
/// Safe because it belongs to whoever has it: who leaves it, then the list, then the hub's thread.
private final class Errand: @unchecked Sendable {
    let task: () -> Void
    /// Whether the child of a fork must do it as well, if the parent had not.
    let isKeptInChild: Bool
    /// The one that was left before this one; once the hub has taken it in, the one after.
    var other: Unmanaged<Errand>?

    init(_ task: @escaping () -> Void, isKeptInChild: Bool) {
        self.task = task
        self.isKeptInChild = isKeptInChild
    }
}

/// Something that another thread waits for.
protocol Promised: AnyObject {
    /// It won't come.
    func fail(_ error: GreenletError)
}

/// What is left to the thread of a loop, by whatever thread, in the order it comes, until the loop ends.
///
/// A list without a lock. The bell is rung only if the loop sleeps, and by one thread: who finds the list marked so. A loop
/// whose hub has never met another thread marks nothing, for that costs it something each time.
///
/// Safe because others touch the three atomics only, and the bell, which stays open while anybody may ring it.
final class Errands: @unchecked Sendable {
    // What the list is when nothing is left. Anything else is the address of the newest errand.
    private static let none: UInt = 0
    /// The loop sleeps, or is about to.
    private static let asleep: UInt = 1
    private static let closed: UInt = 2
    /// The loop doesn't say whether it sleeps: whoever leaves the first errand rings in any case.
    private static let unsaid: UInt = 3
    /// Nothing was left since the loop took in what it has not done yet.
    private static let more: UInt = 4
    /// How many are done in a turn; the rest waits for the next, behind timers and greenlets.
    private static let batch = 64

    /// How often this process is the child of a fork.
    private static let forks = Atomic<Int>(0)

    /// `thread 3`, for messages.
    let threadName: String
    private let newest = Atomic<UInt>(unsaid)
    private let refusesWork = Atomic<Bool>(false)
    /// How often the bell was rung.
    private let rings = Atomic<Int>(0)
    /// How often somebody has found the loop asleep: he rings, if he has not yet.
    private var wakers = 0
    private(set) var bell: CInt = -1
    /// Whether the loop says when it sleeps.
    private(set) var isMarked = false
    /// Which child of a fork the hub is in: those of other threads stayed in the parent process.
    private var generation = process
    /// What the loop has taken in and not done yet, in order.
    @exclusivity(unchecked) private var first: Unmanaged<Errand>?
    @exclusivity(unchecked) private var last: Unmanaged<Errand>?
    /// What was called here, and has not ended.
    private var promises: [ObjectIdentifier: any Promised] = [:]

    init(of threadName: String) { self.threadName = threadName }

    /// Has something done in the loop, which wakes up for it.
    ///
    /// From any thread.
    ///
    /// - Parameters:
    ///   - isKeptInChild: Whether a fork's child must do it as well, if it is on its way then.
    ///   - task: What to do; it must not block.
    /// - Returns: False if the loop has ended, or is another process's, which this one was forked from: it won't be done.
    func add(keptInChild isKeptInChild: Bool, _ task: @escaping () -> Void) -> Bool {
        switch leave(keptInChild: isKeptInChild, task) {
        case .refused: return false
        case .left: return true
        case .leftToSleeper:
            ring()
            return true
        }
    }

    /// What became of an errand.
    enum Outcome {
        case refused
        case left
        /// Whoever has left it must `ring()`.
        case leftToSleeper
    }

    /// The first half of `add`, which makes no system call, so that it may be done with a lock held.
    func leave(keptInChild isKeptInChild: Bool, _ task: @escaping () -> Void) -> Outcome {
        if !isInThisProcess { return .refused }
        let errand = Unmanaged.passRetained(Errand(task, isKeptInChild: isKeptInChild))
        let address = UInt(bitPattern: errand.toOpaque())
        var found = newest.load(ordering: .relaxed)
        while true {
            if found == Self.closed {
                errand.release()
                return .refused
            }
            errand._withUnsafeGuaranteedRef { $0.other = Self.errand(found) }
            let (isDone, other) = newest.weakCompareExchange(
                expected: found,
                desired: address,
                successOrdering: .acquiringAndReleasing,
                failureOrdering: .relaxed
            )
            if isDone { break }
            found = other
        }
        return found == Self.asleep || found == Self.unsaid ? .leftToSleeper : .left
    }

    private static func errand(_ found: UInt) -> Unmanaged<Errand>? {
        // Safe because an address in the list is that of a retained one.
        found <= more ? nil : .fromOpaque(UnsafeRawPointer(bitPattern: found).unsafelyUnwrapped)
    }

    /// Wakes the loop, for an errand that was left to a sleeper.
    @inline(never)
    func ring() {
        cgreenlet_port_ring(bell)
        rings.add(1, ordering: .releasing)
    }

    /// Which child of a fork this is: the same number means the same process.
    static var process: Int { forks.load(ordering: .relaxed) }

    /// Whether the loop's thread is in this process.
    var isInThisProcess: Bool { generation == Self.process }

    /// Whether the calling thread is the loop's.
    var isHere: Bool {
        guard let hub = Hub.presentReference else { return false }
        return hub._withUnsafeGuaranteedRef { $0.loop.errands === self }
    }

    /// The same, but in the child of a fork it doesn't start the hub over: for whoever holds a lock.
    var isOfThisThread: Bool {
        guard let record = cgreenlet_thread_if_started() else { return false }
        guard let hub = record.pointee.hub ?? record.pointee.inherited_hub else { return false }
        // Safe because the record's hub lives as long as its thread, which calls.
        return Unmanaged<Hub>.fromOpaque(hub)._withUnsafeGuaranteedRef { $0.loop.errands === self }
    }

    /// Whether the hub is ending, and takes no work of other threads any more.
    var isRefusingWork: Bool { refusesWork.load(ordering: .relaxed) }
}

// The loop's side.
extension Errands {
    /// From now on the loop says when it sleeps, for another thread may leave something at any time.
    @inline(never)
    func mark() {
        if isMarked { return }
        isMarked = true
        if !replace(Self.unsaid, by: Self.none) { wakers += 1 }
    }

    /// Whether something was left, as far as the loop says when it sleeps.
    @inline(__always)
    var isLeft: Bool { isMarked && newest.load(ordering: .relaxed) > Self.unsaid }

    /// The loop is going to sleep: from now on its bell is rung.
    ///
    /// - Returns: False if something was left, so that it must not.
    @inline(__always)
    func fallAsleep() -> Bool { replace(Self.none, by: Self.asleep) }

    /// The loop has woken up, by whatever.
    @inline(__always)
    func wakeUp() {
        if !replace(Self.asleep, by: Self.none) { wakers += 1 }
    }

    /// Replaces one sign that nothing is left by another, if that is still so.
    @inline(__always)
    private func replace(_ sign: UInt, by other: UInt) -> Bool {
        newest.compareExchange(expected: sign, desired: other, ordering: .relaxed).exchanged
    }

    /// Does what was left, in the loop; if it is much, then only the first of it, and the loop must not sleep.
    ///
    /// - Precondition: The loop says when it sleeps.
    @inline(never)
    func run() {
        takeIn(newest.exchange(Self.none, ordering: .acquiring))
        run(atMost: Self.batch)
        if first != nil { _ = replace(Self.none, by: Self.more) }
    }

    /// Puts what was left behind what is there, in order.
    private func takeIn(_ newest: UInt) {
        guard let end = Self.errand(newest) else { return }
        var start: Unmanaged<Errand>?
        var next: Unmanaged<Errand>? = end
        while let errand = next {
            errand._withUnsafeGuaranteedRef { errand in
                next = errand.other
                errand.other = start
            }
            start = errand
        }
        if let last { last._withUnsafeGuaranteedRef { $0.other = start } } else { first = start }
        last = end
    }

    private func run(atMost limit: Int) {
        let began = generation
        var left = limit
        while left > 0, let errand = first {
            left -= 1
            errand._withUnsafeGuaranteedRef { errand in
                first = errand.other
                if first == nil { last = nil }
                errand.task()
            }
            errand.release()
            if generation != began { return }  // it has forked: what is there now is for the child's hub
        }
    }

    /// The hub is ending: work of other threads is refused, while greenlets that end may still be woken.
    func refuseWork() {
        mark()
        refusesWork.store(true, ordering: .relaxed)
    }

    /// The loop ends: nothing is left to it any more.
    ///
    /// - Returns: Whether something is to be done still: see `finish()`.
    func shut() -> Bool {
        mark()
        takeIn(newest.exchange(Self.closed, ordering: .acquiring))
        return first != nil
    }

    /// Does all that was left.
    func finish() { run(atMost: .max) }

    /// Something was called here, and has begun.
    func hasBegun(_ promise: any Promised) { promises[ObjectIdentifier(promise)] = promise }

    /// It has ended.
    func hasEnded(_ promise: any Promised) { promises[ObjectIdentifier(promise)] = nil }

    /// What has not ended never will: whoever waits for it hears so.
    func breakPromises() {
        let broken = promises
        promises = [:]
        for promise in broken.values {
            promise.fail(
                GreenletError(
                    .hubDestroyed,
                    "what was called on the hub of \(threadName) had not ended a second after the hub began to: "
                        + "it goes on no more; let GreenletExit through where errors are caught"
                )
            )
        }
    }

    /// Opens the bell at a port.
    ///
    /// - Returns: 0 or a negative error number.
    func openBell(at port: CInt) -> CInt {
        bell = cgreenlet_port_open_bell(port, Loop.bell)
        return min(bell, 0)
    }

    /// - Precondition: The list is closed, or nobody else is in the process.
    func closeBell() {
        // Somebody is between his errand and his ring; it won't be long.
        var rounds = 0
        while rings.load(ordering: .acquiring) < wakers {
            rounds += 1
            // To a real-time thread `sched_yield` may prefer itself for ever.
            if rounds < 100 { sched_yield() } else { usleep(100) }
        }
        cgreenlet_port_close_bell(bell)
    }
}

// In the child of a fork.
extension Errands {
    /// The process is the child of a fork: what all loops were left is the parent's.
    static func becomeInherited() { forks.add(1, ordering: .relaxed) }

    /// The loop's thread is the one that forked: it does here as well what must be done in both.
    ///
    /// Whoever was about to ring is not here.
    func becomeInherited() {
        generation = Self.process
        rings.store(0, ordering: .relaxed)
        wakers = 0
        let found = newest.load(ordering: .relaxed)
        takeIn(found)
        if first == nil { return }
        keepForChild()
        if found == Self.closed { return }
        isMarked = true
        newest.store(first == nil ? Self.none : Self.more, ordering: .relaxed)
    }

    /// Leaves to this process what it must do, and forgets the rest, for what that holds would end with it.
    private func keepForChild() {
        var next = first
        (first, last) = (nil, nil)
        while let errand = next {
            errand._withUnsafeGuaranteedRef { kept in
                next = kept.other
                guard kept.isKeptInChild else { return }
                kept.other = nil
                if let last { last._withUnsafeGuaranteedRef { $0.other = errand } } else { first = errand }
                last = errand
            }
        }
    }
}

extension Hub {
    /// Has something done in the loop of this hub, which may be another thread's, and in that of a fork's child.
    ///
    /// - Parameter task: What to do; it must not block.
    /// - Returns: False if the hub has ended: it won't be done.
    package func submit(_ task: @escaping () -> Void) -> Bool { loop.errands.add(keptInChild: true, task) }

    /// Whether this is the calling thread's hub: in the child of a fork it is started over, if it was not.
    package var isHere: Bool {
        guard let record = cgreenlet_thread_if_started() else { return false }
        let own = Unmanaged.passUnretained(self).toOpaque()
        if record.pointee.inherited_hub == own { _ = resumeIfInherited() }
        return record.pointee.hub == own
    }
}
