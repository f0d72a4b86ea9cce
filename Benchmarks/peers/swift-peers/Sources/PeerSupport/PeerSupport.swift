// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What the Swift peers share: their arguments, and the line that a server says when it listens.

import Glibc

/// Ends the program with status 64 and a line that says how to call it.
public func exitWithUsage(_ arguments: String) -> Never {
    var line = "usage: \(CommandLine.arguments[0]) \(arguments)\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(64)
}

/// Returns the port of `--port PORT`; without arguments 0, any port.
public func portArgument() -> Int {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.isEmpty { return 0 }
    guard arguments.count == 2, arguments.first == "--port", let port = arguments.last.flatMap(UInt16.init) else {
        exitWithUsage("[--port PORT]")
    }
    return Int(port)
}

/// Tells on standard output, at once, on which port the server listens.
public func announce(port: Int?) {
    print("listening on 127.0.0.1:\(port ?? 0)")
    fflush(nil)
}
