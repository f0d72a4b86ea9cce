// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A runtime whose words aren't found, each alone and all together: what follows all the same, and what is said if not.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletTestSupport
import Testing

/// The words by their numbers, and all of them.
private let words = -1..<Int32(CGREENLET_WORDS)

/// Finds the words, and forgets one of them, or all with -1, for the threads that are started afterwards.
private func forget(_ word: Int32) async {
    await onThread { _ = RawGreenlet.current }
    cgreenlet_forget_word(word)
}

/// What the runtime keeps for the calling thread, but for the accesses.
private func keptWords() -> [UInt] {
    [CGREENLET_LIBRARY_CONCURRENCY, CGREENLET_LIBRARY_OBSERVATION].flatMap { library in
        let block = cgreenlet_find_block(library)
        return Array(UnsafeBufferPointer(start: block.words, count: block.count))
    }
}

@Suite struct RuntimeFallbackTests {
    @Test(arguments: words)
    func everythingFollowsWithoutAWord(_ word: Int32) async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) { [word] in
            await forget(word)
            await onThread(limit: .seconds(300)) {
                _ = RawGreenlet.current
                #expect(cgreenlet_thread_current().pointee.careful)
                // All of it once, and a sample for each.
                try runEveryInterleaving(stride: word < 0 ? usualStride : sampleStride)
                try shareVariablesInEveryOrder()
                try observeInEveryOrder()
                try runTasksInEveryOrder()
                // Nothing that leads anywhere: flags at most, which say that a library has been used.
                #expect(keptWords().allSatisfy { $0 <= 1 })
            }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        #expect(!errors.contains("swift-greenlet:"), "\(errors)")
    }

    @Test func overlappingAccessesWithinOneGreenletStillTrapWithoutTheWords() async throws {
        let result = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
            await forget(-1)
            await onThread {
                let main = RawGreenlet.current
                let box = HeldBox()
                let greenlet = RawGreenlet {
                    try holding(&box.field) {
                        try main.switch()
                        holding(&box.field) {}
                    }
                }
                for _ in 1...2 { try greenlet.switch() }
            }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        #expect(errors.contains("Simultaneous accesses"), "\(errors)")
    }

    /// The last resort: the accesses follow by the runtime's functions, and a program is told of the rest.
    @Test func whatStaysWithTheThreadIsSaidOnce() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await forget(-1)
            cgreenlet_take_blocks_for_shared()
            for _ in 1...2 { await onThread { try shareVariablesInEveryOrder() } }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        let reports = errors.split(separator: "\n").filter { $0.hasPrefix("swift-greenlet:") }
        let report = try #require(reports.first)
        #expect(reports.count == 1)
        for name in ["task-local bindings", "current task", "executor", "observed"] {
            #expect(report.contains(name), "\(report)")
        }
        #expect(!report.contains("accesses"), "\(report)")
    }

    @Test func onlyWhatIsLackingIsNamed() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            await forget(Int32(CGREENLET_WORD_OBSERVATION))
            cgreenlet_take_blocks_for_shared()
            await onThread { try runEveryInterleaving(stride: sampleStride) }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        let report = try #require(errors.split(separator: "\n").first { $0.hasPrefix("swift-greenlet:") })
        #expect(report.contains("withObservationTracking") && !report.contains("withValue"), "\(report)")
    }
}
