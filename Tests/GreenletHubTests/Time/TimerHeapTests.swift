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

    @Test func whatIsRemovedLetsGoOfItsPayloadAtOnceAndOfTheRestWhenMostAre() {
        var random = SeededRandom(for: "removals")
        let heap = TimerHeap<Payload>()
        var armed = (0..<5000).map { number in
            let payload = Payload(number)
            let deadline = UInt64.random(in: 0..<3000, using: &random)
            return (deadline: deadline, payload: payload, id: heap.insert(Deadline(nanoseconds: deadline), payload))
        }
        armed.shuffle(using: &random)
        while armed.count > 10 {
            var last = armed.removeLast()
            #expect(isKnownUniquelyReferenced(&last.payload) == false)
            heap.remove(last.id)
            #expect(isKnownUniquelyReferenced(&last.payload), "a removed timer keeps its payload")
            #expect(heap.remove(last.id) == nil)
        }
        // A new one in the place of one that is gone is not taken for it.
        let fresh = heap.insert(Deadline(nanoseconds: 1500), Payload(-1))
        armed.append((1500, Payload(-1), fresh))
        armed.sort { ($0.deadline, $0.payload.number) < ($1.deadline, $1.payload.number) }
        #expect(heap.count == armed.count && heap.firstDeadline?.nanoseconds == armed[0].deadline)
        var rest: [UInt64] = []
        while let next = heap.firstDeadline, heap.popDue(next) != nil { rest.append(next.nanoseconds) }
        #expect(rest == armed.map(\.deadline) && heap.isEmpty)
    }

    @Test func manyRemovedInOrderLeaveTheRest() {
        let heap = TimerHeap<Int>()
        let ids = (0..<100_000).map { heap.insert(Deadline(nanoseconds: UInt64($0)), $0) }
        for (number, id) in ids.enumerated().dropLast() where heap.remove(id) != number { Issue.record("\(number)") }
        #expect(heap.count == 1 && heap.firstDeadline?.nanoseconds == 99_999)
        #expect(heap.popDue(Deadline(nanoseconds: 99_999)) == 99_999 && heap.isEmpty)
        #expect(heap.remove(ids[0]) == nil && heap.remove(ids[99_999]) == nil)
    }

    private final class Payload {
        let number: Int

        init(_ number: Int) { self.number = number }
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
