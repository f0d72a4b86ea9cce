// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What Swift and C keep per thread must follow the greenlet: every order of greenlets that hold it open across switches.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletTestSupport
import Observation
import Testing

private enum Locals {
    @TaskLocal static var number = 0
}

private final class Box {
    var field = 0
}

/// Holds an exclusive access open for as long as `body` runs.
@inline(never)
private func holding(_ value: inout Int, _ body: () throws -> Void) rethrows {
    value += 1
    try body()
    value += 1
}

/// One greenlet that opens and closes bindings and accesses between its switches, and notes what it finds wrong.
private final class Actor {
    static let switches = 4
    let box = Box()
    var complaints: [String] = []
    private(set) var greenlet: RawGreenlet?

    init(_ id: Int, back main: RawGreenlet) {
        greenlet = RawGreenlet { [unowned self] in
            check(0)
            errno = CInt(id)
            try Locals.$number.withValue(id * 10 + 1) {
                try main.switch()
                check(id * 10 + 1)
                if errno != id { complaints.append("found errno \(errno)") }
                try holding(&box.field) {
                    try main.switch()
                    check(id * 10 + 1)
                    try Locals.$number.withValue(id * 10 + 2) {
                        try main.switch()
                        check(id * 10 + 2)
                    }
                    check(id * 10 + 1)
                }
                try main.switch()
                check(id * 10 + 1)
            }
            check(0)
            if errno != id { complaints.append("found errno \(errno)") }
        }
    }

    private func check(_ expected: Int) {
        if Locals.number != expected { complaints.append("found \(Locals.number) instead of \(expected)") }
    }
}

@Observable private final class Model {
    var number = 0
}

/// Counts calls, from whatever thread.
private final class Counter: @unchecked Sendable {
    // Safe because all calls come from the thread that changes the model.
    var count = 0
}

/// Calls `visit` with every sequence in which each of `counts.count` actors occurs as often as its count says.
private func everyInterleaving(_ counts: [Int], _ visit: ([Int]) throws -> Void) rethrows {
    func extend(_ prefix: [Int], _ left: [Int]) throws {
        if left.allSatisfy({ $0 == 0 }) { return try visit(prefix) }
        for actor in left.indices where left[actor] > 0 {
            var rest = left
            rest[actor] -= 1
            try extend(prefix + [actor], rest)
        }
    }
    try withoutActuallyEscaping(visit) { _ in try extend([], counts) }
}

private func runEveryInterleaving() throws {
    var orders = 0
    try everyInterleaving(Array(repeating: Actor.switches + 1, count: 3)) { order in
        orders += 1
        guard orders % stride == 0 else { return }
        let main = RawGreenlet.current
        let actors = (1...3).map { Actor($0, back: main) }
        for index in order { try actors[index].greenlet?.switch() }
        for actor in actors {
            #expect(actor.complaints == [], "in order \(order)")
            #expect(actor.box.field == 2 && actor.greenlet?.isDead == true, "in order \(order)")
        }
        #expect(Locals.number == 0)
    }
    #expect(orders == 756_756)
}

/// All orders in release; one in 23, evenly spread, in debug, where each costs twenty times as much.
private let stride: Int = {
    #if DEBUG
    return 23
    #else
    return 1
    #endif
}()

