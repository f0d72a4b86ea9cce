// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Nothing can happen any more: who is told, and what.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct LoopExitTests {
    @Test func itNamesWhoWaitsForWhatAndWhereHeWasSpawned() async {
        await onHub {
            let queue = Queue<Int>(capacity: 3)
            let event = Event()
            let getter = spawn(name: "getter", file: "Some/File.swift", line: 12) { try queue.get() }
            let joiner = spawn(file: "Other/File.swift", line: 34) { try getter.join() }
            let exit = try #require(caught { try event.wait() } as? LoopExit)
            try #require(exit.blocked.count == 3)
            let (main, first, second) = (exit.blocked[0], exit.blocked[1], exit.blocked[2])
            #expect(main.hasPrefix("MainGreenlet-") && main.contains("waits for wait on <Event 0x"))
            #expect(first.hasPrefix("getter (Some/File.swift:12) waits for get on <Queue 0x"))
            #expect(first.contains("0 of 3 items"))
            #expect(second == "\(joiner.name) (Other/File.swift:34) waits for join on getter (Some/File.swift:12)")
            let message = "\(exit)"
            #expect(message.hasPrefix("this operation would block forever"))
            #expect(exit.blocked.allSatisfy { message.contains($0) })
            try killAll([getter, joiner] as [AnyGreenlet])
        }
    }

    @Test func theHubIsUsableAfterwards() async {
        await onHub {
            let event = Event()
            let blocked = spawn { try event.wait() }
            for _ in 0..<3 {
                #expect(throws: LoopExit.self) { try blocked.join() }
                try sleep(.milliseconds(1))
            }
            #expect(!blocked.isReady)
            event.set()
            let woken = try blocked.get()
            #expect(woken)
        }
    }

    @Test func whoIsStillToComeIsWaitedFor() async {
        await onHub {
            let event = Event()
            spawn(after: .milliseconds(3)) { event.set() }
            let woken = try event.wait()
            #expect(woken)
            Hub.current.runSoon { event.set() }
            event.clear()
            let again = try event.wait()
            #expect(again)
        }
    }

    @Test func onlyTheMainGreenletIsTold() async {
        await onHub {
            var told: (any Error)?
            let inner = spawn { told = caught { try Event().wait() } }
            #expect(throws: LoopExit.self) { try inner.join() }
            #expect(told == nil)
            try inner.kill()
            #expect(told is GreenletExit)
        }
    }

    @Test func aRawGreenletThatWaitsIsNamedToo() async {
        await onHub {
            var raw: AnyGreenlet?
            let outer = spawn {
                try RawGreenlet {
                    raw = AnyGreenlet.current
                    _ = caught { try Event().wait() }
                }.switch()
            }
            let exit = try #require(caught { try outer.join() } as? LoopExit)
            let visitor = try #require(raw)
            #expect(exit.blocked.contains { $0.hasPrefix("\(visitor) waits for wait on <Event 0x") })
            try visitor.kill()
            try outer.join()
        }
    }

    @Test func everyBlockingCallSaysWhatItWaitsFor() async {
        await onHub {
            var greenlets: [AnyGreenlet] = []
            func block(_ body: @escaping () throws -> Void) { greenlets.append(spawn(body)) }
            let (full, group, pool) = (Queue<Int>(capacity: 1), Group(), Pool(size: 0))
            try full.put(1)
            let endless = group.spawn { _ = try Queue<Int>().peek() }
            block { try full.put(2) }
            block { try Semaphore(0).acquire() }
            block { _ = try Semaphore(0).wait() }
            block { _ = try AsyncResult<Int>().get() }
            block { try group.join() }
            block { try pool.spawn {} }
            block { try joinAll([endless]) }
            block { _ = try Waiter().park(for: "a sign") }
            let exit = try #require(caught { try endless.join() } as? LoopExit)
            let wanted = [
                "peek on <Queue", "put on <Queue", "acquire on <Semaphore", "wait on <Semaphore", "get on <AsyncResult",
                "join on <Group", "acquire on <Semaphore", "joinAll on \(endless)", "a sign",
            ]
            for (line, words) in zip(exit.blocked.dropFirst(), wanted) { #expect(line.contains("waits for \(words)")) }
            #expect(exit.blocked.count == wanted.count + 1)
            try killAll(greenlets + [endless])
        }
    }
}
