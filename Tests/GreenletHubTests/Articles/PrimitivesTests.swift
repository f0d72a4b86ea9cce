// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The examples of Primitives.md, which do what the article says.

import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct PrimitivesTests {
    @Test func everyExampleOfTheArticleStandsHere() throws {
        let article = "Modules/Hub/GreenletHub/GreenletHub.docc/Primitives.md"
        let (count, missing) = try untestedExamples(of: article, in: #filePath)
        #expect(count == 32 && missing == [])
    }

    @Test func spawnAndGetExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let answer = spawn {
                try sleep(.milliseconds(5))
                return 42
            }
            print(try answer.get())  // 42, or the error that the body threw
            #expect(printed == ["42"])
        }
    }

    @Test func joinSeveralExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let downloads = [30, 10, 20].map { delay in
                spawn(name: "download \(delay)") { try sleep(.milliseconds(delay)) }
            }
            for finished in try joinAll(downloads, timeout: .seconds(1)) {
                print(finished.name)  // download 10, 20, 30
            }
            #expect(printed == ["download 10", "download 20", "download 30"])
        }
    }

    @Test func linksExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let task = spawn { 7 }
            task.linkValue { ended in print("seven: \(ended.value ?? 0)") }
            task.linkError { ended in print("failed: \(String(describing: ended.error))") }
            try task.join()
            try settle()
            #expect(printed == ["seven: 7"])
        }
    }

    @Test func killExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let worker = spawn {
                defer { print("cleaned up") }
                try sleep(.seconds(3_600))
            }
            try yieldNow()  // it begins to wait
            try worker.kill()
            #expect(printed == ["cleaned up"] && worker.isReady)
        }
    }

    @Test func scopedExample() async {
        await onHub {
            func measure(_ side: String) throws -> Int {
                try sleep(.milliseconds(1))
                return side.count
            }
            let sum = try withGroup { group in
                let left = group.spawn { try measure("left") }
                let right = group.spawn { try measure("right") }
                return try left.get() + right.get()
            }
            #expect(sum == 9)
        }
    }

    @Test func timeoutExample() async {
        await onHub {
            let reply = try withTimeout(.milliseconds(5), default: "nothing") {
                try sleep(.seconds(60))
                return "something"
            }
            #expect(reply == "nothing")
        }
    }

    @Test func deadlineExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            func ask(_ server: String) throws -> Bool {
                try sleep(.milliseconds(1))
                return false
            }
            do {
                try withDeadline(.milliseconds(20)) {
                    while try !ask("a server that is down") {}
                }
            } catch let timeout as Timeout {
                print(timeout)
            }
            #expect(printed.count == 1 && printed[0].contains("0.02 seconds"))
        }
    }

    @Test func besideTheWorkExample() async {
        await onHub {
            var beats = 0
            func beat() { beats += 1 }
            spawn { try sleep(.milliseconds(20)) }
            let heartbeat = spawn {
                while true {
                    try sleep(.milliseconds(1), keepsHubAlive: false)
                    beat()
                }
            }
            try Hub.current.join()  // returns when all else has ended
            #expect(beats > 0 && !heartbeat.isReady)
            try heartbeat.kill()
        }
    }

    @Test func timerExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            func hangUp() throws { print("nobody is there") }
            let lines = Queue<String>()
            spawn {
                try lines.put("a line")
                lines.close()
            }
            let watchdog = TimerWatcher(after: .seconds(30)) { spawn { try hangUp() } }
            while let line = try lines.next() {
                watchdog.again()  // thirty seconds from now
                print(line)
            }
            watchdog.cancel()
            #expect(printed == ["a line"] && !watchdog.isPending)
        }
    }

    @Test func shieldExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            func sayGoodbye() throws {
                try yieldNow()
                print("good bye")
            }
            try shield {
                try withTimeout(.seconds(5)) { try sayGoodbye() }
            }
            #expect(printed == ["good bye"])
        }
    }

    @Test func eventExample() async {
        await onHub {
            let ready = Event()
            let waiters = (1...3).map { _ in spawn { try ready.wait() } }
            ready.set()
            try joinAll(waiters)
            #expect(waiters.allSatisfy { $0.isSuccessful })
        }
    }

    @Test func asyncresultExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let result = AsyncResult<String>()
            spawn { result.set("here") }
            print(try result.get(timeout: .seconds(1)))
            #expect(printed == ["here"])
        }
    }

    @Test func rawLinkExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let reload = Event()
            var settings: String? = "old"
            try reload.rawLink { _ in settings = nil }
            reload.set()
            try yieldNow()
            print(settings ?? "to be read again")
            #expect(printed == ["to be read again"])
        }
    }

    @Test func conditionExample() async {
        await onHub {
            let changed = Condition()
            var stock = 0
            spawn {
                try changed.withLock {
                    stock = 5
                    try changed.notifyAll()
                }
            }
            try changed.withLock {
                _ = try changed.wait { stock > 0 }
                stock -= 1
            }
            #expect(stock == 4)
        }
    }

    @Test func barrierExample() async {
        await onHub {
            let barrier = Barrier(parties: 3)
            let runners = (1...3).map { number in
                spawn {
                    try sleep(.milliseconds(number))
                    try barrier.wait()
                }
            }
            try joinAll(runners)
            #expect(runners.allSatisfy { $0.isSuccessful })
        }
    }

    @Test func queueExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let jobs = Queue<Int>(capacity: 2)
            let consumer = spawn {
                while let job = try jobs.next() { print("job \(job)") }
            }
            for job in 1...5 { try jobs.put(job) }
            jobs.close()  // next() is nil when all are taken
            try consumer.join()
            #expect(printed == (1...5).map { "job \($0)" })
        }
    }

    @Test func lifoqueuePriorityqueueExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let stack = LifoQueue(["3", "1", "2"])
            let urgent = PriorityQueue<Int>(capacity: 10)
            for number in [3, 1, 2] { try urgent.put(number) }
            urgent.capacity = 100  // whoever waits to put goes on
            print(try stack.get(), try urgent.get())  // 2 1
            #expect(printed == ["2 1"])
        }
    }

    @Test func joinableExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let tasks = Queue<Int>()
            let servant = spawn {
                while let task = try tasks.next() {
                    print("done with \(task)")
                    try tasks.taskDone()
                }
            }
            for task in 1...3 { try tasks.put(task) }
            try tasks.join()
            tasks.close()
            try servant.join()
            #expect(printed == (1...3).map { "done with \($0)" })
        }
    }

    @Test func channelExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let channel = Channel<String>()
            let receiver = spawn { try channel.get() }
            try channel.put("taken")
            print(try receiver.get())
            #expect(printed == ["taken"])
        }
    }

    @Test func chooseExample() async {
        await onHub {
            let words = Queue<String>()
            let stop = Event()
            spawn(after: .milliseconds(1)) { try words.put("hello") }
            let line = try choose([
                .get(from: words) { "a word: \($0)" },
                .wait(for: stop) { "stopped" },
                .after(.seconds(1)) { "nothing for a second" },
            ])
            #expect(line == "a word: hello")
        }
    }

    @Test func semaphoreExample() async {
        await onHub {
            var (inside, most) = (0, 0)
            func visit(_ number: Int) throws {
                inside += 1
                most = max(most, inside)
                try sleep(.milliseconds(number))
                inside -= 1
            }
            let permits = Semaphore(2)
            let visitors = (1...5).map { number in
                spawn { try permits.withPermit { try visit(number) } }
            }
            try joinAll(visitors)
            #expect(most == 2 && visitors.count == 5)
        }
    }

    @Test func reentrantlockExample() async {
        await onHub {
            let lock = ReentrantLock()
            try lock.withLock {
                try lock.withLock { try sleep(.milliseconds(1)) }
            }
            #expect(!lock.isLocked)
        }
    }

    @Test func readwritelockExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let table = ReadWriteLock()
            let readers = (1...3).map { _ in spawn { try table.withReadLock { try sleep(.milliseconds(1)) } } }
            try table.withWriteLock { print("alone") }
            try joinAll(readers)
            #expect(printed == ["alone"] && readers.count == 3)
        }
    }

    @Test func groupExample() async {
        await onHub {
            var (inside, most) = (0, 0)
            func visit(_ number: Int) throws {
                inside += 1
                most = max(most, inside)
                try sleep(.milliseconds(number))
                inside -= 1
            }
            let group = Group()
            for number in 1...3 { group.spawn { try visit(number) } }
            try group.join(timeout: .seconds(1))
            try group.kill()
            #expect(group.isEmpty && most == 3)
        }
    }

    @Test func poolExample() async {
        await onHub {
            let pool = Pool(size: 3)
            let squares = try pool.map(1...10) { number in
                try sleep(.milliseconds(1))
                return number * number
            }
            #expect(squares == (1...10).map { $0 * $0 })
        }
    }

    @Test func poolThatNobodyWaitsForExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let pool = Pool(size: 3)
            var visited: [Int] = []
            func visit(_ number: Int) throws {
                try yieldNow()
                visited.append(number)
            }
            for number in 1...9 { pool.applyAsync { try visit(number) } }
            let lengths = pool.mapAsync(["a", "bc", "def"]) { text in text.count }
            try pool.join()
            print(try lengths.get())
            #expect(visited == Array(1...9) && printed == ["[1, 2, 3]"])
        }
    }

    @Test func lazyMapOfTwoSequencesExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let products = Pool(size: 3).lazyMap(zip(1...3, [10, 20, 30])) { left, right in left * right }
            while let product = try products.next() { print(product) }
            #expect(printed == ["10", "40", "90"])
        }
    }

    @Test func lazyMapsExample() async {
        await onHub {
            let pages = Pool(size: 3).lazyMap(1...100, limit: 10) { number in
                try sleep(.milliseconds(1))
                return "page \(number)"
            }
            while let page = try pages.next() {
                if page == "page 5" { break }
            }
            let rest = try pages.next()
            #expect(rest == "page 6")
            while try pages.next() != nil {}
        }
    }

    @Test func waitForAnyExample() async {
        await onHub {
            let (first, second) = (Event(), Semaphore(0))
            spawn(after: .milliseconds(1)) { second.release() }
            let woken = try waitAll([first, second], timeout: .seconds(1), count: 1)
            #expect(woken.count == 1 && woken.first === second && !first.isSet)
        }
    }

    @Test func greenletlocalSpawntreelocalExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            let buffer = GreenletLocal { [UInt8]() }
            let requestID = SpawnTreeLocal("none")
            try requestID.withValue("r-1") {
                let child = spawn {
                    buffer.value.append(1)
                    return "\(requestID.value) \(buffer.value.count)"
                }
                print(try child.get(), buffer.value.count)  // r-1 1 0
            }
            #expect(printed == ["r-1 1 0"])
        }
    }

    @Test func everythingExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            spawn(after: .milliseconds(2)) { print("last") }
            try Hub.current.join()
            #expect(printed == ["last"])
        }
    }

    @Test func loopexitExample() async {
        await onHub {
            var printed: [String] = []
            func print(_ items: Any...) { printed.append(items.map { "\($0)" }.joined(separator: " ")) }
            do { try Event().wait() } catch let exit as LoopExit { print(exit) }
            #expect(printed.count == 1 && printed[0].contains("block forever"))
        }
    }
}
