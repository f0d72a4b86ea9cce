// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Greenlets that take turns on one or two stacks: nobody finds another's bytes there, whatever they do meanwhile.

import CGreenletCore
import Glibc
import GreenletCore
import GreenletHub
import GreenletTestSupport
import Testing

private enum Locals {
    @TaskLocal static var number = 0
}

private final class Box {
    var field = 0
}

/// What went wrong, and who got how far.
private final class Findings {
    var complaints: [String] = []
    var canaries = 0
    var ended = 0
    var killed = 0

    func expect(_ holds: Bool, _ complaint: @autoclosure () -> String) {
        if !holds && complaints.count < 20 { complaints.append(complaint()) }
    }
}

/// Fills a frame at each depth, runs `leaf` at the bottom, and looks into each frame on the way back.
@inline(never) @_optimize(none)
private func nest(_ depth: Int, _ seed: UInt64, _ findings: Findings, _ leaf: () throws -> Void) rethrows {
    var canary = (seed, ~seed, seed &* 3, seed &+ UInt64(depth), seed ^ 0xaaaa_5555_aaaa_5555, ~(seed &* 7))
    let address = withUnsafePointer(to: &canary) { UInt(bitPattern: $0) }
    defer {
        let there = withUnsafePointer(to: &canary) { UInt(bitPattern: $0) }
        let expected = (seed, ~seed, seed &* 3, seed &+ UInt64(depth), seed ^ 0xaaaa_5555_aaaa_5555, ~(seed &* 7))
        findings.canaries += 1
        findings.expect(canary == expected, "a frame of \(seed), \(depth) deep, is not what it was")
        findings.expect(there == address, "a frame of \(seed) has moved")
    }
    if depth == 0 { try leaf() } else { try nest(depth - 1, seed &+ 1, findings, leaf) }
}

@inline(never)
private func holding(_ value: inout Int, _ body: () throws -> Void) rethrows {
    value += 1
    try body()
    value += 1
}

/// Greenlets that sleep, yield, hand over, time out, start and kill each other, each in frames of random depth.
private final class Crowd {
    var random: SeededRandom
    let findings = Findings()
    let queue = Queue<Int>(capacity: 2)
    var members: [Greenlet<Void>] = []

    init(_ random: SeededRandom) { self.random = random }

    func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    func nap() -> Duration { .microseconds(number(0..<300)) }

    func live(_ id: Int, rounds: Int) {
        let box = Box()
        do {
            try Locals.$number.withValue(id) {
                for _ in 0..<rounds {
                    errno = CInt(id)
                    try nest(number(0..<40), random.next(), findings) {
                        try holding(&box.field) { try act() }
                    }
                    findings.expect(Locals.number == id, "greenlet \(id) found the task-local of \(Locals.number)")
                }
            }
            findings.ended += 1
        } catch is GreenletExit {
            findings.killed += 1
        } catch {
            findings.expect(false, "greenlet \(id) ended with \(error)")
        }
        findings.expect(Locals.number == 0, "greenlet \(id) kept a task-local")
    }

    private func act() throws {
        let before = errno
        switch number(0..<10) {
        case 0, 1, 2:
            try sleep(nap())
            findings.expect(errno == before, "errno was \(before), and is \(errno)")
        case 3, 4: try yieldNow()
        case 5:
            let length = Duration.microseconds(number(100..<600))
            do { try withTimeout(nap()) { try sleep(length) } } catch is Timeout {}
        case 6:
            let child = spawn { [findings] in
                try nest(3, 77, findings) { try sleep(.microseconds(50)) }
                return 7
            }
            findings.expect(try child.get() == 7, "a child's value is another's")
        case 7:
            let sender = spawn { [queue] in do { try queue.put(1, timeout: .milliseconds(2)) } catch is Timeout {} }
            do { _ = try queue.get(timeout: .milliseconds(2)) } catch is Timeout {}
            try sender.join()
        case 8:
            // Free stacks and vacant berths go, and come back as the stacks of others.
            if number(0..<10) == 0 { RawGreenlet.trimStacks() }
            Hub.current.stacks = number(0..<4) == 0 ? .own : .shared
        default:
            if number(0..<20) == 0 { _ = try members[number(0..<members.count)].kill(wait: false) }
        }
    }
}

