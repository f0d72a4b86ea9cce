// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the runtime keeps per thread follows the greenlet, whichever way the standard library is linked.

import Glibc
import GreenletCore
import Observation

private enum Locals {
    @TaskLocal static var number = 0
}

private final class Box {
    var field = 0
}

@Observable private final class Model {
    var number = 0
}

@inline(never)
private func holding(_ value: inout Int, _ body: () throws -> Void) rethrows {
    value += 1
    try body()
    value += 1
}

/// Two greenlets that open everything, switch away at each step, and are entered in every order.
func checkRuntimeState() throws {
    let steps = 4
    for order in 0..<(1 << (2 * steps)) where order.nonzeroBitCount == steps {
        let main = RawGreenlet.current
        let boxes = [Box(), Box()]
        let models = [Model(), Model()]
        // Safe because everything here happens on this thread.
        nonisolated(unsafe) var changes = [0, 0]
        let greenlets = [0, 1].map { id in
            RawGreenlet {
                errno = CInt(id + 1)
                try Locals.$number.withValue(id + 1) {
                    try main.switch()
                    try holding(&boxes[id].field) {
                        try main.switch()
                        expect(Locals.number == id + 1, "a task-local binding")
                    }
                    withObservationTracking {
                        _ = try? main.switch()
                        _ = models[id].number
                    } onChange: {
                        changes[id] += 1
                    }
                }
                expect(Locals.number == 0 && errno == id + 1, "errno, and the end of a binding")
            }
        }
        for step in 0..<(2 * steps) { try greenlets[order >> step & 1].switch() }
        models[1].number = 1
        expect(changes == [0, 1], "observation")
        expect(boxes.allSatisfy { $0.field == 2 } && greenlets.allSatisfy { $0.isDead }, "the end of all")
    }
}

/// A greenlet that is entered from a task isn't in that task.
func checkCurrentTask() {
    _ = Task.immediate {
        let main = RawGreenlet.current
        let greenlet = RawGreenlet {
            expect(withUnsafeCurrentTask { $0 == nil }, "no task in a greenlet")
            try main.switch()
            expect(withUnsafeCurrentTask { $0 == nil }, "no task in a greenlet that is entered again")
        }
        for _ in 0..<2 {
            do { try greenlet.switch() } catch { expect(false, "a switch without an error: \(error)") }
            expect(withUnsafeCurrentTask { $0 != nil }, "the task itself")
        }
    }
}
