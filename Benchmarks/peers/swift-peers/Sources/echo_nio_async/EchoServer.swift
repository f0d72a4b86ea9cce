// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// SwiftNIO's NIOAsyncChannel, a task a connection, modelled on its own example, Sources/NIOTCPEchoServer/Server.swift.
//
// The tasks run on the event loop too, by the call that SwiftNIO offers for it: otherwise each message would cross
// threads twice. The receive buffer never shrinks below 1 KiB: a message that fills its buffer costs a second read.

import NIOCore
import NIOPosix
import PeerSupport

typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

@main
struct EchoServer {
    static func main() async throws {
        let port = portArgument()
        NIOSingletons.groupLoopCountSuggestion = 1
        // Safe because nothing else in this program installs an executor.
        guard NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor() else {
            fatalError("this Swift doesn't let SwiftNIO's event loop run tasks")
        }
        let receiving = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 65_536)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: receiving)
            .bind(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Connection(wrappingChannelSynchronously: channel)
                }
            }
        announce(port: server.channel.localAddress?.port)
        try await withThrowingDiscardingTaskGroup { group in
            try await server.executeThenClose { connections in
                for try await connection in connections {
                    group.addTask { await echo(connection) }
                }
            }
        }
    }
}

/// Echoes until the end of file, and waits until all is sent; a connection that fails ends alone.
func echo(_ connection: Connection) async {
    try? await connection.executeThenClose { inbound, outbound in
        for try await bytes in inbound { try await outbound.write(bytes) }
        // Closing drops what is still to be sent: so it waits for an empty write behind all others.
        try await connection.channel.writeAndFlush(ByteBuffer())
    }
}
