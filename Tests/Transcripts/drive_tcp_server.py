#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# One scripted client for the Python and for the Swift tcp-server, so that their transcripts compare byte for byte.
"""usage: drive_tcp_server.py COMMAND…

Starts `COMMAND… --port P` with a free port, talks to it over three connections that are open at the same time, and
prints what was sent (`client 1 > …`), what the server printed (`server   | …`) and what came back (`client 1 < …`);
the server's line `listening on …` is left out. Exits with 1 when what must come doesn't come within ten seconds.
"""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time

PATIENCE = 10

# Who sends what, in which order; None ends a client's half of its connection. The order makes each connection wait
# while another is served, and lets one that came last go first.
SCRIPT = [
    (1, "hello"),
    (2, "world"),
    (3, "你好"),
    (1, "hello again"),
    (3, None),
    (2, "one line\nand another"),
    (1, None),
    (2, "still here"),
    (2, None),
]


class Failure(Exception):
    pass


class Server:
    """The server under a terminal of its own, as a person would run it: so it prints by the line in every language."""

    def __init__(self, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.terminal, inner = pty.openpty()
        attributes = termios.tcgetattr(inner)
        attributes[1] &= ~termios.OPOST  # A line feed stays a line feed.
        termios.tcsetattr(inner, termios.TCSANOW, attributes)
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], stdin=subprocess.DEVNULL, stdout=inner, start_new_session=True
        )
        os.close(inner)
        self.unread = b""

    def connect(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    raise Failure(f"the server ended with {self.process.returncode}") from None
                if time.monotonic() > deadline:
                    raise Failure(f"nobody listens on port {self.port}") from None
                time.sleep(0.02)

    def line(self):
        """The next line that the server prints."""
        deadline = time.monotonic() + PATIENCE
        while True:
            line, feed, rest = self.unread.partition(b"\n")
            if feed:
                self.unread = rest
                if not line.startswith(b"listening on "):
                    return line.decode()
                continue
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Failure(f"the server printed nothing more; the last it printed: {self.unread!r}")
            self.unread += os.read(self.terminal, 4096)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def say(who, text):
    print(f"{who:<8} {text}", flush=True)


def end(number, client):
    client.shutdown(socket.SHUT_WR)
    if client.recv(16):
        raise Failure(f"client {number}: bytes where the end should be")
    client.close()
    say(f"client {number}", "< (end)")


def exchange(number, client, server, text):
    say(f"client {number}", "> " + text.replace("\n", "\\n"))
    client.sendall(text.encode())
    for _ in text.split("\n"):
        say("server", "| " + server.line())
    say(f"client {number}", "< " + client.recv(16).decode())


def main(command):
    server = Server(command)
    try:
        clients = {number: server.connect() for number in sorted({number for number, _ in SCRIPT})}
        for number, text in SCRIPT:
            if text is None:
                end(number, clients[number])
            else:
                exchange(number, clients[number], server, text)
    except (Failure, OSError) as failure:
        print(f"drive_tcp_server: {failure}", file=sys.stderr)
        return 1
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main(sys.argv[1:]))
