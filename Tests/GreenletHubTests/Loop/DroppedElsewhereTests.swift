// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Watchers whose last reference goes on another thread, while their hub runs, sleeps, ends, or has ended.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Things whose last references are here: whoever empties it ends them.
private final class Box {
    var things: [AnyObject]

    init(_ things: [AnyObject]) { self.things = things }
}

/// Ends what is put into the bin, on a thread of its own, until the body has ended.
private func withDropper(_ body: (Bin<Box>) throws -> Void) rethrows {
    try withDroppers(ending: { $0.things = [] }, body)
}

/// Calls when it ends.
private final class Last {
    private let end: () -> Void

    init(_ end: @escaping () -> Void) { self.end = end }

    deinit { end() }
}

@Suite(.serialized) struct DroppedElsewhereTests {
    /// Each kind of watcher.
    private static func watchers(of folder: String, _ pid: CInt, _ pipe: CInt) throws -> Box {
        Box([
            try FileWatcher(folder), try ChildWatcher(pid), try ChildWatcher(pid, bySignal: true),
            try SignalWatcher(SIGWINCH) {}, try FileStatusWatcher(folder), DescriptorWatcher(pipe, .reading),
            TimerWatcher(after: .zero, repeating: .microseconds(100)) {},
            try SignalWatcher(SIGWINCH, keepsHubAlive: true) {},
        ])
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
                        bin.put(try Self.watchers(of: folder, pid, ends[0]))
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
                var ends: [CInt] = [0, 0]
                pipe(&ends)
                defer {
                    for end in ends {
                        cancelWaits(on: end)
                        close(end)
                    }
                }
                try withDropper { bin in
                    for round in 0..<(isSanitized ? 20 : 50) {
                        bin.put(try Self.usedWatchers(of: folder, ends, bySignal: round % 2 == 0))
                    }
                }
            }
        }
    }

    /// Some that have told something.
    private static func usedWatchers(of folder: String, _ ends: [CInt], bySignal: Bool) throws -> Box {
        let event = Event()
        let files = try FileWatcher(folder)
        let child = try ChildWatcher(try startShell("exit 3"), bySignal: bySignal)
        let input = DescriptorWatcher(ends[0], .reading)
        let status = try FileStatusWatcher("/tmp", interval: .nanoseconds(1))
        _ = try status.next(timeout: .microseconds(100))  // a look may still be under way
        spawn {
            append("a", to: "\(folder)/file")
            write(ends[1], "a", 1)
        }
        let change = try files.next(timeout: .seconds(20))
        let end = try child.wait(timeout: .seconds(20))
        let chosen = try choose([.wait(for: input) { 1 }, .wait(for: event) { 2 }])
        #expect(change?.name == "file" && end == .exited(code: 3) && chosen == 1)
        return Box([files, child, input, status])
    }

    @Test func aHubThatSleepsWakesUpToLetGo() async {
        await onHub {
            let ended = Event()
            var place: UInt?
            try withDropper { bin in
                func watch() throws -> Box {
                    let last = Last {
                        place = UInt(pthread_self())
                        ended.set()
                    }
                    return Box([try SignalWatcher(SIGWINCH) { _ = last }])
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
                    bin.put(try Self.watchers(of: folder, pid, 0))
                    append("a", to: "\(folder)/file")
                    try sleep(.microseconds(Int64.random(in: 0...100)))
                    bin.put(try Self.watchers(of: folder, pid, 0))
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
                    bin.put(watchers)
                    others.things = []  // these go here
                }
                kill(pid, SIGKILL)
                _ = try waitForChild(pid)
            }
        }
    }
}
