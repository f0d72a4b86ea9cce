// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The locks of what several threads share: few, and held by whoever forks.

import Glibc
import Synchronization

/// One of the locks that things of several threads take turns with; nobody holds two.
///
/// Few for all, so that a fork can take them: in its child none is held by a thread that is not there, and nothing was
/// left in the midst of a change.
///
/// Safe because a mutex is made for several threads, and these never go. A `pthread_mutex_t` and not a `Mutex`: the
/// kernel hands that one over when two threads want it, which the thread sanitizer doesn't see.
struct CrossLock: @unchecked Sendable {
    /// A power of two.
    private static let count = 16
    /// Bytes from one to the next, so that no two lie in one line of a cache.
    private static let stride = 64

    private static let all = CrossLock(
        mutex: {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: count * stride, alignment: stride)
            for index in 0..<count {
                let mutex = (memory + index * stride).bindMemory(to: pthread_mutex_t.self, capacity: 1)
                pthread_mutex_init(mutex, nil)
            }
            return memory.assumingMemoryBound(to: pthread_mutex_t.self)
        }()
    )
    private static let next = Atomic<Int>(0)

    let mutex: UnsafeMutablePointer<pthread_mutex_t>

    private init(mutex: UnsafeMutablePointer<pthread_mutex_t>) { self.mutex = mutex }

    private init(number: Int) {
        let place = UnsafeMutableRawPointer(Self.all.mutex) + number * Self.stride
        mutex = place.assumingMemoryBound(to: pthread_mutex_t.self)
    }

    /// The next one's turn.
    init() {
        watchForks
        self.init(number: Self.next.wrappingAdd(1, ordering: .relaxed).oldValue & (Self.count - 1))
    }

    /// Runs `body`, which must neither switch nor take another one.
    @inline(__always)
    func withLock<Value>(_ body: () throws -> Value) rethrows -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// A fork begins.
    static func beforeFork() { for number in 0..<count { pthread_mutex_lock(CrossLock(number: number).mutex) } }

    /// A fork has ended, in the parent or in the child.
    static func afterFork() { for number in 0..<count { pthread_mutex_unlock(CrossLock(number: number).mutex) } }
}
