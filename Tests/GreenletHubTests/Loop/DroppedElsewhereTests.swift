// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Watchers whose last reference goes on another thread, while their hub runs, sleeps, ends, or has ended.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Where one thread leaves things for another to drop.
///
/// Safe because of the lock; one that the thread sanitizer sees.
private final class Bin: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var things: [AnyObject] = []
    private var isClosed = false

    init() { pthread_mutex_init(lock, nil) }

    deinit { lock.deallocate() }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    func put(_ thing: AnyObject) { withLock { things.append(thing) } }

    func close() { withLock { isClosed = true } }

    /// Drops what is there until the bin is closed and empty.
    func empty() {
        while true {
            let (taken, isDone) = withLock {
                defer { things = [] }
                return (things, isClosed)
            }
            if taken.isEmpty && isDone { return }
            if taken.isEmpty { sched_yield() }
        }
    }
}

/// Drops what is put into the bin, on a thread of its own, until the body has ended.
private func withDropper(_ body: (Bin) throws -> Void) rethrows {
    let bin = Bin()
    var thread = pthread_t()
    pthread_create(
        &thread,
        nil,
        { argument in
            if let argument { Unmanaged<Bin>.fromOpaque(argument).takeRetainedValue().empty() }
            return nil
        },
        Unmanaged.passRetained(bin).toOpaque()
    )
    defer {
        bin.close()
        pthread_join(thread, nil)
    }
    try body(bin)
}

/// Calls when it ends.
private final class Last {
    private let end: () -> Void

    init(_ end: @escaping () -> Void) { self.end = end }

    deinit { end() }
}

@Suite(.serialized) struct DroppedElsewhereTests {
    /// Each kind of watcher.
    private static func watchers(of folder: String, _ pid: CInt, _ pipe: CInt) throws -> [AnyObject] {
        [
            try FileWatcher(folder), try ChildWatcher(pid), try ChildWatcher(pid, bySignal: true),
            try SignalWatcher(SIGWINCH) {}, try FileStatusWatcher(folder), DescriptorWatcher(pipe, .reading),
        ]
    }

    @Test func eachKindLeavesNothingBehind() async {
        await onHub {
            try withFolder { folder in
                let pid = try startShell("sleep 20")
                var ends: [CInt] = [0, 0]
                pipe(&ends)
                defer { for end in ends { close(end) } }
                try withDropper { bin in
                    for _ in 0..<(isSanitized ? 30 : 100) {
                        for watcher in try Self.watchers(of: folder, pid, ends[0]) { bin.put(watcher) }
                        // News for those that are just going.
                        append("a", to: "\(folder)/file")
                        try sleep(.microseconds(200))
                    }
                }
                try sleep(.milliseconds(1))
                #expect(Hub.current.loop.openHandles == 0 && Hub.current.pollerCount == 0)
                kill(pid, SIGKILL)
                let status = try waitForChild(pid)
                #expect(status == .signalled(signal: SIGKILL, dumpedCore: false))
            }
        }
    }

    /// Those that were waited for, alone and together with others, and are dropped after that.
    @Test func whatWasWaitedForMayBeDroppedElsewhere() async {
        await onHub {
            try withFolder { folder in
                let event = Event()
                try withDropper { bin in
                    for round in 0..<(isSanitized ? 20 : 50) {
                        var ends: [CInt] = [0, 0]
                        pipe(&ends)
                        let files = try FileWatcher(folder)
                        let child = try ChildWatcher(try startShell("exit 3"), bySignal: round % 2 == 0)
                        let input = DescriptorWatcher(ends[0], .reading)
                        spawn {
                            append("a", to: "\(folder)/file")
                            write(ends[1], "a", 1)
                        }
                        let change = try files.next(timeout: .seconds(20))
                        let status = try child.wait(timeout: .seconds(20))
                        let chosen = try choose([.wait(for: input) { 1 }, .wait(for: event) { 2 }])
                        #expect(change?.name == "file" && status == .exited(code: 3) && chosen == 1)
                        for watcher in [files, child, input] as [AnyObject] { bin.put(watcher) }
                        for end in ends {
                            cancelWaits(on: end)
                            close(end)
                        }
                    }
                }
            }
        }
    }

    @Test func aHubThatSleepsWakesUpToLetGo() async {
        await onHub {
            let ended = Event()
            var place: UInt?
            try withDropper { bin in
                func watch() throws -> SignalWatcher {
                    let last = Last {
                        place = UInt(pthread_self())
                        ended.set()
                    }
                    return try SignalWatcher(SIGWINCH) { _ = last }
                }
                bin.put(try watch())
                // Longer than the test may take: nobody but the dropper's news ends it.
                let isTold = try ended.wait(timeout: .seconds(100))
                #expect(isTold && place == UInt(pthread_self()), "what a handler holds ends on its own thread")
            }
        }
    }

    /// The hub's thread ends while another drops what it watched.
    @Test func theHubMayEndMeanwhile() async throws {
        let pid = try startShell("sleep 20")
        let folder = try makeFolder()
        for _ in 0..<(isSanitized ? 10 : 40) {
            try withDropper { bin in
                try onThreadThatEnds {
                    for watcher in try Self.watchers(of: folder, pid, 0) { bin.put(watcher) }
                    append("a", to: "\(folder)/file")
                    try sleep(.microseconds(Int64.random(in: 0...100)))
                    for watcher in try Self.watchers(of: folder, pid, 0) { bin.put(watcher) }
                }
            }
        }
        removeAll(folder)
        kill(pid, SIGKILL)
        await onHub {
            let status = try waitForChild(pid)
            #expect(status == .signalled(signal: SIGKILL, dumpedCore: false))
        }
    }

    @Test func aHubThatWasDestroyedIsNotTouched() async {
        await onHub {
            try withFolder { folder in
                let pid = try startShell("sleep 20")
                try withDropper { bin in
                    let watchers = try Self.watchers(of: folder, pid, 0)
                    let others = try Self.watchers(of: folder, pid, 0)
                    try Hub.current.destroy()
                    for watcher in watchers { bin.put(watcher) }
                    _ = others  // these go here
                }
                kill(pid, SIGKILL)
                _ = try waitForChild(pid)
            }
        }
    }
}
