// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The same server in the C library's own blocking calls, made cooperative by Monkey.patchAll().

import GreenletNet

struct PatchedServer {
    private let command: EchoCommand

    init(_ command: EchoCommand) { self.command = command }

    func serve() throws {
        throw Unavailable()  // Monkey.patchAll() is not in the tree yet
    }

    private struct Unavailable: Error, CustomStringConvertible {
        var description: String { "--patched needs Monkey.patchAll(), which this build does not have" }
    }
}
