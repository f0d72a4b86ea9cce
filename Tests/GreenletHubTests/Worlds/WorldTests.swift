// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Every interleaving of a few steps, on each thing that greenlets wait for: all must go as the model says.

import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// Goes through all scripts of so many steps.
private struct Explorer<Thing: RealThing> {
    let depth: Int
    private(set) var scripts = 0
    private(set) var problem: String?

    init(depth: Int) { self.depth = depth }

    mutating func explore() throws { try explore(Scheduler(Thing().model), []) }

    private mutating func explore(_ model: Scheduler<Thing.Model>, _ script: [Scheduler<Thing.Model>.Step]) throws {
        if problem != nil { return }
        if model.asks, script.count < depth {
            for step in model.steps {
                var next = model
                next.take(step)
                try explore(next, script + [step])
            }
            return
        }
        var end = model
        end.endScript()
        scripts += 1
        problem = try ScriptedWorld<Thing>(script).run(expecting: end).map { "\(script): \($0)" }
    }
}

@Suite struct WorldTests {
    /// How many more steps than usual: each takes about six times as long.
    private static let more = getenv("GREENLET_WORLD_DEPTH").flatMap { Int(String(cString: $0)) } ?? 0

    private func check<Thing: RealThing & SendableMetatype>(_ type: Thing.Type, depth: Int) async {
        let depth = depth + Self.more - (isSanitized ? 1 : 0)
        await onHub(limit: .seconds(Self.more > 0 ? 36_000 : 120)) {
            Hub.current.errorHandler = { _, _ in }
            var explorer = Explorer<Thing>(depth: depth)
            let duration = try ContinuousClock().measure { try explorer.explore() }
            print("\(type): \(explorer.scripts) scripts of \(depth) steps in \(duration)")
            #expect(explorer.problem == nil)
            #expect(explorer.scripts > 100 || explorer.problem != nil, "hardly a world")
            #expect(Hub.current.timerCount == 0)
        }
    }

    @Test func channels() async { await check(RealQueue<AChannel>.self, depth: 6) }
    @Test func queuesOfOne() async { await check(RealQueue<AQueueOfOne>.self, depth: 6) }
    @Test func queuesThatAreResized() async { await check(RealQueue<AQueueThatIsResized>.self, depth: 6) }
    @Test func queues() async { await check(RealQueue<AQueue>.self, depth: 5) }
    @Test func lifoQueuesOfTwo() async { await check(RealQueue<ALifoQueueOfTwo>.self, depth: 5) }
    @Test func lifoQueues() async { await check(RealQueue<ALifoQueue>.self, depth: 5) }
    @Test func priorityQueuesOfTwo() async { await check(RealQueue<APriorityQueueOfTwo>.self, depth: 5) }
    @Test func priorityQueues() async { await check(RealQueue<APriorityQueue>.self, depth: 5) }
    @Test func tasks() async { await check(RealTasks.self, depth: 5) }
    @Test func semaphores() async { await check(RealSemaphore.self, depth: 5) }
    @Test func events() async { await check(RealEvent.self, depth: 5) }
    @Test func locks() async { await check(RealLock.self, depth: 6) }
    @Test func conditions() async { await check(RealCondition.self, depth: 6) }
    @Test func barriers() async { await check(RealBarrier.self, depth: 5) }
    @Test func readWriteLocks() async { await check(RealReadWriteLock.self, depth: 6) }
}
