// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A thread that waits without a hub: the kernel puts it to sleep, and wakes it when its time is over.

import CGreenletPort
import Glibc

/// What one thread sleeps on, until another one wakes it.
///
/// Safe because a condition variable is made for several threads, and goes when none of them has it any more.
final class ThreadCondition: @unchecked Sendable {
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() { cgreenlet_port_make_condition(condition) }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }

    /// Blocks the thread, with `lock` open meanwhile, until `wake()`, or for no reason at all.
    ///
    /// - Returns: False if the deadline came first.
    func sleep(_ lock: UnsafeMutablePointer<pthread_mutex_t>, until deadline: Deadline?) -> Bool {
        cgreenlet_port_sleep(condition, lock, deadline?.nanoseconds ?? .max) == 0
    }

    /// Wakes the thread that sleeps here.
    func wake() { pthread_cond_signal(condition) }
}
