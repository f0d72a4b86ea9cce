// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Finds the words that the Swift runtime keeps per thread, by holding each thing open and watching what changes.

import CGreenletCore
import Glibc
import Observation

/// Calibration: which words of the runtime's thread-local blocks follow the greenlet.
///
/// Offsets differ between the dynamic and the static standard library and between releases, so nothing is assumed:
/// each state is opened and closed, and a word is believed only if it alone took the value that it must. For what isn't
/// found there is a second way, see `cgreenlet_set_aside`.
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
        let block = Block(holding: CGREENLET_WORD_EXCLUSIVITY)
        let before = block.copy()
        cgreenlet_begin_access(variable, buffer)
        let open = block.copy()
        cgreenlet_end_access(buffer)
        let after = block.copy()
        let head = UInt(bitPattern: buffer)
        remember(CGREENLET_WORD_EXCLUSIVITY, among: before.indices) { word in
            before[word] == 0 && open[word] == head && after[word] == 0
        }
        buffer.deallocate()
        variable.deallocate()
    }

    /// The word must lead to a box whose content changes with each binding, the inner one leading to the outer one.
    private static func findTaskLocals() {
        let block = Block(holding: CGREENLET_WORD_TASK_LOCALS)
        let local = TaskLocal(wrappedValue: 0)
        let before = block.copy()
        var leads: [Int] = []
        local.withValue(1) {
            let outer = block.copy()
            // Only what was zero and has become a pointer is read through.
            let candidates = before.indices.filter { before[$0] == 0 && looksLikePointer(outer[$0]) }
            let outerBindings = candidates.map { word(at: outer[$0]) }
            local.withValue(2) {
                let inner = block.copy()
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
        let after = block.copy()
        remember(CGREENLET_WORD_TASK_LOCALS, among: before.indices) { word in
            leads.contains(word) && after[word] == 0
        }
    }

    private static func word(at address: UInt) -> UInt { UnsafePointer<UInt>(bitPattern: address)?.pointee ?? 0 }

    /// The runtime must answer with whatever stands in the word.
    ///
    /// Safe because a block without an address has no indices.
    private static func findCurrentTask() {
        let block = Block(holding: CGREENLET_WORD_TASK)
        remember(CGREENLET_WORD_TASK, among: block.words.indices) { word in
            block.words[word] == 0 && cgreenlet_leads_to_task(block.words.baseAddress! + word)
        }
    }

    /// While a job runs, the record of its executor lies on this very stack; no other word may point there.
    private static func findExecutorTracking() {
        findPointerToStack(CGREENLET_WORD_EXECUTOR) { look in
            // Safe because the task runs here and now, up to its end, before `immediate` returns.
            nonisolated(unsafe) let look = look
            _ = Task.immediate { look() }
        }
    }

    /// While accesses are tracked, the list that takes them down lies on this very stack.
    private static func findObservation() {
        findPointerToStack(CGREENLET_WORD_OBSERVATION) { look in
            withObservationTracking(look, onChange: {})
        }
    }

    /// Finds the word that points to the stack while `during` calls its argument, and is zero before and afterwards.
    private static func findPointerToStack(_ which: some BinaryInteger, during: (@escaping () -> Void) -> Void) {
        let block = Block(holding: which)
        let before = block.copy()
        var inside = before
        during { inside = block.copy() }
        let after = block.copy()
        let here = cgreenlet_stack_address()
        let reach: UInt = 64 * 1024
        remember(which, among: before.indices) { word in
            before[word] == 0 && after[word] == 0 && inside[word] > here &- reach && inside[word] < here &+ reach
        }
    }

    private static func looksLikePointer(_ word: UInt) -> Bool { word > 0xffff && word & 7 == 0 }

    /// Believes a word only if it is the only one that fits.
    private static func remember(_ which: some BinaryInteger, among words: Range<Int>, where fits: (Int) -> Bool) {
        let found = words.filter(fits)
        guard let word = found.first, found.count == 1 else { return }
        cgreenlet_found_word(Int32(which), word)
    }
}

/// This thread's block of the library that a word belongs to; with the static standard library, all of the program's.
private struct Block {
    let words: UnsafeMutableBufferPointer<UInt>

    init(holding which: some BinaryInteger) {
        let block = cgreenlet_find_block(cgreenlet_library_of(Int32(which)))
        words = UnsafeMutableBufferPointer(start: block.words, count: block.count)
    }

    func copy() -> [UInt] { Array(words) }
}
