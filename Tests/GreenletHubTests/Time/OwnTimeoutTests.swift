// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What every blocking call with a timeout of its own must do, checked for all of them.

import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

/// A blocking call that nothing ever ends, but for its time.
enum BlockingCall: String, CaseIterable, Sendable {
    case join, get, joinAll, kill, killAll
    case event, asyncGet, asyncWait, acquire, boundedAcquire, semaphoreWait
    case queueGet, queuePut, queuePeek, queueNext, queueJoin
    case lifoGet, lifoPut, priorityGet, priorityPut, channelGet, channelPut, channelPeek
    case lockAcquire, conditionWait, conditionWaitUntil, barrierWait, readAcquire, writeAcquire
    case groupJoin, groupKill, groupKillOne, poolAdd, poolWait, poolJoin, poolKill
    case waiter
    case waitAll, waitAny, iterateAsReady, hubJoin
    case chooseGet, choosePut, chooseReady, chooseAmongAll

    /// Calls it.
    ///
    /// Returns whether it said that its own time is over, by its result or by a `Timeout`.
    func run(_ stage: Stage, _ timeout: Duration?) throws -> Bool {
        do {
            return try !succeeds(stage, timeout)
        } catch let own as Timeout where "\(own)".contains(": ") {
            return true  // it names the operation: nobody's but the call's own
        }
    }

    private func succeeds(_ stage: Stage, _ timeout: Duration?) throws -> Bool {
        switch self {
        case .join: return try stage.endless.join(timeout: timeout)
        case .get: try stage.endless.get(timeout: timeout)
        case .joinAll: return try !GreenletHub.joinAll([stage.endless], timeout: timeout).isEmpty
        case .kill: return try stage.endless.kill(timeout: timeout)
        case .killAll: try GreenletHub.killAll([stage.endless], timeout: timeout)
        case .event: return try Event().wait(timeout: timeout)
        case .asyncGet: _ = try AsyncResult<Int>().get(timeout: timeout)
        case .asyncWait: return try AsyncResult<Int>().wait(timeout: timeout) != nil
        case .acquire: return try Semaphore(0).acquire(timeout: timeout)
        case .boundedAcquire: return try BoundedSemaphore(0).acquire(timeout: timeout)
        case .semaphoreWait: return try Semaphore(0).wait(timeout: timeout)
        case .queueGet: _ = try Queue<Int>().get(timeout: timeout)
        case .queuePut: try stage.full.put(1, timeout: timeout)
        case .queuePeek: _ = try Queue<Int>().peek(timeout: timeout)
        case .queueNext: _ = try Queue<Int>().next(timeout: timeout)
        case .queueJoin: return try stage.full.join(timeout: timeout)
        case .lifoGet: _ = try LifoQueue<Int>().get(timeout: timeout)
        case .lifoPut: try stage.fullStack.put(1, timeout: timeout)
        case .priorityGet: _ = try PriorityQueue<Int>().get(timeout: timeout)
        case .priorityPut: try stage.fullHeap.put(1, timeout: timeout)
        case .channelGet: _ = try Channel<Int>().get(timeout: timeout)
        case .channelPut: try Channel<Int>().put(1, timeout: timeout)
        case .channelPeek: _ = try Channel<Int>().peek(timeout: timeout)
        case .lockAcquire: return try stage.lock.acquire(timeout: timeout)
        case .conditionWait:
            let condition = Condition()
            return try condition.withLock { try condition.wait(timeout: timeout) }
        case .conditionWaitUntil:
            let condition = Condition()
            return try condition.withLock { try condition.wait(timeout: timeout) { false } }
        case .barrierWait: try Barrier(parties: 2).wait(timeout: timeout)
        case .readAcquire: return try stage.readWriteLock.acquireRead(timeout: timeout)
        case .writeAcquire: return try stage.readWriteLock.acquireWrite(timeout: timeout)
        case .groupJoin: return try stage.group.join(timeout: timeout)
        case .groupKill: return try stage.group.kill(timeout: timeout)
        case .groupKillOne: return try stage.group.killOne(stage.endless, timeout: timeout)
        case .poolAdd: return try stage.pool.add(Greenlet {}, timeout: timeout)
        case .poolWait: return try stage.pool.waitAvailable(timeout: timeout)
        case .poolJoin: return try stage.pool.join(timeout: timeout)
        case .poolKill: return try stage.pool.kill(timeout: timeout)
        case .waiter: return try Waiter().park(for: "a test", timeout: timeout)
        case .waitAll: return try !GreenletHub.waitAll([stage.endless], timeout: timeout).isEmpty
        case .waitAny:
            let objects: [any Waitable] = [
                stage.endless, Event(), Semaphore(0), Queue<Int>(), AsyncResult<Int>(), stage.group,
            ]
            return try !GreenletHub.waitAll(objects, timeout: timeout, count: 1).isEmpty
        case .iterateAsReady: return try GreenletHub.iterateAsReady([Event()], timeout: timeout).next() != nil
        case .hubJoin: return try Hub.current.join(timeout: timeout)
        case .chooseGet: return try chooses([.get(from: Queue<Int>()) { _ in true }], timeout)
        case .choosePut: return try chooses([.put(1, into: stage.full) { true }], timeout)
        case .chooseReady: return try chooses([.wait(for: stage.endless) { true }], timeout)
        case .chooseAmongAll: return try chooses(stage.choices, timeout)
        }
        return true
    }

