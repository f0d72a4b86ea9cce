// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Stacks: counted, weighed, guarded in both ways, and given back, even by those who outlive their thread.

import CGreenletCore
import Foundation
import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct StackTests {
    @Test func statisticsCountAndWeighLiveAndPooledStacks() async {
        await onThread {
            let none = RawGreenlet.stackStatistics
            #expect(none.live == 0 && none.pooled == 0 && none.committedBytes == 0 && none.reservedBytes == 0)
            let main = RawGreenlet.current
            let greenlets = (0..<10).map { _ in RawGreenlet { try main.switch() } }
            for greenlet in greenlets { try greenlet.switch() }
            let busy = RawGreenlet.stackStatistics
            #expect(busy.live == 10 && busy.pooled == 0)
            #expect(busy.committedBytes >= 10 * pageSize && busy.committedBytes <= 10 * (48 << 10))
            #expect(busy.reservedBytes >= 10 * (260 << 10))
            let large = RawGreenlet(stackSize: 1 << 20) {
                touchStack(512 << 10)
                try main.switch()
            }
            try large.switch()
            let added = RawGreenlet.stackStatistics
            #expect(added.live == 11 && added.reservedBytes == busy.reservedBytes + 1 << 20 + 16 << 10)
            #expect(added.committedBytes >= busy.committedBytes + 512 << 10)
            try large.switch()
            for greenlet in greenlets { try greenlet.switch() }
            let idle = RawGreenlet.stackStatistics
            #expect(idle.live == 0 && idle.pooled == 10)
            #expect(idle.reservedBytes == busy.reservedBytes)
            #expect(idle.committedBytes >= 10 * pageSize)
        }
    }

    @Test func theHighWaterMarkIsTheDeepestPageThatWasTouched() async {
        await onThread {
            let main = RawGreenlet.current
            let greenlet = RawGreenlet(stackSize: 1 << 20) {
                touchStack(1 << 10)
                try main.switch()
                touchStack(300 << 10)
                try main.switch()
            }
            #expect(greenlet.stackHighWater == 0, "not started")
            try greenlet.switch()
            let shallow = greenlet.stackHighWater
            #expect(shallow > 0 && shallow <= 64 << 10 && shallow % pageSize == 0)
            try greenlet.switch()
            let deep = greenlet.stackHighWater
            #expect(deep >= 300 << 10 && deep <= 364 << 10)
            try greenlet.switch()
            #expect(greenlet.isDead && greenlet.stackHighWater == 0)
            #expect(main.stackHighWater == 0)
        }
    }

    @Test func theHighWaterMarkOfAPooledStackIsThatOfAllItsGreenlets() async {
        await onThread {
            let main = RawGreenlet.current
            // Two, for under a sanitizer a stack is used again only after the next one has come back.
            for _ in 0..<2 { try RawGreenlet { touchStack(100 << 10) }.switch() }
            let second = RawGreenlet { try main.switch() }
            try second.switch()
            #expect(second.stackHighWater >= 100 << 10)
            try second.switch()
        }
    }

    @Test func guardsByMprotectFaultAsWell() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            cgreenlet_use_mapped_guards(true)
            await onThread {
                let greenlet = RawGreenlet {
                    touchStack(200 << 10)
                    writeToStandardError("deep, and well")
                    touchStack(256 << 10)
                }
                try greenlet.switch()
            }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        #expect(errors.contains("deep, and well"))
        #expect(errors.contains("stack overflow in greenlet"))
    }

    @Test func aHandleThatOutlivesItsThreadIsRefusedByTheNextThread() async throws {
        for stackSize in [0, 1 << 20] {
            let left = Left()
            for _ in 0..<4 {
                runOnThreadAndWait { left.suspendOne(stackSize) }
                // The next thread mostly gets the same addresses: its record must not be taken for the old one's.
                runOnThreadAndWait {
                    _ = RawGreenlet.current
                    #expect(throws: GreenletError(.wrongThread, "")) { try RawGreenlet.switch(to: left.greenlet!) }
                }
                left.greenlet = nil
            }
        }
    }

    @Test(arguments: [0, 3 << 20])
    func stacksGoWithTheirThreadWhateverIsThrownThereAndWhoeverHasHandles(stackSize: Int) async {
        // In a process of its own: where others run, the addresses may be theirs right away.
        await #expect(processExitsWith: .success) { [stackSize] in
            let left = [Left(), Left()]
            runOnThreadAndWait {
                for each in left { each.suspendOne(stackSize) }
                precondition(left[0].isMapped && left[1].isMapped)
            }
            precondition(!left[0].isMapped && !left[1].isMapped)
            precondition(left.allSatisfy { $0.greenlet?.isDead == true })
        }
    }

    @Test(.enabled(if: sanitizer != "address", "the address sanitizer gives every thread one"))
    func theSignalStackOfAThreadGoesWithIt() async {
        // In a process of its own, as above.
        await #expect(processExitsWith: .success) {
            let box = Box()
            runOnThreadAndWait {
                _ = try? RawGreenlet {}.switch() as Any?
                box.low = cgreenlet_thread_current().pointee.alternate_stack
                box.wasMapped = isMapped(box.low)
            }
            precondition(box.wasMapped && !isMapped(box.low))
        }
    }

    @Test func theParentOfAGreenletIsLetGoWithItsThread() async throws {
        final class Watched {}
        weak var watched: Watched?
        let left = Left()
        do {
            let object = Watched()
            watched = object
            let carried = Carrier(object)
            runOnThreadAndWait {
                let main = RawGreenlet.current
                let parent = RawGreenlet { [object = carried.object] in _ = object }
                left.greenlet = RawGreenlet(parent: parent) { _ = try? main.switch() as Any? }
                _ = try? left.greenlet?.switch() as Any?
            }
        }
        #expect(watched == nil && left.greenlet?.isDead == true)
    }

    @Test(.enabled(if: sanitizer == "address", "only the address sanitizer sees it"))
    func aPointerThatOutlivesItsGreenletIsFound() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await onThread {
                // Not a local variable's: the sanitizer keeps those of a greenlet elsewhere.
                var place: UInt = 0
                try RawGreenlet { place = cgreenlet_stack_address() }.switch()
                writeToStandardError("\(UnsafePointer<UInt8>(bitPattern: place)?.pointee ?? 0)")
            }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        #expect(errors.contains("AddressSanitizer: use-after-poison"), "\(errors)")
    }
}