/// Under a sanitizer all have stacks of their own, and these would prove nothing.
@Suite(.enabled(if: !isSanitized, "a sanitizer gives each greenlet a stack of its own"))
struct SharedStackTests {
    @Test(arguments: [1, 2, 64])
    func nobodyFindsAnothersBytes(berths: Int) async {
        let random = SeededRandom(for: "SharedStackTests, \(berths) stacks")
        await onHub {
            Hub.current.shareStacks(among: berths)
            let crowd = Crowd(random)
            crowd.members = (1...200).map { id in spawn { crowd.live(id, rounds: 60) } }
            try joinAll(crowd.members)
            crowd.members = []
            // Whoever was killed before its turn never ran.
            let found = crowd.findings
            #expect(found.complaints.isEmpty, "seed \(random.seed): \(found.complaints)")
            #expect(found.ended > 10 && found.killed > 10 && found.canaries > 50_000, "seed \(random.seed)")
            #expect(found.ended + found.killed <= 200, "seed \(random.seed)")
        }
    }

    @Test func fewGreenletsHaveABerthEachAndManyShare() async {
        await onHub {
            Hub.current.shareStacks(among: 2)
            var lows: [UnsafeMutablePointer<CChar>?] = []
            let greenlets = (0..<4).map { _ in
                spawn {
                    lows.append(GreenletThread.current.running.pointee.stack_low)
                    try sleep(.milliseconds(1))
                }
            }
            try joinAll(greenlets)
            #expect(lows.count == 4 && lows[0] != lows[1] && Set(lows).count == 2)
            Hub.current.stacks = .own
            try spawn { #expect(!lows.contains(GreenletThread.current.running.pointee.stack_low)) }.join()
        }
    }

    @Test func oneByOneTheyAllHaveTheSameStack() async {
        await onHub {
            Hub.current.shareStacks(among: 64)
            var lows: Set<UnsafeMutablePointer<CChar>?> = []
            for _ in 0..<20 { try spawn { _ = lows.insert(GreenletThread.current.running.pointee.stack_low) }.join() }
            #expect(lows.count <= 2)
        }
    }

    @Test func killsArriveAndDefersRunAlsoWhenTheThreadEnds() async {
        await onHub {
            Hub.current.shareStacks(among: 1)
            let findings = Findings()
            let event = Event()
            func waitFor(_ event: Event) -> Greenlet<Void> {
                spawn {
                    defer { findings.ended += 1 }
                    try nest(10, 5, findings) { _ = try event.wait() }
                }
            }
            let greenlets = (0..<10).map { _ in waitFor(event) }
            try settle()
            try killAll(greenlets)
            #expect(findings.ended == 10 && findings.canaries == 110)
        }
        final class Ends: @unchecked Sendable {
            // Safe because the thread that writes has ended before the test reads.
            var count = 0
            let findings = Findings()
        }
        await onThread {
            let ends = Ends()
            runOnThreadAndWait {
                Hub.current.shareStacks(among: 1)
                for _ in 0..<5 {
                    spawn {
                        defer { ends.count += 1 }
                        try nest(4, 9, ends.findings) { try sleep(.seconds(100)) }
                    }
                }
                try? sleep(.milliseconds(1))
            }
            #expect(ends.count == 5 && ends.findings.canaries == 25 && ends.findings.complaints.isEmpty)
        }
    }

    @Test func oneThatWillNotEndWithItsThreadTakesNothingAlong() async {
        await onThread {
            runOnThreadAndWait {
                Hub.current.shareStacks(among: 1)
                let stubborn = spawn {
                    while true { do { try sleep(.seconds(100)) } catch { try? sleep(.seconds(100)) } }
                }
                let other = spawn { try sleep(.seconds(100)) }
                try? sleep(.milliseconds(1))
                withExtendedLifetime((stubborn, other)) {}
            }
        }
    }

    @Test func rawGreenletsAndThoseOfCSwitchWithThemByHand() async {
        await onHub {
            Hub.current.shareStacks(among: 1)
            let findings = Findings()
            let event = Event()
            var inside: RawGreenlet?
            let first = spawn {
                try nest(6, 11, findings) {
                    inside = RawGreenlet.current
                    let value =
                        try RawGreenlet { _ in
                            let child = try nestAndWait(event, findings)
                            return child + 1
                        }.switch() as? Int
                    findings.expect(value == 42, "a raw greenlet returned \(String(describing: value))")
                }
            }
            let others = (0..<5).map { number in
                spawn { try nest(number, 12, findings) { try sleep(.microseconds(100)) } }
            }
            try settle()
            let raw = try #require(inside)
            #expect(raw.isActive)
            event.set()
            try joinAll([first] + others)
            #expect(findings.complaints.isEmpty, "\(findings.complaints)")
            #expect(raw.isDead)
        }
    }

    @Test func theBacktraceOfOneThatIsPackedIsReadFromItsSavedBytes() async {
        await onHub {
            Hub.current.shareStacks(among: 1)
            let event = Event()
            var handle: RawGreenlet?
            let packed = spawn {
                handle = RawGreenlet.current
                try waitInTheAttic(event)
            }
            try settle()
            let other = spawn { try sleep(.milliseconds(1)) }
            try settle()
            let greenlet = try #require(handle)
            let symbols = greenlet.backtrace().compactMap(\.symbol)
            #expect(symbols.contains { $0.contains("waitInTheAttic") }, "\(symbols)")
            #expect(symbols.contains { $0.contains("greenletEntry") }, "\(symbols)")
            #expect(greenlet.stackHighWater > 0)
            #expect(RawGreenlet.stackStatistics.live >= 2)
            try other.join()
            event.set()
            try packed.join()
        }
    }

    @Test func anOverflowNamesTheOneWhoseTurnItIs() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            await onHub {
                Hub.current.shareStacks(among: 1)
                let waiting = spawn { try sleep(.seconds(1)) }
                try settle()
                let sinner = spawn {
                    let context = String(UInt(bitPattern: GreenletThread.current.running), radix: 16)
                    writeToStandardError("sinner=0x\(context)")
                    _ = descend(0)
                }
                try joinAll([waiting, sinner])
            }
        }
        let errors = String(decoding: try #require(result?.standardErrorContent), as: UTF8.self)
        let context = try #require(errors.firstMatch(of: #/sinner=(0x[0-9a-f]+)/#)).output.1
        #expect(errors.contains("(context \(context), thread"), "\(errors)")
        #expect(errors.contains("descend"))
    }

