// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the runtime keeps per thread follows the greenlet, whichever way the standard library is linked.

import CGreenletCore
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

/// Ends the program if something does not hold.
public func expect(_ holds: Bool, _ what: String = "this") {
    if !holds { fatalError("\(what) does not hold") }
}

/// Opens and closes everything, without a greenlet.
public func holdRuntimeState() {
    let (box, model) = (Box(), Model())
    holding(&box.field) {
        Locals.$number.withValue(1) {
            withObservationTracking {
                _ = model.number
            } onChange: {
            }
        }
    }
    _ = Task.immediate { expect(withUnsafeCurrentTask { $0 != nil }, "a task") }
}

/// Two greenlets that open everything, switch away at each step, and are entered in every order.
public func checkRuntimeState() throws {
    _ = RawGreenlet.current
    expect(!cgreenlet_thread_current().pointee.careful, "the quick way, as all words were found on this thread")
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
public func checkCurrentTask() {
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
