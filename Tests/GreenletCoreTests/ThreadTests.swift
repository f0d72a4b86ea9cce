// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Several threads: what one may do with another's greenlets, and what the end of a thread does to its own.

import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

/// What a thread runs that is not waited for at once.
private final class Work {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
}

private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
    return nil
}

/// Closed, until one thread opens it for another.
private final class Gate {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit { semaphore.deallocate() }

    func open() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}

/// Carries a thread-bound thing to another thread, for tests of what happens then.
private final class Smuggled<Value>: @unchecked Sendable {
    // Safe because the test orders the accesses by starting and joining threads.
    var value: Value

    init(_ value: Value) { self.value = value }
}

@Suite struct ThreadTests {
    struct Failure: Error {}

    @Test func everyThreadHasItsOwnGreenlets() async {
        await onThread {
            for _ in 0..<10 {
                runOnThreadAndWait {
                    var trace: [Int] = []
                    let main = RawGreenlet.current
                    let greenlet = RawGreenlet {
                        trace.append(1)
                        try main.switch()
                        trace.append(3)
                    }
                    _ = try? greenlet.switch()
                    trace.append(2)
                    _ = try? greenlet.switch()
                    #expect(trace == [1, 2, 3])
                }
            }
        }
    }

    @Test func greenletsOfAnotherThreadAreRefusedByNameOfBothThreads() async {
        await onThread {
            let foreign = Smuggled(RawGreenlet.current)
            let name = GreenletThread.current.name
            runOnThreadAndWait {
                let here = GreenletThread.current.name
                let (theirs, mine) = (foreign.value, RawGreenlet {})
                let attempts: [() throws -> Void] = [
                    { try theirs.switch() }, { try RawGreenlet.switch(to: theirs) }, { try theirs.throw(Failure()) },
                    { try mine.setParent(theirs) },
                ]
                for attempt in attempts {
                    let error = #expect(throws: GreenletError.self) { try attempt() }
                    #expect(error?.code == .wrongThread)
                    #expect(error?.message.contains("\(name)") == true && error?.message.contains(here) == true)
                }
                #expect(mine.parent === RawGreenlet.current)
            }
        }
    }