    @Test func sleepersTakeHardlyMoreThanTheirFrames() async {
        await onHub {
            Hub.current.stacks = .shared
            let count = 100_000
            let before = residentBytes()
            let sleepers = (0..<count).map { _ in spawn { try sleep(.seconds(20)) } }
            try yieldNow()
            let each = (residentBytes() - before) / count
            // Frames that aren't optimised take four times as much.
            let limit = _isDebugAssertConfiguration() ? 4096 : 2048
            #expect(each < limit, "\(each) bytes a sleeper")
            let statistics = RawGreenlet.stackStatistics
            #expect(statistics.live > count)
            #expect(statistics.committedBytes / count < each, "what is saved is counted: \(statistics)")
            #expect(statistics.committedBytes / count > 256, "what is saved is counted: \(statistics)")
            try killAll(sleepers)
        }
    }

    @Test func aBerthThatNobodyIsOnStaysForThoseWhoComeBackToIt() async {
        await onHub {
            Hub.current.stacks = .shared
            let findings = Findings()
            let event = Event()
            // The first is packed, and those who were in its way have ended.
            let one = spawn { try nest(5, 3, findings) { _ = try event.wait() } }
            try joinAll((0..<3000).map { _ in spawn { try sleep(.milliseconds(1)) } })
            RawGreenlet.trimStacks()
            Hub.current.stacks = .own
            let others = (0..<300).map { _ in spawn { try nest(5, 4, findings) { _ = try event.wait() } } }
            try settle()
            event.set()
            try joinAll([one] + others)
            #expect(findings.canaries == 301 * 6 && findings.complaints.isEmpty, "\(findings.complaints)")
        }
    }

    @Test func trimmingGivesBerthsAndDescriptionsBack() async {
        await onHub {
            Hub.current.shareStacks(among: 64)
            let live = GreenletThread.current.stackCounts.live
            for _ in 0..<2 {
                try joinAll((0..<3000).map { _ in spawn { try sleep(.milliseconds(5)) } })
                #expect(GreenletThread.current.stackCounts.live == live)
                #expect(RawGreenlet.trimStacks() > 64 * 4096)
                #expect(GreenletThread.current.stackCounts.live == live)
            }
        }
    }
}

// Not optimised, or they have no frames.
@inline(never) @_optimize(none)
private func waitInTheAttic(_ event: Event) throws { _ = try event.wait() }

@inline(never) @_optimize(none)
private func nestAndWait(_ event: Event, _ findings: Findings) throws -> Int {
    try nest(5, 13, findings) { _ = try event.wait() }
    return 41
}

@inline(never) @_optimize(none)
private func descend(_ depth: Int) -> Int { depth < 0 ? depth : descend(depth + 1) + 1 }

private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var (size, resident) = (0, 0)
    withUnsafeMutablePointer(to: &size) { size in
        withUnsafeMutablePointer(to: &resident) { resident in
            _ = withVaList([size, resident]) { vfscanf(file, "%ld %ld", $0) }
        }
    }
    return resident * 4096
}
