# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# The third of the three programs in its own language: patched blocking calls, one greenlet for each connection.
from gevent import monkey

monkey.patch_all()

import socket
import sys

import gevent


def handle_request(conn):
    while True:
        data = conn.recv(1024)
        if not data:
            conn.close()
            break
        print(data.decode())
        conn.send(b"OK")


def server(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(5)
    while True:
        conn, _ = s.accept()
        gevent.spawn(handle_request, conn)


server(int(sys.argv[sys.argv.index("--port") + 1]) if "--port" in sys.argv else 8080)
