// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Waits that are ended by an error of somebody's choice.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct CancelWaitsTests {
    /// What each of several greenlets gets that wait in these ways, when `cancel` is called.
    private static func ends(of waits: [() throws -> Void], _ cancel: () throws -> Void) throws -> [TestError?] {
        let waiting = waits.map { wait in spawn { caught(wait) as? TestError } }
        try settle()
        try sleep(.milliseconds(2))
        try cancel()
        return try waiting.map { try $0.get(timeout: .seconds(30)) }
    }

    @Test func whoeverWaitsForADescriptorGetsTheError() async {
        await onHub {
            var pair: [CInt] = [0, 0]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
            let near = pair[0]
            let watcher = DescriptorWatcher(near, .reading)
            let poller = { try Hub.current.poller(for: near) }
            let ends = try Self.ends(of: [
                { _ = try watcher.wait() }, { _ = try watcher.wait(timeout: .seconds(30)) },
                { _ = try waitReadable(near) },
                { _ = try poller().wait(.read, for: WaitReason("a byte", descriptor: near)) },
                { _ = try poller().waitAmongOthers(.read, for: WaitReason("a byte", descriptor: near)) },
            ]) { cancelWaits(on: near, with: TestError(1)) }
            #expect(ends == [TestError?](repeating: TestError(1), count: 5))
            cancelWaits(on: near, with: TestError(2))  // nobody waits
            // Those who wait later have nothing to do with it.
            let isReady = try watcher.wait(timeout: .milliseconds(2))
            #expect(!isReady)
            spawn(after: .milliseconds(1)) { write(pair[1], "x", 1) }
            let isReadyNow = try waitReadable(near, timeout: .seconds(30))
            #expect(isReadyNow && Hub.current.pollerCount == 0)
            for end in pair { close(end) }
        }
    }

    @Test func whoWaitsTogetherWithOtherThingsFindsItReady() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            let watcher = DescriptorWatcher(ends[0], .reading)
            let (one, other) = (
                spawn { try waitAll([watcher, Event()] as [any Waitable], count: 1).count },
                spawn { try choose([.wait(for: watcher) { 7 }, .wait(for: Event()) { 8 }]) }
            )
            try sleep(.milliseconds(2))
            watcher.cancelWaits(with: TestError(1))
            let (count, number) = (try one.get(timeout: .seconds(30)), try other.get(timeout: .seconds(30)))
            #expect(count == 1 && number == 7)
            for end in ends { close(end) }
        }
    }

    @Test func ofAWatcherOnlyThoseGetItThatWaitByIt() async {
        await onHub {
            try withFolder { folder in
                var ends: [CInt] = [0, 0]
                pipe(&ends)
                let reading = ends[0]
                let bystander = spawn { try waitReadable(reading) }
                let pid = try startShell("exec sleep 60")
                let readable = DescriptorWatcher(reading, .reading)
                let (child, sameChild) = (try ChildWatcher(pid), spawn { try waitForChild(pid) })
                let changes = try FileWatcher(folder)
                let status = try FileStatusWatcher("\(folder)/none", interval: .milliseconds(1))
                let caught = try Self.ends(of: [
                    { _ = try readable.wait() }, { _ = try readable.wait() }, { _ = try child.wait() },
                    { _ = try changes.next() }, { _ = try status.next() },
                ]) {
                    readable.cancelWaits(with: TestError(1))
                    child.cancelWaits(with: TestError(2))
                    changes.cancelWaits(with: TestError(3))
                    status.cancelWaits(with: TestError(4))
                }
                #expect(caught.compactMap { $0?.number } == [1, 1, 2, 3, 4])
                #expect(!bystander.isReady && !sameChild.isReady)
                // Each goes on, for whoever waits next.
                append("x", to: "\(folder)/none")
                let news = (try changes.next(timeout: .seconds(30)), try status.next(timeout: .seconds(30)))
                #expect(news.0?.name == "none" && news.1?.current != nil)
                kill(pid, SIGKILL)
                let end = try child.wait(timeout: .seconds(30))
                let sameEnd = try sameChild.get(timeout: .seconds(30))
                #expect(end == .signalled(signal: SIGKILL, dumpedCore: false) && end == sameEnd)
                write(ends[1], "x", 1)
                let (isReady, isReadyThere) = (try readable.wait(), try bystander.get(timeout: .seconds(30)))
                #expect(isReady && isReadyThere)
                for end in ends { close(end) }
            }
        }
    }

    @Test func whoWasServedBeforeKeepsWhatHeHas() async {
        await onHub {
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            let reading = ends[0]
            // Both are woken in one turn; the first that runs cancels.
            let readers = (0..<2).map { _ in
                spawn {
                    let isReady = try waitReadable(reading)
                    cancelWaits(on: reading, with: TestError(1))
                    return isReady
                }
            }
            try settle()
            write(ends[1], "x", 1)
            let areReady = try readers.map { try $0.get(timeout: .seconds(30)) }
            #expect(areReady == [true, true])
            for end in ends { close(end) }
        }
    }
}
