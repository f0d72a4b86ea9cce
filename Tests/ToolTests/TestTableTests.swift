// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The tables that name our test for each of greenlet's and gevent's: what they name must be there.

import Foundation
import GreenletTestSupport
import Testing

@Suite struct TestTableTests {
    @Test(arguments: [
        ("Core/GreenletCore/GreenletCore.docc/GreenletTests.md", 60),
        ("Hub/GreenletHub/GreenletHub.docc/GeventTests.md", 200),
    ])
    func everyTestThatATableNamesExists(article: String, atLeast: Int) throws {
        let text = try String(contentsOf: Programs.file("Modules/\(article)"), encoding: .utf8)
        let tests = try TestTableTests.testsInTheSources()
        var named = 0
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            for name in TestTableTests.names(in: line) {
                named += 1
                let functions = try #require(tests[name.suite], "line \(number + 1): no suite \(name.suite)")
                if let function = name.function {
                    #expect(functions.contains(function), "line \(number + 1): no test \(name.suite).\(function)")
                }
            }
        }
        #expect(named >= atLeast, "the table, or what is read of it, has shrunk")
    }

    /// The names of tests in the last cell of a row, or in a line of text: `Suite.function`, `….function` or `Suite`.
    private static func names(in line: Substring) -> [(suite: String, function: String?)] {
        var names: [(suite: String, function: String?)] = []
        let cell = line.hasPrefix("|") ? line.dropLast().split(separator: " | ").last ?? "" : line
        for (index, code) in cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        where !index.isMultiple(of: 2) {
            let parts = code.split(separator: ".").map(String.init)
            guard let first = parts.first, parts.count <= 2 else { continue }
            let function = parts.count == 2 ? parts[1] : nil
            if first == "…", let suite = names.last?.suite {
                names.append((suite, function))
            } else if first.hasSuffix("Tests"), first.allSatisfy(\.isLetter), first.first?.isUppercase == true {
                names.append((first, function))
            }
        }
        return names
    }

    /// The functions of each suite.
    private static func testsInTheSources() throws -> [String: Set<String>] {
        var tests: [String: Set<String>] = [:]
        let folder = Programs.file("Tests")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if file.lastPathComponent.hasPrefix(".") { files?.skipDescendants() }
            guard file.pathExtension == "swift" else { continue }
            var suite = ""
            var isTest = false
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                if let name = word(after: "struct ", in: line), name.hasSuffix("Tests") {
                    suite = name
                    tests[suite, default: []].formUnion([])  // two targets may have one of that name
                }
                isTest = isTest || line.contains("@Test")
                if isTest, let name = word(after: "func ", in: line) {
                    tests[suite, default: []].insert(name)
                    isTest = false
                }
            }
        }
        return tests
    }

    private static func word(after prefix: String, in line: Substring) -> String? {
        guard let range = line.range(of: prefix) else { return nil }
        return String(line[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
}
