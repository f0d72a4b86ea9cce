// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The code of Threads.md, which does what the article says.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ThreadsArticleTests {
    @Test func everyExampleOfTheArticleStandsHere() throws {
        let article = "Modules/Hub/GreenletHub/GreenletHub.docc/Threads.md"
        let (count, missing) = try untestedExamples(of: article, in: #filePath)
        #expect(count == 3 && missing == [])
    }

    @Test func workForAHubExample() async {
        await onHub {
            let log = SharedLog<String>()
            @Sendable func print(_ text: String) { log.append(text) }
            @Sendable func price(_ number: Int) throws -> Int {
                try sleep(.milliseconds(1))
                return 10 * number
            }

            let hub = Hub.current.handle
            let isDone = ThreadSafeEvent()
            startThread {  // any thread of any library's
                let total = try? hub.call { try (1...3).map(price).reduce(0, +) }
                print("thread: \(total ?? 0)")
                try? hub.submit { print("greenlet: thanks") }
                isDone.set()
            }
            try isDone.wait()

            try Hub.current.join()
            #expect(log.entries == ["thread: 60", "greenlet: thanks"])
        }
    }

    @Test func serverExample() async {
        await onHub {
            let (stop, isUp) = (ThreadSafeEvent(), ThreadSafeEvent())
            nonisolated(unsafe) var server: HubHandle?  // Safe because it is read after the event was set.
            startThread {
                server = Hub.current.handle
                isUp.set()
                _ = try? stop.wait()
            }
            try isUp.wait()
            let answer = try server?.call { 6 * 7 }
            stop.set()

            #expect(answer == 42)
        }
    }

    @Test func waitingTogetherExample() async {
        await onHub {
            let isCancelled = ThreadSafeEvent()
            let lines = Queue<String>()
            startThread { isCancelled.set() }
            let line = try choose([
                .get(from: lines) { $0 },
                .wait(for: isCancelled) { "cancelled" },
            ])

            #expect(line == "cancelled")
        }
    }
}
