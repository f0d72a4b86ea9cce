// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A stack that is used up is reported; every other fault goes where it would have gone. Each in a process of its own.

import CGreenletCore
import Foundation
import GreenletCore
import GreenletTestSupport
import Testing

@Suite struct OverflowTests {
    @Test func recursionIsReportedWithTheGreenletItsStackAndItsBacktrace() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            await onThread {
                let greenlet = RawGreenlet { overflowTheStack() }
                let id = String(UInt(bitPattern: ObjectIdentifier(greenlet)), radix: 16)
                writeToStandardError("id=0x\(id)")
                try greenlet.switch()
            }
        }
        let errors = try text(result?.standardErrorContent)
        let id = try #require(errors.firstMatch(of: #/id=(0x[0-9a-f]+)/#)).output.1
        #expect(errors.contains("stack overflow in greenlet \(id) (context 0x"))
        #expect(errors.contains("all 249856 bytes of its stack are used up"))
        #expect(errors.contains("create it with a larger stackSize"))
        #expect(errors.contains("overflowTheStack"), "the body, among the outermost frames: \(errors)")
        #expect(errors.contains("descend"), "what ran round: \(errors)")
        #expect(errors.contains(#/  \.\.\. [0-9]+ more/#))
        #expect(errors.split(separator: "\n").count(where: { $0.hasPrefix("  #") }) == 24 + 12)
        // The last frame, mangled. Where a sanitizer watches, there is one more.
        #expect(errors.contains(sanitizer == nil ? "rawA5Entry" : "careful_entry"), "\(errors)")
    }

    #if arch(x86_64)
    @Test func codeWithoutFramePointersIsShownWithWhoeverCalledIt() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            await onThread { try RawGreenlet { touchTheGuard(by: try writerWithoutFramePointer()) }.switch() }
        }
        let errors = try text(result?.standardErrorContent)
        #expect(errors.contains("stack overflow in greenlet"))
        // Far from the stack's low end: the chain is looked for where the stack pointer is.
        let frames = errors.split(separator: "\n").filter { $0.hasPrefix("  #") }
        #expect(frames.dropFirst().first?.contains("touchTheGuard") == true, "\(errors)")
        #expect(frames.last?.contains(sanitizer == nil ? "rawA5Entry" : "careful_entry") == true, "\(errors)")
    }
    #endif

    @Test func aStackOfItsOwnSizeIsReportedWithThatSize() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            await onThread {
                let bystander = RawGreenlet(stackSize: 2 << 20) { try RawGreenlet.current.parent?.switch() }
                try bystander.switch()
                try RawGreenlet(stackSize: 1 << 20) { overflowTheStack() }.switch()
            }
        }
        #expect(try text(result?.standardErrorContent).contains("all 1048576 bytes of its stack are used up"))
    }

    @Test func theMainThreadAndAThirdOneAreWatchedToo() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            await onThread { try RawGreenlet {}.switch() }
            await onThread { try RawGreenlet {}.switch() }
            await onThread { try RawGreenlet { overflowTheStack() }.switch() }
        }
        #expect(try text(result?.standardErrorContent).contains(", thread 3): all "))
        let onMain = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            await MainActor.run { _ = try? RawGreenlet { overflowTheStack() }.switch() as Any? }
        }
        #expect(try text(onMain?.standardErrorContent).contains(", thread 1): all "))
    }

    @Test func anEarlierHandlerGetsEveryOtherFault() async {
        await #expect(processExitsWith: .exitCode(7)) {
            handle(SIGSEGV) { _, info, _ in _exit(info?.pointee._sifields._sigfault.si_addr == nowhere ? 7 : 8) }
            await onThread { try RawGreenlet { writeNowhere() }.switch() }
        }
    }

    @Test func anEarlierHandlerOfThePlainKindDoesToo() async {
        await #expect(processExitsWith: .exitCode(9)) {
            signal(SIGSEGV) { number in _exit(number == SIGSEGV ? 9 : 10) }
            await onThread { try RawGreenlet { writeNowhere() }.switch() }
        }
    }

    @Test(.enabled(if: sanitizer == nil, "a sanitizer has a handler of its own"))
    func withoutAnEarlierHandlerAnotherFaultEndsTheProcessInSilence() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            signal(SIGSEGV, SIG_DFL)
            await onThread { try RawGreenlet { writeNowhere() }.switch() }
        }
        #expect(try !text(result?.standardErrorContent).contains("greenlet:"))
    }

    @Test func aStrayPointerIntoAnotherGreenletsGuardIsNoOverflow() async {
        await #expect(processExitsWith: .exitCode(7)) {
            handle(SIGSEGV) { _, _, _ in _exit(7) }
            await onThread {
                let main = RawGreenlet.current
                var low: UnsafeMutablePointer<CChar>?
                let victim = RawGreenlet {
                    low = GreenletThread.current.running.pointee.stack_low
                    try main.switch()
                }
                try victim.switch()
                low?.advanced(by: -1).pointee = 1
            }
        }
    }

    @Test func aSignalThatWasSentDoesWhatItDidBefore() async {
        await #expect(processExitsWith: .success) {
            signal(SIGSEGV, SIG_IGN)
            await onThread { try RawGreenlet { raise(SIGSEGV) }.switch() }
        }
        await #expect(processExitsWith: .signal(SIGBUS)) {
            signal(SIGBUS, SIG_DFL)
            await onThread { try RawGreenlet { raise(SIGBUS) }.switch() }
        }
    }
}

/// The sanitizer that the tests run under, if any.
let sanitizer = ProcessInfo.processInfo.environment["GREENLET_TEST_SANITIZER"]

/// Safe because nobody reads or writes there with success.
nonisolated(unsafe) private let nowhere = UnsafeMutableRawPointer(bitPattern: 64)

@inline(never)
private func writeNowhere() { nowhere?.assumingMemoryBound(to: Int.self).pointee = 1 }

@inline(never) @_optimize(none)
private func overflowTheStack() { _ = descend(0) }

// Not optimised, or it becomes a loop.
@inline(never) @_optimize(none)
private func descend(_ depth: Int) -> Int { depth < 0 ? depth : descend(depth + 1) + 1 }

#if arch(x86_64)
private typealias Writer = @convention(c) (UnsafeMutableRawPointer?) -> Void

/// A function that writes where it is told, and uses the frame pointer for something else meanwhile.
private func writerWithoutFramePointer() throws -> Writer {
    let code: [UInt8] = [
        0x55,  // push %rbp
        0x48, 0xC7, 0xC5, 0x10, 0, 0, 0,  // mov $16, %rbp
        0x48, 0x89, 0x2F,  // mov %rbp, (%rdi)
        0x5D,  // pop %rbp
        0xC3,  // ret
    ]
    let page = try #require(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    page.copyMemory(from: code, byteCount: code.count)
    try #require(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0)
    return unsafeBitCast(page, to: Writer.self)
}

@inline(never) @_optimize(none)
private func touchTheGuard(by writer: Writer) {
    writer(GreenletThread.current.running.pointee.stack_low.map { $0 - 8 })
}
#endif

private func handle(
    _ number: CInt,
    by action: @escaping @convention(c) (CInt, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void
) {
    var new = sigaction()
    new.__sigaction_handler.sa_sigaction = action
    new.sa_flags = SA_SIGINFO
    sigaction(number, &new, nil)
}

private func text(_ bytes: [UInt8]?) throws -> String { String(decoding: try #require(bytes), as: UTF8.self) }
