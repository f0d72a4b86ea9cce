// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Who waits for something that several threads share, in order: decisions only, made with that thing's lock held.

/// The waits for one thing, first in, first out.
///
/// It only decides. Each wait is served at most once, or leaves; after both it is over, and whoever comes later, to serve
/// it or to leave, hears that: so what a waiter was given is taken, or given back, exactly once.
package struct CrossWaiters {
    /// Safe because it holds a reference to each that stands here, and lets go when that leaves.
    private var first: Unmanaged<CrossWaiter>?
    private var last: Unmanaged<CrossWaiter>?
    package private(set) var count = 0

    mutating func append(_ waiter: CrossWaiter) {
        let link = Unmanaged.passRetained(waiter)
        waiter.phase = .waiting
        (waiter.former, waiter.next) = (last, nil)
        if let last { last._withUnsafeGuaranteedRef { $0.next = link } } else { first = link }
        last = link
        count += 1
    }

    /// Takes out the one that waits longest, who is served from now on.
    mutating func serveFirst() -> CrossWaiter? {
        guard let waiter = first?.takeUnretainedValue() else { return nil }
        remove(waiter)
        waiter.phase = .served
        return waiter
    }

    /// The same of all, in order.
    mutating func serveAll() -> [CrossWaiter] {
        if first == nil { return [] }
        var all: [CrossWaiter] = []
        all.reserveCapacity(count)
        while let waiter = serveFirst() { all.append(waiter) }
        return all
    }

    /// A wait is over, for whatever reason.
    ///
    /// - Returns: Whether it had been served, and nobody was told so before: what it was given is the caller's.
    mutating func leave(_ waiter: CrossWaiter) -> Bool {
        defer { waiter.phase = .over }
        switch waiter.phase {
        case .waiting:
            remove(waiter)
            return false
        case .served: return true
        case .over: return false
        }
    }

    private mutating func remove(_ waiter: CrossWaiter) {
        let (former, next) = (waiter.former, waiter.next)
        if let former { former._withUnsafeGuaranteedRef { $0.next = next } } else { first = next }
        if let next { next._withUnsafeGuaranteedRef { $0.former = former } } else { last = former }
        (waiter.former, waiter.next) = (nil, nil)
        count -= 1
        Unmanaged.passUnretained(waiter).release()
    }
}

/// How many permits are free, and who waits for one.
package struct PermitState {
    package private(set) var free: Int
    package private(set) var takers = CrossWaiters()
    /// Those that wait until one is free, and won't take it.
    package private(set) var watchers = CrossWaiters()

    package init(_ free: Int) { self.free = free }

    /// Takes a free one, if there is any; else nobody may have left one since he looked, or he would be forgotten.
    package mutating func take() -> Bool {
        if free == 0 { return false }
        free -= 1
        return true
    }

    /// Takes a free one, or goes to the end of those who wait: whether it was taken.
    package mutating func take(orWaitAs waiter: CrossWaiter) -> Bool {
        if take() { return true }
        takers.append(waiter)
        return false
    }

    /// Whether one is free; else it will be told.
    package mutating func isFree(orTell watcher: CrossWaiter) -> Bool {
        if free == 0 { watchers.append(watcher) }
        return free > 0
    }

    /// One is given back.
    ///
    /// - Returns: Whose it is now, or else who is to be told that it is free.
    package mutating func release() -> (taker: CrossWaiter?, told: [CrossWaiter]) {
        if let taker = takers.serveFirst() { return (taker, []) }
        free += 1
        return (nil, watchers.serveAll())
    }

    /// See `CrossWaiters.leave(_:)`; a permit that it was given must be released then, or kept.
    package mutating func leave(_ taker: CrossWaiter) -> Bool { takers.leave(taker) }

    package mutating func leave(watcher: CrossWaiter) { _ = watchers.leave(watcher) }
}
