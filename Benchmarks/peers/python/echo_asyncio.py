#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# asyncio with protocols, no tasks and no streams; modelled on examples/bench/echoserver.py of uvloop.
#
# Each loop has the protocol that is faster on it. asyncio's own allocates 256 KiB for every read unless it is handed a
# buffer; uvloop has one already, and only makes bytes of what came.

import asyncio
import socket

import common

BUFFER = bytearray(64 * 1024)


class Echo(asyncio.BaseProtocol):
    # Both loops end a connection whose peer has ended its half, after what is still to be sent.

    def connection_made(self, transport):
        self.transport = transport
        # asyncio does this by itself only for listeners that it has opened.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class PlainEcho(Echo, asyncio.Protocol):
    def data_received(self, data):
        self.transport.write(data)


class BufferedEcho(Echo, asyncio.BufferedProtocol):
    def get_buffer(self, _hint):
        return BUFFER

    def buffer_updated(self, count):
        self.transport.write(BUFFER[:count])  # a copy: the transport may keep it, and the next read overwrites BUFFER


async def main(protocol, port):
    # Handed a socket instead of a name, uvloop starts no threads to look the name up.
    listener = socket.create_server(("127.0.0.1", port), backlog=common.BACKLOG)
    server = await asyncio.get_running_loop().create_server(protocol, sock=listener, backlog=common.BACKLOG)
    common.listening(listener.getsockname()[1])
    await server.serve_forever()


arguments = common.echo_arguments(uvloop=True)
if arguments.uvloop:
    import uvloop

    uvloop.run(main(PlainEcho, arguments.port))
else:
    asyncio.run(main(BufferedEcho, arguments.port))
