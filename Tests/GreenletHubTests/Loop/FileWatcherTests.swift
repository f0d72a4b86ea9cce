// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Changes of files: told by the system, or found by looking.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct FileWatcherTests {
    @Test func aFolderTellsOfItsFilesByName() async {
        await onHub {
            try withFolder { folder in
                let watcher = try FileWatcher(folder)
                let nothing = try watcher.next(timeout: .milliseconds(10))
                #expect(nothing == nil)
                spawn(after: .milliseconds(2)) { append("x", to: "\(folder)/new") }
                let first = try watcher.next(timeout: .seconds(20))
                #expect(first?.name == "new" && first?.kinds.contains(.renamed) == true)
                while try watcher.next(timeout: .milliseconds(20)) != nil {}
                append("y", to: "\(folder)/new")
                let second = try watcher.next(timeout: .seconds(20))
                #expect(second == FileChange(kinds: .changed, name: "new"))
                unlink("\(folder)/new")
                let third = try watcher.next(timeout: .seconds(20))
                #expect(third == FileChange(kinds: .renamed, name: "new"))
                watcher.cancel()
            }
        }
    }

    @Test func aFileTellsOfItself() async {
        await onHub {
            try withFolder { folder in
                append("x", to: "\(folder)/file")
                let watcher = try FileWatcher("\(folder)/file")
                append("y", to: "\(folder)/file")
                append("z", to: "\(folder)/other")
                let change = try watcher.next(timeout: .seconds(20))
                #expect(change == FileChange(kinds: .changed, name: "file"))
                let more = try watcher.next(timeout: .milliseconds(20))
                #expect(more == nil, "nothing of its neighbours")
                watcher.cancel()
            }
        }
    }

    @Test func aBurstIsOneChangeAndTheLastOneIsNeverLost() async {
        await onHub {
            try withFolder { folder in
                let watcher = try FileWatcher(folder)
                var (seen, changes) = (0, 0)
                let reader = spawn {
                    while seen < 500, let change = try watcher.next(timeout: .seconds(20)) {
                        changes += 1
                        var status = stat()
                        stat("\(folder)/\(change.name ?? "")", &status)
                        seen = Int(status.st_size)
                    }
                }
                for number in 0..<500 {
                    append("x", to: "\(folder)/file")
                    if number % 50 == 0 { try sleep(.milliseconds(1)) }
                }
                try reader.join()
                #expect(seen == 500 && changes < 100, "\(changes) changes")
                watcher.cancel()
            }
        }
    }

    @Test func whatNobodyTakesIsLimited() async {
        await onHub {
            try withFolder { folder in
                let watcher = try FileWatcher(folder)
                for number in 0...FileWatcher.limit {
                    append("", to: "\(folder)/\(number)")
                    if number % 500 == 0 { try sleep(.milliseconds(1)) }
                }
                try sleep(.milliseconds(10))
                let first = try watcher.next(timeout: .seconds(20))
                #expect(first == FileChange(kinds: .overflow, name: nil))
                watcher.cancel()
            }
        }
    }

    @Test func ofTwoWhoWaitOneGetsIt() async {
        await onHub {
            try withFolder { folder in
                let watcher = try FileWatcher(folder)
                let waiting = (0..<2).map { _ in spawn { try watcher.next(timeout: .seconds(20)) } }
                try settle()
                append("", to: "\(folder)/a")
                _ = try joinAll(waiting, count: 1)
                while try watcher.next(timeout: .milliseconds(10)) != nil {}
                append("", to: "\(folder)/b")
                try joinAll(waiting)
                let names = try waiting.map { try $0.get()?.name }
                #expect(Set(names).isSubset(of: ["a", "b"]) && !names.contains(nil))
                watcher.cancel()
            }
        }
    }

    @Test func killTimeLimitAndCancelEndTheWait() async {
        await onHub {
            try withFolder { folder in
                let watcher = try FileWatcher(folder)
                let killed = spawn { try watcher.next() }
                let limited = spawn { try withTimeout(.milliseconds(5)) { try watcher.next() } }
                let looping = spawn { watcher.map(\.name) }
                try settle()
                try killed.kill()
                try limited.join()
                #expect(killed.isReady && killed.error == nil && limited.error is Timeout)
                append("", to: "\(folder)/a")
                try sleep(.milliseconds(5))
                watcher.cancel()
                watcher.cancel()
                let names = try looping.get()
                #expect(names.first == "a")
                let after = try watcher.next()
                #expect(after == nil && watcher.isCancelled)
            }
        }
    }

    @Test func itIsWaitedForTogetherWithOtherThingsAndHidesNoDeadlock() async {
        await onHub {
            try withFolder { folder in
                let (watcher, event) = (try FileWatcher(folder), Event())
                #expect(throws: LoopExit.self) { try event.wait() }
                spawn(after: .milliseconds(2)) { append("", to: "\(folder)/a") }
                let ready = try waitAll([event, watcher] as [any Waitable], count: 1)
                #expect(ready.first === watcher)
                let chosen = try choose([.wait(for: event) { nil }, .wait(for: watcher) { try watcher.next()?.name }])
                #expect(chosen == "a")
                watcher.cancel()
            }
        }
    }

    @Test func whatIsNotThereIsAClearError() async {
        await onHub {
            let error = caught { _ = try FileWatcher("/nowhere/at/all") } as? GreenletError
            #expect(error?.code == .loopFailed && error?.cause == ENOENT)
            #expect(error?.message.hasPrefix("can't watch /nowhere/at/all: no such file or directory") == true)
        }
    }

    @Test func itSleepsWhileNothingHappens() async {
        await onHub {
            try withFolder { folder in
                let watcher = try FileWatcher(folder)
                try sleep(.milliseconds(1))
                let before = timesAsleep()
                let nothing = try watcher.next(timeout: .milliseconds(300))
                #expect(nothing == nil && timesAsleep() - before < 10)
                watcher.cancel()
            }
        }
    }

    @Test func theHubMayEndWithAWaiterAndAWatcherMayBeDropped() async throws {
        let kept = Kept()
        try onThreadThatEnds {
            let watcher = try FileWatcher("/tmp")
            kept.watcher = watcher
            kept.waiting = spawn { try watcher.next() }
            try settle()
        }
        #expect(kept.watcher?.isCancelled == true && kept.waiting?.isReady == true)
        await onHub { for _ in 0..<10 { _ = try FileWatcher("/tmp") } }
    }

    /// Safe because one thread has ended before the other looks.
    private final class Kept: @unchecked Sendable {
        var watcher: FileWatcher?
        var waiting: Greenlet<FileChange?>?
    }
}

