// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The command line of greenlet-echo: options in, one clear line for whatever goes wrong.

import ArgumentParser
import Glibc
import GreenletHub
import GreenletNet

struct EchoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "greenlet-echo",
        abstract: "Sends back whatever it receives: one greenlet a connection, one thread in all.",
        discussion: """
            Prints 'listening on HOST:PORT' when it does. SIGINT and SIGTERM end it: it stops accepting, sends back what \
            has arrived, and exits with 0.
            """
    )

    @Option(help: "Where to listen: an address, or a name.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes any free one.")
    var port = 8888

    @Option(help: "How many connections may wait to be accepted.")
    var backlog = 1024

    @Option(help: "How many connections are served at a time (default: no limit).")
    var maxConnections: Int?

    @Option(help: "After how many seconds of silence a connection is closed (default: never).")
    var idleTimeout: Double?

    @Flag(help: "Serve with the C library's own blocking calls, made cooperative by Monkey.patchAll().")
    var patched = false

    @Flag(help: "Let connections take turns on a few stacks: less memory for each, a copy or two for each wait.")
    var sharedStacks = false

    @Flag(help: "Print counters to standard error at the end, and at each SIGUSR1.")
    var stats = false

    func validate() throws {
        if let maxConnections, maxConnections < 1 { throw ValidationError("--max-connections must be at least 1") }
        if let idleTimeout, !(idleTimeout > 0) { throw ValidationError("--idle-timeout must be more than 0 seconds") }
        if backlog < 0 { throw ValidationError("--backlog must not be negative") }
    }

    func run() throws {
        if sharedStacks { Hub.current.stacks = .shared }
        do {
            if patched {
                try PatchedServer(self).serve()
            } else {
                try EchoServer(self).serve()
            }
        } catch {
            printError("greenlet-echo: \(error)")
            throw ExitCode.failure
        }
    }
}

extension EchoCommand {
    /// The first address of `--host`, with `--port`.
    ///
    /// Switch point, for a name.
    func address() throws -> SocketAddress {
        try SocketAddress.resolve(host: host, port: port)[0]
    }

    /// How long a connection may be silent.
    var patience: Duration? { idleTimeout.map { .seconds($0) } }
}

/// Says where it listens, at once, so that a script that waits for the line sees it.
func announce(_ address: SocketAddress) {
    print("listening on \(address)")
    fflush(nil)
}

func printError(_ line: String) {
    fflush(nil)
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written <= 0 { return }
        rest = rest.dropFirst(written)
    }
}
