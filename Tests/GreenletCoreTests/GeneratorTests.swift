// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Generators: elements in order, nesting, errors, and what is left when one is dropped.

import GreenletCore
import GreenletTestSupport
import Testing

private struct Refused: Error {}

private indirect enum Tree {
    case leaf
    case node(Tree, Int, Tree)

    /// Yields from however deep in its calls.
    func walk(_ yield: Generator<Int>.Yield) throws {
        guard case .node(let left, let value, let right) = self else { return }
        try left.walk(yield)
        try yield(value)
        try right.walk(yield)
    }
}

/// All permutations of `elements`: a generator inside a generator, as many deep as there are elements.
private func permutations(_ elements: [Int]) -> Generator<[Int]> {
    Generator { yield in
        guard let first = elements.first else { return try yield([]) }
        for rest in permutations(Array(elements.dropFirst())) {
            for place in 0...rest.count {
                var permutation = rest
                permutation.insert(first, at: place)
                try yield(permutation)
            }
        }
    }
}

@Suite struct GeneratorTests {
    private func onThreadThatLeavesNothing(_ body: @escaping @Sendable () throws -> Void) async {
        await onThread {
            try body()
            _ = RawGreenlet {}  // a safe point
            #expect(GreenletThread.current.stackCounts.live == 0)
        }
    }

    @Test func elementsComeInOrderAndThenNoMore() async {
        await onThreadThatLeavesNothing {
            let squares = Generator<Int> { yield in for number in 1...4 { try yield(number * number) } }
            #expect(Array(squares) == [1, 4, 9, 16])
            #expect(squares.next() == nil && squares.failure == nil)
        }
    }

    @Test func theBodyRunsOnlyAsFarAsElementsAreAskedFor() async {
        await onThreadThatLeavesNothing {
            var events: [String] = []
            let generator = Generator<Int> { yield in
                events.append("begins")
                try yield(1)
                events.append("goes on")
                try yield(2)
            }
            #expect(events == [])
            #expect(generator.next() == 1 && events == ["begins"])
            #expect(generator.next() == 2 && events == ["begins", "goes on"])
            #expect(generator.next() == nil)
        }
    }

    @Test func aSecondWalkGoesOnWhereTheFirstStopped() async {
        await onThreadThatLeavesNothing {
            let numbers = Generator<Int> { yield in for number in 0... { try yield(number) } }
            #expect(Array(numbers.prefix(3)) == [0, 1, 2])
            #expect(numbers.next() == 3)
        }
    }

    @Test func functionsOfTheBodyYieldFromAnyDepth() async {
        await onThreadThatLeavesNothing {
            func tree(_ range: Range<Int>) -> Tree {
                if range.isEmpty { return .leaf }
                let middle = (range.lowerBound + range.upperBound) / 2
                return .node(tree(range.lowerBound..<middle), middle, tree((middle + 1)..<range.upperBound))
            }
            let walked = Generator<Int> { yield in try tree(0..<100).walk(yield) }
            #expect(Array(walked) == Array(0..<100))
        }
    }

    @Test func generatorsAreWalkedInsideGenerators() async {
        await onThreadThatLeavesNothing {
            let all = Array(permutations([1, 2, 3, 4, 5]))
            #expect(all.count == 120 && Set(all).count == 120)
        }
    }

    @Test func anInnerBodyMayYieldForTheOuterOne() async {
        await onThreadThatLeavesNothing {
            let outer = Generator<String> { outerYield in
                let inner = Generator<Int> { yield in
                    try yield(1)
                    try outerYield("from within")
                    try yield(2)
                }
                for number in inner { try outerYield("\(number)") }
            }
            #expect(Array(outer) == ["1", "from within", "2"])
        }
    }

    @Test func allElementsOfASequenceAreYielded() async {
        await onThreadThatLeavesNothing {
            let inner = Generator<Int> { yield in
                try yield(contentsOf: [2, 3])
                throw Refused()
            }
            let outer = Generator<Int> { yield in
                try yield(1)
                try yield(contentsOf: inner)
            }
            #expect(Array(outer) == [1, 2, 3])
            #expect(outer.failure is Refused)
        }
    }

    @Test func anErrorEndsALoopAndIsThrownToWhoeverAsksByName() async {
        await onThreadThatLeavesNothing {
            func failing() -> Generator<Int> {
                Generator { yield in
                    try yield(1)
                    throw Refused()
                }
            }
            let looped = failing()
            #expect(Array(looped) == [1])
            #expect(looped.failure is Refused)
            let asked = failing()
            try #expect(asked.nextElement() == 1)
            #expect(throws: Refused.self) { try asked.nextElement() }
            try #expect(asked.nextElement() == nil)
        }
    }

    @Test func aBodyThatLetsGreenletExitOutHasJustEnded() async {
        await onThreadThatLeavesNothing {
            func ending() -> Generator<Int> {
                Generator { yield in
                    try yield(1)
                    throw GreenletExit()
                }
            }
            let looped = ending()
            #expect(Array(looped) == [1] && looped.failure == nil)
            let asked = ending()
            try #expect(asked.nextElement() == 1)
            try #expect(asked.nextElement() == nil)
            try #expect(asked.nextElement() == nil)
            let coroutine = Coroutine<Void, Int> { _, _ in throw GreenletExit() }
            #expect(throws: GreenletExit.self) { try coroutine.resume(()) }
            #expect(coroutine.isFinished)
        }
    }

    @Test func anEndOfWhoeverAsksEndsItsLoopAndIsNothingToWriteDown() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await onThread {
                let main = RawGreenlet.current
                var isEnded = false
                let asking = RawGreenlet {
                    // Its `failure` is a GreenletExit, and nobody reads it.
                    let generator = Generator<Int> { yield in
                        try yield(1)
                        try main.switch()
                    }
                    #expect(Array(generator) == [1])
                    isEnded = true
                }
                try asking.switch()
                try asking.throw()
                #expect(isEnded && asking.isDead)
            }
        }
        #expect(result?.standardErrorContent.isEmpty == true)
    }

    @Test func anErrorThatNobodyReadIsWrittenDown() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await onThread {
                let generator = Generator<Int> { _ in throw Refused() }
                for _ in generator {}
            }
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said.contains("a generator of Int ended with an error that nobody read: Refused()"))
    }

    @Test func theDefersOfADroppedGeneratorRun() async {
        await onThreadThatLeavesNothing {
            var events: [String] = []
            do {
                let generator = Generator<Int> { yield in
                    defer { events.append("defer") }
                    for number in 0... { try yield(number) }
                }
                #expect(generator.next() == 0)
            }
            _ = RawGreenlet {}
            #expect(events == ["defer"])
        }
    }

    @Test func yieldOutsideOfTheBodyIsRefused() async {
        await onThreadThatLeavesNothing {
            var kept: Generator<Int>.Yield?
            let generator = Generator<Int> { yield in
                kept = yield
                try yield(1)
            }
            #expect(generator.next() == 1)
            #expect(throws: GreenletError.self) { try kept?(2) }
            #expect(generator.next() == nil)
        }
    }
}