@Suite struct FileStatusWatcherTests {
    @Test func whatItWasAndWhatItIs() async {
        await onHub {
            try withFolder { folder in
                let path = "\(folder)/file"
                let watcher = try FileStatusWatcher(path, interval: .milliseconds(5))
                #expect(watcher.current == nil)
                spawn(after: .milliseconds(10)) { append("abc", to: path) }
                let first = try watcher.next(timeout: .seconds(20))
                #expect(first?.previous == nil && first?.current?.size == 3)
                var status = stat()
                stat(path, &status)
                #expect(first?.current?.inode == UInt64(status.st_ino) && watcher.current == first?.current)
                let modified = Duration.seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec)
                #expect(first?.current?.modified == modified)
                append("d", to: path)
                let second = try watcher.next(timeout: .seconds(20))
                #expect(second?.previous == first?.current && second?.current?.size == 4)
                unlink(path)
                let third = try watcher.next(timeout: .seconds(20))
                #expect(third != nil && third?.current == nil && third?.previous?.size == 4)
            }
        }
    }

    @Test func nothingIsNoChange() async {
        await onHub {
            let watcher = try FileStatusWatcher("/proc/self/exe", interval: .milliseconds(2))
            let change = try watcher.next(timeout: .milliseconds(50))
            #expect(change == nil)
        }
    }

    @Test func whatHappensWhileNobodyWaitsIsToldToTheNext() async {
        await onHub {
            try withFolder { folder in
                let path = "\(folder)/file"
                append("a", to: path)
                let watcher = try FileStatusWatcher(path, interval: .milliseconds(2))
                append("b", to: path)
                append("c", to: path)
                try sleep(.milliseconds(10))
                let before = timesAsleep()
                try sleep(.milliseconds(100))
                #expect(timesAsleep() - before < 10, "nobody looks")
                let change = try watcher.next(timeout: .seconds(20))
                #expect(change?.previous?.size == 1 && change?.current?.size == 3)
            }
        }
    }

    @Test func itLooksNoMoreOftenThanAsked() async {
        await onHub {
            try withFolder { folder in
                let path = "\(folder)/file"
                let watcher = try FileStatusWatcher(path, interval: .milliseconds(100))
                let duration = try elapsed {
                    for _ in 0..<3 {
                        append("a", to: path)
                        _ = try watcher.next(timeout: .seconds(20))
                    }
                }
                #expect(duration > .milliseconds(290))
            }
        }
    }

    @Test func killsTimeLimitsAndOtherThings() async {
        await onHub {
            try withFolder { folder in
                let (path, event) = ("\(folder)/file", Event())
                let watcher = try FileStatusWatcher(path, interval: .milliseconds(5))
                let killed = spawn { try watcher.next() }
                let limited = spawn { try withTimeout(.milliseconds(8)) { try watcher.next() } }
                try settle()
                try killed.kill()
                try limited.join()
                #expect(killed.isReady && killed.error == nil && limited.error is Timeout)
                #expect(throws: LoopExit.self) { try event.wait() }
                spawn(after: .milliseconds(12)) { append("a", to: path) }
                let chosen = try choose([.wait(for: event) { 0 }, .wait(for: watcher) { 1 }])
                #expect(chosen == 1)
                #expect(Hub.current.externalWaits == 0)
            }
        }
    }

    @Test func twoWhoWaitShareTheChanges() async {
        await onHub {
            try withFolder { folder in
                let path = "\(folder)/file"
                let watcher = try FileStatusWatcher(path, interval: .milliseconds(2))
                let waiting = (0..<2).map { _ in spawn { try watcher.next(timeout: .seconds(20)) } }
                try settle()
                append("a", to: path)
                _ = try joinAll(waiting, count: 1)
                append("b", to: path)
                try joinAll(waiting)
                let sizes = try waiting.map { try $0.get()?.current?.size }
                #expect(Set(sizes) == [1, 2])
            }
        }
    }

    @Test func whatCannotBeLookedAtIsAClearError() async {
        await onHub {
            let path = "/tmp/" + String(repeating: "x", count: 300)
            let error = caught { _ = try FileStatusWatcher(path) } as? GreenletError
            #expect(error?.code == .loopFailed && error?.cause == ENAMETOOLONG)
            #expect(error?.message.hasPrefix("looking at \(path) failed") == true)
        }
    }

    @Test func theHubMayEndWithAWaiter() async {
        await onHub(allowingLeftovers: true) {
            let watcher = try FileStatusWatcher("/tmp", interval: .milliseconds(1))
            spawn { while true { _ = try watcher.next() } }
            try sleep(.milliseconds(5))
        }
    }
}
