// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The three programs that this project must make natural; Tests/Transcripts holds what their Python originals print.

import ArgumentParser

@main
struct Tutorial: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "greenlet-tutorial",
        abstract: "Three small programs: switching by hand, spawning, and a TCP server of patched blocking calls.",
        subcommands: [Switch.self, Spawn.self, TCPServer.self]
    )

    struct Switch: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Two raw greenlets switch to each other by hand.")

        func run() throws { try switchByHand() }
    }

    struct Spawn: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Two greenlets sleep at the same time.")

        func run() throws { try spawnAndJoin() }
    }

    struct TCPServer: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tcp-server",
            abstract: "Answers OK to whatever it is sent, with the C library's own blocking calls."
        )

        @Option(help: "The port to listen on.")
        var port: UInt16 = 8080

        func run() throws { try serve(port: port) }
    }
}
