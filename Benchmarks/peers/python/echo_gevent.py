#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# gevent's StreamServer, a greenlet a connection; modelled on examples/echoserver.py of gevent, with bytes for lines.

import socket

from gevent.server import StreamServer

import common

BUFFER_SIZE = 64 * 1024


def echo(connection, _address):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while data := connection.recv(BUFFER_SIZE):
            # gevent's sendall asks for the size of the socket's buffer each time, which is a system call.
            sent = connection.send(data)
            if sent < len(data):
                connection.sendall(memoryview(data)[sent:])
    except ConnectionError:
        pass  # the peer went without a word


arguments = common.echo_arguments()
server = StreamServer(("127.0.0.1", arguments.port), echo, backlog=common.BACKLOG)
server.start()
common.listening(server.server_port)
server.serve_forever()
