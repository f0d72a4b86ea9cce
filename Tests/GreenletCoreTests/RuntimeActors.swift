// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that hold open what Swift and C keep per thread, and switch in every order.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletTestSupport
import Observation
import Testing

enum RuntimeLocals {
    @TaskLocal static var number = 0
}

final class HeldBox {
    var field = 0
}

/// Holds an exclusive access open for as long as `body` runs.
@inline(never)
func holding(_ value: inout Int, _ body: () throws -> Void) rethrows {
    value += 1
    try body()
    value += 1
}

/// One greenlet that opens and closes bindings and accesses between its switches, and notes what it finds wrong.
private final class RuntimeActor {
    static let switches = 4
    let box = HeldBox()
    var complaints: [String] = []
    private(set) var greenlet: RawGreenlet?

    init(_ id: Int, back main: RawGreenlet) {
        greenlet = RawGreenlet { [unowned self] in
            check(0)
            errno = CInt(id)
            try RuntimeLocals.$number.withValue(id * 10 + 1) {
                try main.switch()
                check(id * 10 + 1)
                if errno != id { complaints.append("found errno \(errno)") }
                try holding(&box.field) {
                    try main.switch()
                    check(id * 10 + 1)
                    try RuntimeLocals.$number.withValue(id * 10 + 2) {
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
        if RuntimeLocals.number != expected {
            complaints.append("found \(RuntimeLocals.number) instead of \(expected)")
        }
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
func everyInterleaving(_ counts: [Int], _ visit: ([Int]) throws -> Void) rethrows {
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

/// Three greenlets with bindings and accesses in every `stride`th order.
func runEveryInterleaving(stride: Int = usualStride) throws {
    var orders = 0
    try everyInterleaving(Array(repeating: RuntimeActor.switches + 1, count: 3)) { order in
        orders += 1
        guard orders % stride == 0 else { return }
        let main = RawGreenlet.current
        let actors = (1...3).map { RuntimeActor($0, back: main) }
        for index in order { try actors[index].greenlet?.switch() }
        for actor in actors {
            #expect(actor.complaints == [], "in order \(order)")
            #expect(actor.box.field == 2 && actor.greenlet?.isDead == true, "in order \(order)")
        }
        #expect(RuntimeLocals.number == 0)
    }
    #expect(orders == 756_756)
}

/// Two greenlets that each take down what they read, in every order.
func observeInEveryOrder() throws {
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

/// Two greenlets that each run a task and switch inside of it, in every order.
func runTasksInEveryOrder() throws {
    try everyInterleaving([3, 3]) { order in
        let main = RawGreenlet.current
        let complaints = Counter()
        let greenlets = (1...2).map { _ in
            RawGreenlet {
                let leave = { _ = try? main.switch() }
                // Safe because the task runs here and now, up to its end, before `immediate` returns.
                nonisolated(unsafe) let leaveForMain = leave
                if withUnsafeCurrentTask(body: { $0 != nil }) { complaints.count += 1 }
                _ = Task.immediate {
                    let mine = withUnsafeCurrentTask { $0?.hashValue }
                    for _ in 1...2 {
                        leaveForMain()
                        if mine == nil || withUnsafeCurrentTask(body: { $0?.hashValue }) != mine {
                            complaints.count += 1
                        }
                    }
                }
                if withUnsafeCurrentTask(body: { $0 != nil }) { complaints.count += 1 }
            }
        }
        for index in order { try greenlets[index].switch() }
        #expect(greenlets.allSatisfy { $0.isDead } && complaints.count == 0, "in order \(order)")
        #expect(withUnsafeCurrentTask { $0 == nil })
    }
}

/// Several greenlets that hold accesses to the same two variables open, one within the other, in every order.
func shareVariablesInEveryOrder() throws {
    var orders = 0
    try everyInterleaving([4, 4, 4]) { order in
        orders += 1
        guard orders % usualStride == 0 else { return }
        let main = RawGreenlet.current
        let (outer, inner) = (HeldBox(), HeldBox())
        let greenlets = (1...3).map { _ in
            RawGreenlet {
                try holding(&outer.field) {
                    try main.switch()
                    try holding(&inner.field) { try main.switch() }
                    try main.switch()
                }
            }
        }
        for index in order { try greenlets[index].switch() }
        #expect(greenlets.allSatisfy { $0.isDead }, "in order \(order)")
    }
    #expect(orders == 34_650)
}

/// All orders in release; one in 23, evenly spread, in debug, where each costs twenty times as much; one in 997 under a
/// sanitizer.
let usualStride: Int = {
    #if DEBUG
    return isSanitized ? 997 : 23
    #else
    return 1
    #endif
}()

/// For what is one of many cases.
let sampleStride = isSanitized ? 9973 : 997
