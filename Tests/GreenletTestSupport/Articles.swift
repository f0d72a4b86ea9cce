// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Examples of articles are compiled in test files: here is how the two are held together.

import Foundation

/// The examples of an article that don't stand, line by line, in a test file.
///
/// White space at the ends of lines doesn't count, nor do empty lines.
///
/// - Parameters:
///   - article: Path of the article, from the root of the repository.
///   - test: The test file, by `#filePath`.
/// - Returns: How many examples the article has, and those that the test file has not.
/// - Throws: If one of the two can't be read.
package func untestedExamples(of article: String, in test: String) throws -> (count: Int, missing: [String]) {
    let root = test.components(separatedBy: "/Tests/")[0]
    let tested = significantLines(of: try String(contentsOfFile: test, encoding: .utf8))
    let examples = swiftExamples(in: try String(contentsOfFile: "\(root)/\(article)", encoding: .utf8))
    let missing = examples.filter { !"\n\(tested)\n".contains("\n\(significantLines(of: $0))\n") }
    return (examples.count, missing)
}

private func significantLines(of text: String) -> String {
    let lines = text.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return lines.filter { !$0.isEmpty }.joined(separator: "\n")
}

private func swiftExamples(in article: String) -> [String] {
    article.components(separatedBy: "\n```swift\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
}
