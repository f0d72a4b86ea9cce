// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Swift's own tasks. They run on the global pool, which has one thread when the process is pinned to one core.
//
// `channel` is an AsyncStream with a buffer for one. It can't suspend who sends, it only refuses what finds no room: so
// the sender yields the processor after each refusal and sends the same again.

import Glibc
import PeerSupport
import Synchronization

private let asleep = Atomic(0)

@main
struct SwiftTasks {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let usage = "yield|spawn_join|spawn_all|channel|sleepers COUNT [TASKS|SECONDS]"
        guard 3...4 ~= arguments.count, let count = Int(arguments[2]), count > 0 else { exitWithUsage(usage) }
        let more = arguments.count == 4 ? Int(arguments[3]) : nil
        switch arguments[1] {
        case "yield":
            _ = await yields(count / 10, tasks: more ?? 2)
            report("yield", count, await yields(count, tasks: more ?? 2))
        case "spawn_join": await measure("spawn_join", count, spawns)
        case "spawn_all": await measure("spawn_all", count) { await spawnsOfMany($0, tasks: more ?? 1000) }
        case "channel": await measure("channel", count, channel)
        case "sleepers": try await sleepers(count, nap: more ?? 1)
        default: exitWithUsage(usage)
        }
    }
}

func measure(_ name: String, _ count: Int, _ body: @Sendable (Int) async -> Void) async {
    await body(count / 10)
    report(name, count, await ContinuousClock().measure { await body(count) })
}

func report(_ name: String, _ count: Int, _ elapsed: Duration) {
    print(#"{"case":"\#(name)","operations":\#(count),"seconds":\#(elapsed / .seconds(1))}"#)
}

/// How long it took from when the last task had begun to when the last was done.
func yields(_ count: Int, tasks: Int) async -> Duration {
    let (begun, done) = (Count(), Count())
    let (start, end) = (Moment(), Moment())
    await withDiscardingTaskGroup { group in
        for number in 0..<tasks {
            let turns = count / tasks + (number < count % tasks ? 1 : 0)
            group.addTask {
                if begun.add() == tasks { start.note() }
                while begun.value < tasks { await Task.yield() }
                for _ in 0..<turns { await Task.yield() }
                if done.add() == tasks { end.note() }
                while done.value < tasks { await Task.yield() }
            }
        }
    }
    return end.value - start.value
}

private final class Count: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .relaxed) }

    func add() -> Int { number.add(1, ordering: .relaxed).newValue }
}

private final class Moment: Sendable {
    private let instant = Mutex(ContinuousClock.now)

    var value: ContinuousClock.Instant { instant.withLock { $0 } }

    func note() { instant.withLock { $0 = .now } }
}

func spawns(_ count: Int) async {
    for _ in 0..<count { await Task {}.value }
}

func spawnsOfMany(_ count: Int, tasks: Int) async {
    for _ in 0..<max(1, count / tasks) {
        await withDiscardingTaskGroup { group in
            for _ in 0..<tasks { group.addTask {} }
        }
    }
}

func channel(_ count: Int) async {
    let (numbers, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(1))
    let sender = Task {
        for number in 0..<count {
            while case .dropped = continuation.yield(number) { await Task.yield() }
        }
        continuation.finish()
    }
    var expected = 0
    for await number in numbers {
        precondition(number == expected)
        expected += 1
    }
    precondition(expected == count)
    await sender.value
}

func sleepers(_ count: Int, nap: Int) async throws {
    let before = memory()
    let start = ContinuousClock.now
    let after = try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<count {
            group.addTask {
                asleep.add(1, ordering: .relaxed)
                try await Task.sleep(for: .seconds(nap))
            }
        }
        while asleep.load(ordering: .relaxed) < count { await Task.yield() }
        return memory()
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let resident = (after.resident - before.resident) / count
    let pageTables = (after.pageTables - before.pageTables) / count
    print(
        #"{"case":"sleepers","operations":\#(count),"seconds":\#(seconds),"nap":\#(nap),"#
            + #""resident_bytes":\#(resident),"page_table_bytes":\#(pageTables)}"#
    )
}

/// VmRSS and VmPTE of this process in bytes.
func memory() -> (resident: Int, pageTables: Int) {
    var memory = (resident: 0, pageTables: 0)
    guard let status = fopen("/proc/self/status", "r") else { return memory }
    defer { fclose(status) }
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, Int32(buffer.count), status) != nil {
        let words = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.split { $0 == 32 || $0 == 9 }
        guard words.count == 3 else { continue }
        let bytes = (Int(String(decoding: words[1], as: UTF8.self)) ?? 0) * 1024
        if words[0].elementsEqual("VmRSS:".utf8) { memory.resident = bytes }
        if words[0].elementsEqual("VmPTE:".utf8) { memory.pageTables = bytes }
    }
    return memory
}