    private func chooses(_ choices: [Choice<Bool>], _ timeout: Duration?) throws -> Bool {
        try choose(choices + (timeout.map { [.after($0) { false }] } ?? []))
    }
}

/// Something to wait for: a greenlet that survives being killed and holds locks, full queues, a group and a full pool.
final class Stage {
    private var isOver = false
    private(set) lazy var endless: Greenlet<Void> = spawn { [unowned self] in
        _ = lock.tryAcquire() && readWriteLock.tryAcquireWrite()
        while !isOver { _ = caught { try sleep(.seconds(60)) } }
    }
    let full = Queue<Int>(capacity: 1)
    let fullStack = LifoQueue<Int>(capacity: 1)
    let fullHeap = PriorityQueue<Int>(capacity: 1)
    let lock = ReentrantLock()
    let readWriteLock = ReadWriteLock()
    let group = Group()
    let pool = Pool(size: 1)
    private let channel = Channel<Int>()
    private let semaphore = Semaphore(0)
    /// None of them ever is possible.
    var choices: [Choice<Bool>] {
        [
            .get(from: channel) { _ in true }, .put(1, into: channel) { true }, .put(2, into: full) { true },
            .next(from: LifoQueue<Int>()) { _ in true }, .acquire(semaphore) { true },
            .acquire(BoundedSemaphore(0)) { true }, .get(from: AsyncResult<Int>()) { _ in true },
            .get(from: endless) { true }, .wait(for: Event()) { true }, .wait(for: channel) { true },
        ]
    }

    init() throws {
        try full.put(0)
        try fullStack.put(0)
        try fullHeap.put(0)
        group.add(endless)
        try pool.add(endless)
        try settle()
    }

    func end() throws {
        isOver = true
        try endless.kill(with: TestError())
    }
}

@Suite struct OwnTimeoutTests {
    @Test(arguments: BlockingCall.allCases)
    func itTimesOutByItself(call: BlockingCall) async {
        await onHub {
            let stage = try Stage()
            let duration = try elapsed {
                let isOver = try call.run(stage, .milliseconds(5))
                #expect(isOver)
            }
            #expect(duration >= .milliseconds(5) && duration < .seconds(5))
            let soon = try call.run(stage, .zero)
            #expect(soon)
            try stage.end()
        }
    }

    @Test(arguments: BlockingCall.allCases)
    func anOuterShorterTimeoutIsNotLost(call: BlockingCall) async {
        await onHub {
            let stage = try Stage()
            for own in [Duration.seconds(30), nil] {
                let outer = Timeout(.milliseconds(3))
                outer.start()
                let error = caught { _ = try call.run(stage, own) }
                #expect(error as? Timeout === outer)
            }
            try stage.end()
        }
    }

    @Test(arguments: BlockingCall.allCases)
    func aKillEndsIt(call: BlockingCall) async {
        await onHub {
            let stage = try Stage()
            let victim = spawn { try call.run(stage, .seconds(30)) }
            try settle()
            try victim.kill(with: TestError(8), timeout: .seconds(1))
            #expect(victim.error as? TestError == TestError(8))
            _ = caught { _ = try victim.get() }
            try stage.end()
        }
    }

    @Test(arguments: BlockingCall.allCases)
    func inAShieldItsOwnTimeoutIsAllThatEndsIt(call: BlockingCall) async {
        await onHub {
            let stage = try Stage()
            let outer = Timeout(.milliseconds(1))
            var errors: [(any Error)?] = []
            let greenlet = spawn {
                outer.start()
                var isOver = false
                let duration = try elapsed { isOver = try shield { try call.run(stage, .milliseconds(8)) } }
                #expect(isOver && duration >= .milliseconds(8))
                errors = [caught { try yieldNow() }, caught { try yieldNow() }, caught { try yieldNow() }]
            }
            try settle()
            try greenlet.kill(with: TestError(8), timeout: .seconds(5))
            let (kills, timeouts) = (errors.filter { $0 is TestError }, errors.filter { $0 is Timeout })
            #expect(kills.count == 1 && timeouts.count == 1)
            try greenlet.get()
            try stage.end()
        }
    }

    @Test(arguments: BlockingCall.allCases)
    func afterADeadlineItGivesUpEachTime(call: BlockingCall) async {
        await onHub {
            let stage = try Stage()
            let duration = try elapsed {
                try withDeadline(.milliseconds(3)) {
                    for _ in 0..<3 { #expect(caught { _ = try call.run(stage, .seconds(30)) } is Timeout) }
                }
            }
            #expect(duration < .seconds(5))
            try stage.end()
        }
    }
}
