// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a case measured, how it is measured, and how it is printed.

import Glibc

/// What a case measured.
struct Figures {
    let operations: Int
    let elapsed: Duration
    /// For each of the operations; only where memory is the question.
    var residentBytes: Int?
    /// What the kernel keeps to find that memory, for each of the operations.
    var pageTableBytes: Int?
    /// What stays when all are gone.
    var leftBytes: Int?
    /// What stays of that when the pool was trimmed.
    var trimmedBytes: Int?
    /// What the process took before.
    var startBytes: Int?
    /// How often the kernel woke it; only where it should not.
    var wakeUps: Int?

    /// The line of JSON that all programs of the comparison print.
    func line(for name: String) -> String {
        let (seconds, attoseconds) = elapsed.components
        let nanoseconds = String(attoseconds / 1_000_000_000)
        let decimals = String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds
        let memory = residentBytes.map { ",\"resident_bytes\":\($0)" } ?? ""
        let tables = pageTableBytes.map { ",\"page_table_bytes\":\($0)" } ?? ""
        let left = leftBytes.map { ",\"left_bytes\":\($0)" } ?? ""
        let time = "\"operations\":\(operations),\"seconds\":\(seconds).\(decimals)"
        let trimmed = trimmedBytes.map { ",\"trimmed_bytes\":\($0)" } ?? ""
        let begin = startBytes.map { ",\"start_bytes\":\($0)" } ?? ""
        let woken = wakeUps.map { ",\"wake_ups\":\($0)" } ?? ""
        return "{\"case\":\"\(name)\",\(time)\(memory)\(tables)\(left)\(trimmed)\(begin)\(woken)}"
    }
}

/// Runs `body` with a tenth of the count to warm up, then with all of it against the clock.
///
/// - Parameters:
///   - count: How often `body` shall do its thing.
///   - body: Does it, as often as it is told, and returns how many operations that were.
/// - Returns: The figures of the second run.
/// - Throws: What `body` does.
func measure(_ count: Int, _ body: (Int) throws -> Int) throws -> Figures {
    _ = try body(count / 10)
    let start = ContinuousClock.now
    let operations = try body(count)
    return Figures(operations: operations, elapsed: ContinuousClock.now - start)
}

/// Memory of this process in bytes: pages of its own, and the kernel's tables to find them.
struct Memory {
    let resident: Int
    let pageTables: Int

    /// What the kernel calls VmRSS and VmPTE.
    static func now() -> Memory {
        let file = open("/proc/self/status", O_RDONLY)
        defer { close(file) }
        let text = String(unsafeUninitializedCapacity: 8192) { max(0, read(file, $0.baseAddress, $0.count)) }
        func bytes(_ name: String) -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            let words = line?.split(whereSeparator: \.isWhitespace) ?? []
            guard words.count == 3, let kilobytes = Int(words[1]) else { fatalError("no \(name) in /proc/self/status") }
            return kilobytes * 1024
        }
        return Memory(resident: bytes("VmRSS:"), pageTables: bytes("VmPTE:"))
    }
}