    @Test func aForeignThreadMayNotSetTheParentEither() async {
        await onThread {
            let smuggled = Smuggled((child: RawGreenlet {}, parent: RawGreenlet {}))
            runOnThreadAndWait {
                let error = #expect(throws: GreenletError.self) {
                    try smuggled.value.child.setParent(smuggled.value.parent)
                }
                #expect(error?.code == .wrongThread)
            }
            #expect(smuggled.value.child.parent === RawGreenlet.current)
        }
    }

    @Test func messagesTellMainGreenletsAndEndedThreads() async {
        await onThread {
            let smuggled = Smuggled<(main: RawGreenlet, pending: RawGreenlet, name: String)?>(nil)
            runOnThreadAndWait {
                smuggled.value = (RawGreenlet.current, RawGreenlet {}, GreenletThread.current.name)
            }
            guard let (main, pending, name) = smuggled.value else { return }
            let here = GreenletThread.current.name
            let ofMain = #expect(throws: GreenletError.self) { try main.throw(Failure()) }
            #expect(
                ofMain?.message.contains("is the main greenlet of \(name), which has exited, and this is \(here)")
                    == true
            )
            let ofPending = #expect(throws: GreenletError.self) { try pending.switch() }
            #expect(ofPending?.message.contains("belongs to \(name), which has exited, and this is \(here)") == true)
            let ofParent = #expect(throws: GreenletError.self) { try RawGreenlet {}.setParent(main) }
            #expect(ofParent?.message.contains("\(here) and \(name), which has exited") == true)
        }
    }

    @Test func theDefersOfSuspendedGreenletsRunWhenTheirThreadEnds() async {
        await onThread {
            let events = Smuggled<[String]>([])
            let kept = Smuggled<[RawGreenlet]>([])
            runOnThreadAndWait {
                let main = RawGreenlet.current
                for name in ["first", "second", "third"] {
                    let greenlet = RawGreenlet {
                        defer { events.value.append(name) }
                        do { try main.switch() } catch {
                            events.value.append("\(error) in \(name)")
                            throw error
                        }
                    }
                    _ = try? greenlet.switch()
                    if name != "second" { kept.value.append(greenlet) }
                }
            }
            // Orphans first; the others in the order in which they started.
            #expect(
                events.value == [
                    "GreenletExit in second", "second", "GreenletExit in first", "first", "GreenletExit in third",
                    "third",
                ]
            )
            #expect(kept.value.allSatisfy { $0.isDead && !$0.isActive })
            let error = #expect(throws: GreenletError.self) { try kept.value[0].throw(Failure()) }
            #expect(error?.code == .wrongThread && error?.message.contains("which has exited") == true)
        }
    }

    @Test func theEndOfAThreadReachesGreenletsOfAnyStackSize() async {
        await onThread {
            let ended = Smuggled(0)
            runOnThreadAndWait {
                let main = RawGreenlet.current
                for size in [0, 1 << 20, 4 << 20, 0] {
                    let greenlet = RawGreenlet(stackSize: size) {
                        defer { ended.value += 1 }
                        try main.switch()
                    }
                    _ = try? greenlet.switch()
                }
            }
            #expect(ended.value == 4)
        }
    }

    @Test func greenletsThatTheEndOfOthersStartsEndToo() async {
        await onThread {
            let events = Smuggled<[String]>([])
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let kept = Smuggled<[RawGreenlet]>([])
                let greenlet = RawGreenlet {
                    defer {
                        events.value.append("outer")
                        let late = RawGreenlet {
                            defer { events.value.append("late") }
                            try kept.value[1].switch()
                        }
                        kept.value.append(late)
                    }
                    try main.switch()
                }
                kept.value.append(greenlet)
                let starter = RawGreenlet {
                    defer { _ = try? kept.value.last?.switch() }
                    try main.switch()
                }
                kept.value.append(starter)
                _ = try? greenlet.switch()
                _ = try? starter.switch()
            }
            #expect(events.value == ["outer", "late"])
        }
    }

    @Test func thoseWhoseEndsStartOthersForEverAreGivenUpAndReported() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await onThread {
                let started = Smuggled(0)
                runOnThreadAndWait {
                    let main = RawGreenlet.current
                    func start() {
                        started.value += 1
                        let greenlet = RawGreenlet {
                            defer { start() }
                            try main.switch()
                        }
                        _ = try? greenlet.switch()
                    }
                    start()
                    start()
                }
                #expect(started.value > 2 && started.value < 100)
            }
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        let last = "greenlet: thread 1 ends, and its last greenlets keep starting others: 2 of those are not unwound\n"
        #expect(said.hasSuffix("\n" + last), "\(said)")
        // Those before them still stand in their `defer`s.
        #expect(said.split(separator: "\n").dropLast().count { $0.contains("did not kill") } == 8, "\(said)")
    }

    @Test func aGreenletThatSurvivesItsThreadIsDeadAndReported() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await onThread {
                let kept = Smuggled<RawGreenlet?>(nil)
                runOnThreadAndWait {
                    let main = RawGreenlet.current
                    let greenlet = RawGreenlet { while true { _ = try? main.switch() as Any? } }
                    kept.value = greenlet
                    _ = try? greenlet.switch()
                }
                #expect(kept.value?.isDead == true)
                #expect(kept.value?.description.hasSuffix("(thread exited) dead>") == true)
            }
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said.hasPrefix("greenlet: GreenletExit did not kill <RawGreenlet 0x"), "\(said)")
        #expect(said.hasSuffix(">, whose thread ends; nothing more of it is unwound\n"), "\(said)")
        #expect(said.count(where: \.isNewline) == 1, "\(said)")
    }

    @Test func theParentOfAGreenletWhoseThreadEndsIsThereUntilItEnds() async {
        await onThread {
            let parents = Smuggled<[Bool]>([])
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let parent = RawGreenlet { try main.switch() }
                let child = RawGreenlet(parent: parent) {
                    // As with a dropped greenlet, its end goes to whoever ends it.
                    defer { parents.value.append(RawGreenlet.current.parent === main) }
                    try main.switch()
                }
                _ = try? parent.switch()
                _ = try? child.switch()
            }
            #expect(parents.value == [true])
        }
    }

    @Test func whoTriesWhileAThreadRunsAndEndsIsRefusedEachTime() async {
        final class Tries: @unchecked Sendable {
            // Safe because the thread that tries is alone with its count.
            var (refused, other) = (0, 0)
        }
        await onThread {
            for _ in 0..<20 {
                let tries = Tries()
                let foreign = Smuggled<RawGreenlet?>(nil)
                var thread = pthread_t()
                let gate = Gate()
                let work = Unmanaged.passRetained(
                    Work {
                        let main = RawGreenlet.current
                        let greenlet = RawGreenlet { while true { try main.switch() } }
                        _ = try? greenlet.switch()
                        foreign.value = greenlet
                        gate.open()
                        for _ in 0..<1_000 { _ = try? greenlet.switch() }
                    }
                )
                pthread_create(&thread, nil, runWork, work.toOpaque())
                gate.wait()
                while tries.refused + tries.other < 300 {
                    do { try foreign.value?.switch() } catch let error as GreenletError where error.code == .wrongThread
                    {
                        tries.refused += 1
                        continue
                    }
                    tries.other += 1
                }
                pthread_join(thread, nil)
                #expect(tries.other == 0 && foreign.value?.isDead == true)
            }
        }
    }

    @Test func theMainGreenletOfAnEndedThreadIsDead() async {
        await onThread {
            let smuggled = Smuggled<RawGreenlet?>(nil)
            runOnThreadAndWait { smuggled.value = RawGreenlet.current }
            #expect(smuggled.value?.isDead == true && smuggled.value?.isActive == false)
        }
    }

    @Test func aParentOfAnotherThreadTrapsAtCreation() async {
        await #expect(processExitsWith: .failure) {
            await onThread {
                let foreign = Smuggled(RawGreenlet.current)
                runOnThreadAndWait { _ = RawGreenlet(parent: foreign.value) {} }
            }
        }
    }
}
