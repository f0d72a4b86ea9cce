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
    /// The one that was left before this one.
    var former: Unmanaged<Errand>?

    init(_ task: @escaping () -> Void, isKeptInChild: Bool) {
        self.task = task
        self.isKeptInChild = isKeptInChild
    }
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
        if !isInThisProcess { return false }
        let errand = Unmanaged.passRetained(Errand(task, isKeptInChild: isKeptInChild))
        let address = UInt(bitPattern: errand.toOpaque())
        var found = newest.load(ordering: .relaxed)
        while true {
            if found == Self.closed {
                errand.release()
                return false
            }
            errand._withUnsafeGuaranteedRef { $0.former = Self.errand(found) }
            let (isDone, other) = newest.weakCompareExchange(
                expected: found,
                desired: address,
                successOrdering: .acquiringAndReleasing,
                failureOrdering: .relaxed
            )
            if isDone { break }
            found = other
        }
        if found == Self.asleep || found == Self.unsaid { ring() }
        return true
    }

    private static func errand(_ found: UInt) -> Unmanaged<Errand>? {
        // Safe because an address in the list is that of a retained one.
        found <= unsaid ? nil : .fromOpaque(UnsafeRawPointer(bitPattern: found).unsafelyUnwrapped)
    }

    @inline(never)
    private func ring() {
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

    /// Does what was left, in the loop.
    ///
    /// - Precondition: The loop says when it sleeps.
    @inline(never)
    func run() { run(newest.exchange(Self.none, ordering: .acquiring)) }

    private func run(_ newest: UInt) {
        var first: Unmanaged<Errand>?
        var last = Self.errand(newest)
        while let errand = last {
            errand._withUnsafeGuaranteedRef { errand in
                last = errand.former
                errand.former = first
            }
            first = errand
        }
        let began = generation
        while let errand = first {
            first = errand._withUnsafeGuaranteedRef { errand in
                errand.task()
                return errand.former
            }
            errand.release()
            if generation != began { return keep(first) }  // one of them has forked
        }
    }

    /// The hub is ending: work of other threads is refused, while greenlets that end may still be woken.
    func refuseWork() {
        mark()
        refusesWork.store(true, ordering: .relaxed)
    }

    /// The loop ends: what was left is done, and nothing is left any more.
    func close() {
        mark()
        run(newest.exchange(Self.closed, ordering: .acquiring))
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
        while rings.load(ordering: .acquiring) < wakers { sched_yield() }
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
        var first: Unmanaged<Errand>?
        var last = Self.errand(newest.load(ordering: .relaxed))
        guard last != nil else { return }
        isMarked = true
        while let errand = last {
            last = errand._withUnsafeGuaranteedRef { $0.former }
            errand._withUnsafeGuaranteedRef { $0.former = first }
            first = errand
        }
        newest.store(Self.none, ordering: .relaxed)
        keep(first)
    }

    /// Leaves to this process what it must do, and forgets the rest, for what that holds would end with it.
    private func keep(_ first: Unmanaged<Errand>?) {
        if newest.load(ordering: .relaxed) == Self.closed { return }
        var next = first
        while let errand = next {
            errand._withUnsafeGuaranteedRef { kept in
                next = kept.former
                guard kept.isKeptInChild else { return }
                kept.former = Self.errand(newest.load(ordering: .relaxed))
                newest.store(UInt(bitPattern: errand.toOpaque()), ordering: .relaxed)
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
