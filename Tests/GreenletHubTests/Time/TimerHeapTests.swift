// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Many deadlines, against a sorted array.

import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct TimerHeapTests {
    @Test func itComesOutInOrderAndEqualsInTheOrderTheyWentIn() {
        let heap = TimerHeap<String>()
        for (time, name) in [(5, "b"), (3, "a"), (5, "c"), (9, "e"), (5, "d")] {
            _ = heap.insert(Deadline(nanoseconds: UInt64(time)), name)
        }
        #expect(heap.firstDeadline == Deadline(nanoseconds: 3))
        var names: [String] = []
        while let name = heap.popDue(Deadline(nanoseconds: 5)) { names.append(name) }
        #expect(names == ["a", "b", "c", "d"] && heap.count == 1)
        #expect(heap.popDue(Deadline(nanoseconds: 8)) == nil)
        #expect(heap.popDue(Deadline(nanoseconds: 9)) == "e" && heap.isEmpty && heap.firstDeadline == nil)
    }

    @Test func whatWasRemovedOrPoppedCanNotBeRemovedAgain() {
        let heap = TimerHeap<Int>()
        let first = heap.insert(Deadline(nanoseconds: 1), 1)
        #expect(heap.remove(first) == 1 && heap.remove(first) == nil)
        let second = heap.insert(Deadline(nanoseconds: 2), 2)  // in the place of the first
        #expect(heap.remove(first) == nil && heap.count == 1)
        #expect(heap.popDue(Deadline(nanoseconds: 2)) == 2 && heap.remove(second) == nil)
    }

    @Test func itAgreesWithASortedArray() {
        var random = SeededRandom(for: "TimerHeapTests")
        for _ in 0..<20 { check(steps: 400, &random) }
    }

    private struct Expected {
        let deadline: UInt64
        let number: Int
        let id: TimerID
    }

    private func check(steps: Int, _ random: inout SeededRandom) {
        let heap = TimerHeap<Int>()
        var model: [Expected] = []
        for number in 0..<steps {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let deadline = UInt64.random(in: 0..<50, using: &random)
                let id = heap.insert(Deadline(nanoseconds: deadline), number)
                // Behind all that are due no later: equal ones stay in order.
                let place = model.firstIndex { $0.deadline > deadline } ?? model.count
                model.insert(Expected(deadline: deadline, number: number, id: id), at: place)
            case 6..<8 where !model.isEmpty:
                let gone = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                #expect(heap.remove(gone.id) == gone.number)
            default:
                let now = UInt64.random(in: 0..<50, using: &random)
                let due = model.first.flatMap { $0.deadline <= now ? $0 : nil }
                if due != nil { model.removeFirst() }
                #expect(heap.popDue(Deadline(nanoseconds: now)) == due?.number)
            }
            #expect(heap.count == model.count && heap.firstDeadline?.nanoseconds == model.first?.deadline)
        }
        var rest: [Int] = []
        while let number = heap.popDue(Deadline(nanoseconds: 50)) { rest.append(number) }
        #expect(rest == model.map(\.number))
    }
}
