// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Finds the words that the Swift runtime keeps per thread, by holding each thing open and watching what changes.

import CGreenletCore
import Glibc
import Observation

/// Calibration: which words of the runtime's thread-local blocks follow the greenlet.
///
/// Offsets differ between the dynamic and the static standard library and between releases, so nothing is assumed:
/// each state is opened and closed, and a word is believed only if it alone took the value that it must. What isn't
/// found stays with the thread; for exclusivity there is a second way, see `cgreenlet_switch_carefully`.
package enum RuntimeWords {
    /// Runs once for the process; later reads cost one check.
    static let calibrated: Void = { _ = calibrate() }()

    /// On this thread, if its words are in their first state; else on one of its own, where nothing else happens.
    ///
    /// Not always on one of its own: once a process has had a second thread, the C library takes locks and atomic
    /// operations in malloc, stdio and each call that may block, and never stops doing so.
    ///
    /// - Returns: Whether this thread was enough.
    @discardableResult
    package static func calibrate() -> Bool {
        calibrateThisThread()
        if (0..<Int32(CGREENLET_WORDS)).allSatisfy(cgreenlet_knows_word) { return true }
        cgreenlet_forget_word(-1)
        var thread = pthread_t()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
            RuntimeWords.calibrateThisThread()
            return nil
        }
        if pthread_create(&thread, nil, body, nil) == 0 { pthread_join(thread, nil) }
        return false
    }

    /// With signals blocked: for moments there are words in this thread that only the runtime's answers give a meaning,
    /// and with the static standard library they stand among the program's own.
    private static func calibrateThisThread() {
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        findExclusivity()
        findTaskLocals()
        findCurrentTask()
        findExecutorTracking()
        findObservation()
    }

    /// The head of the list of open accesses must point to the one that was opened last.
    private static func findExclusivity() {
        let variable = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        let buffer = UnsafeMutablePointer<UInt>.allocate(capacity: 4)
        buffer.initialize(repeating: 0, count: 4)
        let before = Snapshot(CGREENLET_LIBRARY_CORE)
        cgreenlet_begin_access(variable, buffer)
        let open = Snapshot(CGREENLET_LIBRARY_CORE)
        cgreenlet_end_access(buffer)
        let after = Snapshot(CGREENLET_LIBRARY_CORE)
        let head = UInt(bitPattern: buffer)
        remember(CGREENLET_WORD_EXCLUSIVITY, in: CGREENLET_LIBRARY_CORE, among: before.count) { word in
            before[word] == 0 && open[word] == head && after[word] == 0
        }
        buffer.deallocate()
        variable.deallocate()
    }

    /// The word must lead to a box whose content changes with each binding, the inner one leading to the outer one.
    private static func findTaskLocals() {
        let library = CGREENLET_LIBRARY_CONCURRENCY
        let local = TaskLocal(wrappedValue: 0)
        let before = Snapshot(library)
        var leads: [Int] = []
        local.withValue(1) {
            let outer = Snapshot(library)
            // Only what was zero and has become a pointer is read through.
            let candidates = (0..<before.count).filter { before[$0] == 0 && looksLikePointer(outer[$0]) }
            let outerBindings = candidates.map { word(at: outer[$0]) }
            local.withValue(2) {
                let inner = Snapshot(library)
                let tagBits: UInt = 7
                for (candidate, outerBinding) in zip(candidates, outerBindings) {
                    let innerBinding = word(at: inner[candidate])
                    if looksLikePointer(outerBinding), looksLikePointer(innerBinding), innerBinding != outerBinding,
                        word(at: innerBinding) & ~tagBits == outerBinding
                    {
                        leads.append(candidate)
                    }
                }
            }
        }
        let after = Snapshot(library)
        remember(CGREENLET_WORD_TASK_LOCALS, in: library, among: before.count) { word in
            leads.contains(word) && after[word] == 0
        }
    }

    private static func word(at address: UInt) -> UInt { UnsafePointer<UInt>(bitPattern: address)?.pointee ?? 0 }

    /// The runtime must answer with whatever stands in the word.
    private static func findCurrentTask() {
        let library = CGREENLET_LIBRARY_CONCURRENCY
        let before = Snapshot(library)
        let sentinel: UInt = 0x5_1f7_0c00
        remember(CGREENLET_WORD_TASK, in: library, among: before.count) { word in
            guard before[word] == 0 else { return false }
            cgreenlet_poke(library, word, sentinel)
            let answer = UInt(bitPattern: cgreenlet_runtime_task())
            cgreenlet_poke(library, word, 0)
            return answer == sentinel
        }
    }

    /// While a job runs, the record of its executor lies on this very stack; no other word may point there.
    private static func findExecutorTracking() {
        findPointerToStack(CGREENLET_WORD_EXECUTOR, in: CGREENLET_LIBRARY_CONCURRENCY) { look in
            // Safe because the task runs here and now, up to its end, before `immediate` returns.
            nonisolated(unsafe) let look = look
            _ = Task.immediate { look() }
        }
    }

    /// While accesses are tracked, the list that takes them down lies on this very stack.
    private static func findObservation() {
        findPointerToStack(CGREENLET_WORD_OBSERVATION, in: CGREENLET_LIBRARY_OBSERVATION) { look in
            withObservationTracking(look, onChange: {})
        }
    }

    /// Finds the word that points to the stack while `during` calls its argument, and is zero before and afterwards.
    private static func findPointerToStack(
        _ which: some BinaryInteger,
        in library: cgreenlet_library,
        during: (@escaping () -> Void) -> Void
    ) {
        let before = Snapshot(library)
        var inside = before
        during { inside = Snapshot(library) }
        let after = Snapshot(library)
        let here = cgreenlet_stack_address()
        let reach: UInt = 64 * 1024
        remember(which, in: library, among: before.count) { word in
            before[word] == 0 && after[word] == 0 && inside[word] > here &- reach && inside[word] < here &+ reach
        }
    }

    private static func looksLikePointer(_ word: UInt) -> Bool { word > 0xffff && word & 7 == 0 }

    /// Believes a word only if it is the only one that fits.
    private static func remember(
        _ which: some BinaryInteger,
        in library: cgreenlet_library,
        among count: Int,
        where fits: (Int) -> Bool
    ) {
        let found = (0..<count).filter(fits)
        guard let word = found.first, found.count == 1 else { return }
        cgreenlet_found_word(Int32(which), library, word)
    }
}

/// A copy of a runtime library's thread-local block.
private struct Snapshot {
    private let words: [UInt]

    init(_ library: cgreenlet_library) {
        let raw = UnsafeMutablePointer<cgreenlet_snapshot>.allocate(capacity: 1)
        defer { raw.deallocate() }
        cgreenlet_take_snapshot(library, raw)
        let count = raw.pointee.count
        words = withUnsafeBytes(of: &raw.pointee.words) { bytes in
            Array(bytes.bindMemory(to: UInt.self).prefix(count))
        }
    }

    var count: Int { words.count }

    subscript(_ word: Int) -> UInt { word < words.count ? words[word] : 0 }
}