@Suite struct RuntimeStateTests {
    @Test func everyWordIsFoundOnThisRuntime() async {
        await onThread {
            _ = RawGreenlet.current
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_EXCLUSIVITY)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_TASK_LOCALS)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_TASK)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_EXECUTOR)))
            #expect(cgreenlet_knows_word(Int32(CGREENLET_WORD_OBSERVATION)))
        }
    }

    @Test func theWordsAreFoundHereAndInTheMidstOfThingsElsewhere() async {
        await #expect(processExitsWith: .success) {
            await onThread {
                let words = 0..<Int32(CGREENLET_WORDS)
                cgreenlet_forget_word(-1)
                #expect(RuntimeWords.calibrate(), "a thread in its first state is enough")
                #expect(words.allSatisfy(cgreenlet_knows_word))
                let box = Box()
                for isAccess in [true, false] {
                    cgreenlet_forget_word(-1)
                    var wasEnough = true
                    let calibrate = { wasEnough = RuntimeWords.calibrate() }
                    if isAccess {
                        holding(&box.field, calibrate)
                    } else {
                        Locals.$number.withValue(5, operation: calibrate)
                    }
                    #expect(!wasEnough && words.allSatisfy(cgreenlet_knows_word))
                }
                try runEveryInterleaving()
            }
        }
    }

    @Test func bindingsAndAccessesFollowTheGreenletInEveryOrder() async {
        await onThread(limit: .seconds(300)) { try runEveryInterleaving() }
    }

    @Test func aGreenletStartsWithoutTheBindingsOfWhoeverSwitchedToIt() async {
        await onThread {
            var seen = -1
            let greenlet = RawGreenlet { seen = Locals.number }
            try Locals.$number.withValue(5) { try greenlet.switch() }
            #expect(seen == 0)
        }
    }

    @Test func aGreenletStartsWithoutTheErrorNumberOfWhoeverSwitchedToIt() async {
        await onThread {
            var seen: CInt = -1
            let greenlet = RawGreenlet { seen = errno }
            errno = ENOENT
            try greenlet.switch()
            #expect(seen == 0)
            #expect(errno == ENOENT)
        }
    }

    @Test func aSwitchToOneselfKeepsEverything() async {
        await onThread {
            let box = Box()
            try Locals.$number.withValue(5) {
                try holding(&box.field) {
                    errno = EBADF
                    try RawGreenlet.switch(to: .current)
                    #expect(Locals.number == 5 && errno == EBADF)
                }
            }
            #expect(Locals.number == 0 && box.field == 2)
        }
    }

    @Test func observationTakesDownWhatItsOwnGreenletReads() async {
        await onThread {
            try everyInterleaving([3, 3]) { order in
                let main = RawGreenlet.current
                let models = [Model(), Model()]
                let changes = [Counter(), Counter()]
                let greenlets = zip(models, changes).map { model, change in
                    RawGreenlet {
                        withObservationTracking {
                            _ = try? main.switch()
                            _ = model.number
                            _ = try? main.switch()
                        } onChange: {
                            change.count += 1
                        }
                    }
                }
                for index in order { try greenlets[index].switch() }
                #expect(greenlets.allSatisfy { $0.isDead })
                models[1].number = 1
                #expect(changes.map(\.count) == [0, 1], "in order \(order)")
                models[0].number = 1
                #expect(changes.map(\.count) == [1, 1], "in order \(order)")
            }
        }
    }

    @Test func accessesOfTwoGreenletsToOneVariableAreLikeThoseOfTwoThreads() async {
        await onThread {
            let main = RawGreenlet.current
            let box = Box()
            let greenlet = RawGreenlet { try holding(&box.field) { try main.switch() } }
            try greenlet.switch()
            try holding(&box.field) { try greenlet.switch() }
            #expect(greenlet.isDead)
        }
    }

    @Test func overlappingAccessesWithinOneGreenletStillTrap() async {
        await #expect(processExitsWith: .failure) {
            await onThread {
                let box = Box()
                let greenlet = RawGreenlet { holding(&box.field) { holding(&box.field) {} } }
                try greenlet.switch()
            }
        }
    }

    /// A future runtime may lay them out so; nobody watches them as one then.
    @Test func wordsThatDoNotLieInARowFollowAllTheSame() async {
        await #expect(processExitsWith: .success) {
            await onThread { _ = RawGreenlet.current }
            // A word that has nothing to do with it, as far from the others as there is one.
            cgreenlet_found_word(Int32(CGREENLET_WORD_TASK), CGREENLET_LIBRARY_CONCURRENCY, 0)
            await onThread(limit: .seconds(300)) {
                _ = RawGreenlet.current
                let thread = cgreenlet_thread_current()
                #expect(thread.pointee.watched == UnsafePointer(thread.pointer(to: \.never_zero.0)))
                try runEveryInterleaving()
            }
        }
    }

    @Test func withoutTheWordsExclusivityIsHandedOverByFunction() async {
        await #expect(processExitsWith: .success) {
            await onThread { _ = RawGreenlet.current }
            cgreenlet_forget_word(-1)
            await onThread {
                #expect(!cgreenlet_knows_word(Int32(CGREENLET_WORD_EXCLUSIVITY)))
                let main = RawGreenlet.current
                for order in [[0, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 1]] {
                    let boxes = [Box(), Box()]
                    let greenlets = boxes.map { box in RawGreenlet { try holding(&box.field) { try main.switch() } } }
                    for index in order { try greenlets[index].switch() }
                    #expect(boxes.allSatisfy { $0.field == 2 })
                }
            }
        }
    }
}
