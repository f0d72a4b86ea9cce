// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Files that tests may change.

import Glibc
import Testing

/// A folder for `body`, which is removed afterwards.
func withFolder(_ body: (_ path: String) throws -> Void) throws {
    let path = try makeFolder()
    defer { removeAll(path) }
    try body(path)
}

/// A folder that is nobody else's; to be given to `removeAll(_:)`.
func makeFolder() throws -> String {
    var template = Array("/tmp/greenlet-files-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Removes a folder and the files in it.
func removeAll(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { unlink("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
}

/// Puts text at the end of a file, which is made if it is not there.
func append(_ text: String, to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    _ = text.withCString { write(file, $0, strlen($0)) }
    close(file)
}
