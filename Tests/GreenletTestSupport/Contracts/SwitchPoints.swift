// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Which public functions can wait, according to their documentation: read from the sources.

import Foundation

/// The functions of a module whose documentation says "Switch point", as `Type.name(label:_:)`.
///
/// Not those that are one only if their `body` is: they don't wait by themselves.
package func declaredSwitchPoints(ofModule path: String) throws -> Set<String> {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
    let folder = "\(root)/Modules/\(path)"
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return try names.filter { $0.hasSuffix(".swift") }.reduce(into: []) { found, name in
        let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        found.formUnion(switchPoints(in: text.components(separatedBy: "\n")))
    }
}

private func switchPoints(in lines: [String]) -> Set<String> {
    var found: Set<String> = []
    var scopes: [(indent: Int, name: String)] = []
    var documentation = ""
    for (number, line) in lines.enumerated() {
        let text = line.trimmingCharacters(in: .whitespaces)
        let indent = line.count - line.drop { $0 == " " }.count
        let words = text.split { " (<:{".contains($0) }.map(String.init)
        if text.hasPrefix("///") {
            documentation += text.dropFirst(3)
            continue
        }
        if text.hasPrefix("@"), !words.contains("func") { continue }
        if !text.isEmpty { scopes.removeAll { $0.indent >= indent } }
        let kinds: Set<String> = ["class", "struct", "enum", "extension", "protocol"]
        if let keyword = words.firstIndex(where: kinds.contains), keyword + 1 < words.count {
            scopes.append((indent, words[keyword + 1]))
        } else if words.contains("public"), words.contains("func"), isSwitchPoint(documentation) {
            let scope = scopes.map { "\($0.name)." }.joined()
            found.insert(scope + signature(lines[number...].prefix(12).joined(separator: " ")))
        }
        documentation = ""
    }
    return found
}

private func isSwitchPoint(_ documentation: String) -> Bool {
    documentation.contains("Switch point") && !documentation.contains("Switch point, if `body` is.")
}

/// `name(label:_:)` of a declaration.
private func signature(_ declaration: String) -> String {
    let start = declaration.range(of: "func ")?.upperBound ?? declaration.startIndex
    let name = declaration[start...].prefix { !"<(".contains($0) }
    var labels: [String] = []
    var label = ""
    var depth = 0
    for character in declaration[start...].drop(while: { $0 != "(" }) {
        switch character {
        case "(", "[":
            depth += 1
        case ")", "]":
            depth -= 1
            if depth == 0 { return "\(name)(\(labels.map { "\($0):" }.joined()))" }
        case ":" where depth == 1:
            // The first of the two names, if there are two.
            labels.append(label.split(separator: " ").first.map(String.init) ?? "_")
            label = ""
        case "," where depth == 1: label = ""
        default: if depth == 1 { label.append(character) }
        }
    }
    preconditionFailure("\(declaration) has no end")
}
