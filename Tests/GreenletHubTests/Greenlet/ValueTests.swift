// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a greenlet keeps until somebody fetches it, and the order in which those who wait for it go on.

import GreenletHub
import GreenletTestSupport
import Testing

@Suite struct ValueTests {
    /// Counts those that are alive.
    private final class Counted {
        nonisolated(unsafe) static var alive = 0  // Safe because one test alone uses it, on one thread.
        init() { Counted.alive += 1 }
        deinit { Counted.alive -= 1 }
    }

    private struct Large: Equatable {
        var words = (1...4).map { $0 }
        var number = 0.5
        var text = "a text that has memory of its own"
    }

    @Test func valuesOfAnySizeAreKeptAndEndedOnce() async {
        await onHub {
            func check(_ makeMany: Bool) throws {
                let one = spawn { Counted() }
                let many = spawn { makeMany ? (Counted(), Counted(), Counted(), 7) : nil }
                try joinAll([one as AnyGreenlet, many])
                #expect(Counted.alive == (makeMany ? 4 : 1))
                #expect(one.value === one.value && (many.value ?? nil)?.3 == (makeMany ? 7 : nil))
                _ = try one.get()
            }
            try check(true)
            #expect(Counted.alive == 0)
            try check(false)
            #expect(Counted.alive == 0)
            #expect(try spawn { Large() }.get() == Large())
            #expect(try spawn { SIMD4<Float>(1, 2, 3, 4) }.get() == SIMD4<Float>(1, 2, 3, 4))
            #expect(try spawn { Optional<Int>.none }.get() == nil)
        }
    }

    @Test func joinersGoOnInTheOrderTheyCameEvenIfTheFirstGivesUp() async {
        await onHub {
            var order: [Int] = []
            let target = spawn { try sleep(.milliseconds(30)) }
            func joiner(_ number: Int, timeout: Duration? = nil) -> Greenlet<Void> {
                spawn { if try target.join(timeout: timeout) { order.append(number) } }
            }
            let first = joiner(1, timeout: .milliseconds(5))
            let others = [joiner(2), joiner(3)]
            try first.join()
            let late = joiner(4)
            try joinAll(others + [late])
            #expect(order == [2, 3, 4])
        }
    }

    @Test func joinAndJoinAllStandInOneLine() async {
        await onHub {
            var order: [Int] = []
            let target = spawn { try sleep(.milliseconds(5)) }
            let waiters = (0..<6).map { number in
                spawn {
                    if number.isMultiple(of: 2) { try target.join() } else { try joinAll([target]) }
                    order.append(number)
                }
            }
            try joinAll(waiters)
            #expect(order == Array(0..<6))
        }
    }

    @Test func aKilledJoinerLeavesItsPlace() async {
        await onHub {
            let target = spawn { try sleep(.milliseconds(20)) }
            let first = spawn { try target.join() }
            try yieldNow()
            try first.kill()
            let second = spawn { try target.join() }
            #expect(try second.get())
        }
    }
}
