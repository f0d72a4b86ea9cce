// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What a case measured, how it is measured, and how it is printed.

import Glibc

/// What a case measured.
struct Figures {
    let operations: Int
    let elapsed: Duration
    /// For each of the operations; only where memory is the question.
    var residentBytes: Int?
    /// What stays when all are gone.
    var leftBytes: Int?
    /// What stays of that when the pool was trimmed.
    var trimmedBytes: Int?
    /// What the process took before.
    var startBytes: Int?

    /// The line of JSON that all programs of the comparison print.
    func line(for name: String) -> String {
        let (seconds, attoseconds) = elapsed.components
        let nanoseconds = String(attoseconds / 1_000_000_000)
        let decimals = String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds
        let memory = residentBytes.map { ",\"resident_bytes\":\($0)" } ?? ""
        let left = leftBytes.map { ",\"left_bytes\":\($0)" } ?? ""
        let trimmed = trimmedBytes.map { ",\"trimmed_bytes\":\($0)" } ?? ""
        let begin = startBytes.map { ",\"start_bytes\":\($0)" } ?? ""
        return "{\"case\":\"\(name)\",\"operations\":\(operations),\"seconds\":\(seconds).\(decimals)\(memory)\(left)"
            + "\(trimmed)\(begin)}"
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

/// What the kernel calls VmRSS; the second number in statm, in pages.
func residentBytes() -> Int {
    let file = open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    let text = String(unsafeUninitializedCapacity: 128) { max(0, read(file, $0.baseAddress, $0.count)) }
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { fatalError("can't read /proc/self/statm") }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}