private let pageSize = sysconf(Int32(_SC_PAGESIZE))

/// Touches `bytes` of the stack that it is called on, page by page, downwards.
@inline(never)
private func touchStack(_ bytes: Int) { touchStack(downTo: cgreenlet_stack_address() - UInt(bytes)) }

@inline(never) @_optimize(none)
private func touchStack(downTo limit: UInt) {
    if cgreenlet_stack_address() > limit { touchStack(downTo: limit) }
}

/// Whether this process has a page there.
private func isMapped(_ page: UnsafeMutablePointer<CChar>?) -> Bool {
    var resident: UInt8 = 0
    return page != nil && mincore(page, pageSize, &resident) == 0
}

/// Safe because one thread at a time has it.
private final class Box: @unchecked Sendable {
    var low: UnsafeMutablePointer<CChar>?
    var wasMapped = false
}

/// Safe because one thread at a time has it.
private final class Left: @unchecked Sendable {
    var greenlet: RawGreenlet?
    private var low: UnsafeMutablePointer<CChar>?

    /// Whether its stack is still there.
    var isMapped: Bool { GreenletCoreTests.isMapped(low) }

    func suspendOne(_ stackSize: Int) {
        let main = RawGreenlet.current
        greenlet = RawGreenlet(stackSize: stackSize) {
            self.low = GreenletThread.current.running.pointee.stack_low
            while true { _ = try? main.switch() as Any? }  // whatever is thrown at it
        }
        _ = try? greenlet?.switch() as Any?
    }
}

/// Safe because one thread at a time has it.
private struct Carrier<Value>: @unchecked Sendable {
    let object: Value
    init(_ object: Value) { self.object = object }
}
