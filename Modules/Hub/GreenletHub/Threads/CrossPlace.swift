// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What all that several threads wait for have in common: how one waits there, and how one is served.

/// Something that greenlets of any hub wait for, and threads without one.
///
/// Waiting is: a waiter goes into the thing's list, with the lock held, if there is nothing to be had. Then it parks, or the
/// thread sleeps. Who serves it takes it out of the list, with the lock held, and wakes it when the lock is open again: by an
/// errand to its hub. Where something was given to it, the errand is left with the lock held. A greenlet that was killed, or whose time was over, before that came, finds that it was served.
protocol CrossPlace: AnyObject, Sendable {
    var lock: CrossLock { get }
    /// A wait is over: whether it had been served, and nobody knew.
    ///
    /// Called with the lock held.
    func leave(_ waiter: CrossWaiter) -> Bool
    /// What a waiter was given is not wanted.
    func giveBack()
}

extension CrossPlace {
    /// Waits as a waiter that stands in the list.
    ///
    /// Switch point, in a greenlet.
    ///
    /// - Returns: Whether it was served, before the deadline came.
    /// - Throws: Whatever the greenlet is killed with. It has nothing then.
    func wait(as waiter: CrossWaiter, for verb: StaticString, until deadline: Deadline?) throws -> Bool {
        switch waiter.place {
        case .hub(_, let list):
            do {
                _ = try list.waitForOutside(for: WaitReason(verb, self), until: deadline)
            } catch {
                if lock.withLock({ leave(waiter) }) { giveBack() }
                throw error
            }
            return lock.withLock { leave(waiter) }
        case .thread(let condition):
            return lock.withLock {
                while waiter.phase == .waiting, condition.sleep(lock.mutex, until: deadline) {}
                return leave(waiter)
            }
        }
    }

    /// Wakes a waiter that was served.
    ///
    /// Not with the lock held.
    ///
    /// - Parameters:
    ///   - waiter: The one that was served.
    ///   - news: What was done about it then.
    /// - Returns: False if it isn't there any more, and what it was given is the caller's again.
    func tell(_ waiter: CrossWaiter, _ news: CrossWaiter.News = .untold) -> Bool {
        let isTold = waiter.wake(news) { [self] in takeBack(from: waiter) }
        return isTold || !lock.withLock { leave(waiter) }
    }

    /// A waiter wasn't there any more when it was told.
    func takeBack(from waiter: CrossWaiter) { if lock.withLock({ leave(waiter) }) { giveBack() } }

    /// Where something that waits at several places is told; it takes nothing.
    ///
    /// - Parameters:
    ///   - isReady: Puts a waiter into the list, or says that what it waits for is so already.
    ///   - leave: Takes it out. Both are called with the lock held.
    /// - Returns: The list to stand in.
    /// - Throws: `GreenletError` with `.hubDestroyed` if no hub is left to be told. Who waits asks whether it may.
    func watch(_ isReady: (CrossWaiter) -> Bool, leave: @escaping (CrossWaiter) -> Void) throws -> WaitList {
        let hub = Hub.current
        if hub.isGone { throw hub.gone("be told of \(self)") }
        let list = ExternalWaitList()
        let watcher = CrossWaiter(.hub(hub.loop.reachableErrands(), list))
        list.abandoned = { [self] in
            lock.withLock { leave(watcher) }
            list.abandoned = {}
        }
        // It has become so since the caller looked; whoever stands here from now on is told in the next turn.
        if lock.withLock({ isReady(watcher) }) { hub.runSoon { list.wakeAll() } }
        return list
    }
}
