// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Another thread with a hub, for tests of what crosses threads.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Synchronization

/// A thread whose hub does what others leave to it, until it is told to end.
final class Worker: Sendable {
    let handle: HubHandle
    private let end: ThreadSafeEvent
    private let thread: pthread_t

    init() throws {
        let end = ThreadSafeEvent()
        let (thread, handle) = try startedHub { try end.wait() }
        (self.end, self.thread, self.handle) = (end, thread, handle)
    }

    /// Ends the hub, with the thread, and waits for that.
    func stop() {
        end.set()
        pthread_join(thread, nil)
    }
}

/// A thread with a hub, whose main greenlet runs `body`.
///
/// Returns when the hub is there.
func startedHub(_ body: @escaping @Sendable () throws -> Void) throws -> (thread: pthread_t, handle: HubHandle) {
    let place = Place()
    let thread = startJoinableThread {
        place.handle = Hub.current.handle
        place.isFilled.set()
        try? body()
    }
    try place.isFilled.wait()
    return (thread, place.handle!)
}

/// Safe because it is written before the event is set, and read after that.
private final class Place: @unchecked Sendable {
    let isFilled = ThreadSafeEvent()
    var handle: HubHandle?
}

/// What several threads note down, in the order they come.
///
/// Safe because of the lock; a `pthread_mutex_t`, which the thread sanitizer sees.
final class SharedLog<Entry>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var list: [Entry] = []

    init() { pthread_mutex_init(lock, nil) }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    func append(_ entry: Entry) {
        pthread_mutex_lock(lock)
        list.append(entry)
        pthread_mutex_unlock(lock)
    }

    var entries: [Entry] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return list
    }
}

/// A number to which threads add.
final class Tally: Sendable {
    private let number = Atomic<Int>(0)

    var count: Int { number.load(ordering: .relaxed) }

    @discardableResult
    func add(_ more: Int = 1) -> Int { number.add(more, ordering: .relaxed).newValue }
}
