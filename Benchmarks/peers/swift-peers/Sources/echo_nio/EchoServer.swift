// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// SwiftNIO's channel handlers on one event loop, modelled on its own example, Sources/NIOEchoServer/main.swift.
//
// The receive buffer never shrinks below 1 KiB: a message that fills its buffer costs a second read.

import NIOCore
import NIOPosix
import PeerSupport

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
        // Closing drops what is still to be sent: so it waits for an empty write behind all others.
        let sent = context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()))
        sent.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@main
struct EchoServer {
    static func main() throws {
        let port = portArgument()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let receiving = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 65_536)
        let server = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: receiving)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(BackPressureHandler(), EchoHandler())
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .wait()
        announce(port: server.localAddress?.port)
        try server.closeFuture.wait()
    }
}
