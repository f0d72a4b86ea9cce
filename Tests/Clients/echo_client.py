#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# A stranger to the echo server: checks every byte that comes back, and behaves badly in every way that clients do.
"""Checks an echo server from outside; Python's standard library only.

    echo_client.py --port P --connections 1000 --echoes 1000 --size 64    all connections at once, random messages
    echo_client.py --port P --bulk 100MB                                  one connection, both directions at once
    echo_client.py --port P --mode reset --count 10000                    clients that misbehave, see MODES
    echo_client.py --port P --mode idle --connections 1000 --hold 15      open, echo once, then keep silent
    echo_client.py --port P --mode starve --connections 200               more clients than the server has descriptors

Prints one line of totals and exits with 0; at the first wrong byte, lost connection or time-out it says which on
standard error and exits with 1.
"""

import argparse
import asyncio
import os
import random
import resource
import select
import socket
import struct
import sys
import time

CHUNK = 64 * 1024
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


class Failure(Exception):
    """What the server did wrong, in a line for people."""


def byte_count(text):
    """Reads 100MB, 64KiB or a plain number."""
    for unit in sorted(UNITS, key=len, reverse=True):
        if text.upper().endswith(unit):
            return int(float(text[: -len(unit)]) * UNITS[unit])
    return int(text)


def new_socket(options):
    """A non-blocking socket of the host's family, not yet connected."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def open_all(options, count):
    """Opens `count` connections at the same time, and returns them when all stand."""
    address = (options.host, options.port)
    poller = select.epoll()
    pending = {}
    for _ in range(count):
        sock = new_socket(options)
        sock.connect_ex(address)
        pending[sock.fileno()] = sock
        poller.register(sock, select.EPOLLOUT)
    opened = []
    while pending:
        events = poller.poll(options.timeout)
        if not events:
            raise Failure(f"{len(pending)} of {count} connections not open after {options.timeout} s")
        for descriptor, _ in events:
            sock = pending.pop(descriptor)
            poller.unregister(descriptor)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise Failure(f"connect to {options.host}:{options.port}: {os.strerror(error)}")
            opened.append(sock)
    poller.close()
    return opened


class Talker:
    """One connection of the echo mode: what it sent last, and how much of that came back."""

    __slots__ = ("sock", "number", "left", "message", "received")

    def __init__(self, sock, number, echoes):
        self.sock = sock
        self.number = number
        self.left = echoes
        self.message = b""
        self.received = 0

    def send(self, message):
        self.message = message
        self.received = 0
        sent = self.sock.send(message)
        if sent != len(message):
            raise Failure(f"connection {self.number}: only {sent} of {len(message)} bytes fit; choose a smaller --size")

    def receive(self):
        """Takes what is there; true when the whole message is back."""
        message = self.message
        # One byte more than is due, so that an echo that is too long is noticed.
        data = self.sock.recv(len(message) - self.received + 1)
        if data == message:
            return True
        if not data:
            raise Failure(f"connection {self.number}: closed by the server with {self.left} echoes to go")
        end = self.received + len(data)
        if data != message[self.received : end]:
            due = message[self.received : end]
            raise Failure(f"connection {self.number}: wrong bytes: {data[:32]!r}, not {due[:32]!r}")
        self.received = end
        return end == len(message)


def run_echo(options):
    """Every connection sends a random message, waits for it, checks it, and sends the next."""
    make = random.Random(options.seed).randbytes
    started = time.monotonic()
    talkers = {}
    poller = select.epoll()
    for number, sock in enumerate(open_all(options, options.connections)):
        talkers[sock.fileno()] = Talker(sock, number, options.echoes)
        poller.register(sock, select.EPOLLIN)
    for talker in talkers.values():
        talker.send(make(options.size))
    size = options.size
    while talkers:
        events = poller.poll(options.timeout)
        if not events:
            raise Failure(f"no answer for {options.timeout} s; {len(talkers)} connections wait")
        for descriptor, _ in events:
            talker = talkers[descriptor]
            if not talker.receive():
                continue
            talker.left -= 1
            if talker.left:
                talker.send(make(size))
            else:
                poller.unregister(descriptor)
                talkers.pop(descriptor).sock.close()
    poller.close()
    elapsed = time.monotonic() - started
    total = options.connections * options.echoes
    rate = total / elapsed
    return (
        f"echo: {options.connections} connections, {total} echoes, {total * size} bytes checked, "
        f"{elapsed:.1f} s, {rate:.0f}/s"
    )


class RandomStream:
    """An endless stream of random bytes; two with one seed are equal, however they are cut."""

    def __init__(self, seed):
        self.make = random.Random(seed).randbytes
        self.rest = memoryview(b"")

    def peek(self, limit):
        if not self.rest:
            self.rest = memoryview(self.make(CHUNK))
        return self.rest[:limit]

    def advance(self, count):
        self.rest = self.rest[count:]


def check_stream(expected, data, position):
    """Compares `data` with the stream, and moves the stream on."""
    view = memoryview(data)
    while view:
        due = expected.peek(len(view))
        if view[: len(due)] != due:
            raise Failure(f"bulk: wrong bytes after {position} bytes")
        expected.advance(len(due))
        view = view[len(due) :]
        position += len(due)


def run_bulk(options):
    """One connection sends a random stream and checks it as it comes back; then it ends its half and awaits the end."""
    total = options.bulk
    outgoing, expected = RandomStream(options.seed), RandomStream(options.seed)
    sock = open_all(options, 1)[0]
    poller = select.epoll()
    poller.register(sock, select.EPOLLIN | select.EPOLLOUT)
    sent = received = 0
    started = time.monotonic()
    while True:
        events = poller.poll(options.timeout)
        if not events:
            raise Failure(f"bulk: nothing moved for {options.timeout} s after {sent} bytes out and {received} back")
        mask = events[0][1]
        if mask & select.EPOLLOUT:
            piece = outgoing.peek(total - sent)
            count = sock.send(piece)
            outgoing.advance(count)
            sent += count
            if sent == total:
                sock.shutdown(socket.SHUT_WR)
                poller.modify(sock, select.EPOLLIN)
        if mask & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
            data = sock.recv(4 * CHUNK)
            if not data:
                break
            check_stream(expected, data, received)
            received += len(data)
    sock.close()
    if received != total:
        raise Failure(f"bulk: the server closed after {received} of {total} bytes")
    elapsed = time.monotonic() - started
    return f"bulk: {total} bytes out and back, checked, {elapsed:.1f} s, {total / elapsed / 1e6:.0f} MB/s"


async def receive_exactly(loop, sock, count):
    data = b""
    while len(data) < count:
        piece = await loop.sock_recv(sock, count - len(data))
        if not piece:
            raise Failure(f"closed by the server after {len(data)} of {count} bytes")
        data += piece
    return data


async def misbehave_reset(loop, sock, options):
    """Sends, then resets the connection, so that the server's answer meets an error."""
    await loop.sock_sendall(sock, random.randbytes(options.size))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def misbehave_half_close(loop, sock, options):
    """Sends and ends its half at once: the echo must come all the same, and then the server's end."""
    message = random.randbytes(options.size)
    await loop.sock_sendall(sock, message)
    sock.shutdown(socket.SHUT_WR)
    if await receive_exactly(loop, sock, len(message)) != message:
        raise Failure("half-close: wrong bytes")
    if await loop.sock_recv(sock, 1):
        raise Failure("half-close: the server sent more than it got")


async def misbehave_silent(loop, sock, options):
    """Says nothing for a while, then leaves."""
    await asyncio.sleep(options.hold)


async def misbehave_connect_close(loop, sock, options):
    """Leaves as soon as it has come."""


MODES = {
    "reset": misbehave_reset,
    "half-close": misbehave_half_close,
    "silent": misbehave_silent,
    "connect-close": misbehave_connect_close,
}


async def misbehave(options):
    loop = asyncio.get_running_loop()
    behaviour = MODES[options.mode]
    numbers = iter(range(options.count))

    async def client():
        for number in numbers:
            with new_socket(options) as sock:
                try:
                    async with asyncio.timeout(options.timeout):
                        await loop.sock_connect(sock, (options.host, options.port))
                        await behaviour(loop, sock, options)
                except TimeoutError:
                    raise Failure(f"{options.mode}: client {number}: no answer for {options.timeout} s") from None
                except OSError as error:
                    raise Failure(f"{options.mode}: client {number}: {error}") from None

    await asyncio.gather(*(client() for _ in range(min(options.concurrency, options.count))))


def run_misbehaving(options):
    started = time.monotonic()
    asyncio.run(misbehave(options))
    return f"{options.mode}: {options.count} connections, {time.monotonic() - started:.1f} s"


def served_within(socks, messages, seconds):
    """The connections whose echo arrives within `seconds` of the last one that did; small messages arrive whole."""
    poller = select.epoll()
    waiting = {sock.fileno(): sock for sock in socks}
    for sock in socks:
        poller.register(sock, select.EPOLLIN)
    served = []
    while waiting:
        events = poller.poll(seconds)
        if not events:
            break
        for descriptor, _ in events:
            sock = waiting.pop(descriptor)
            poller.unregister(descriptor)
            try:
                data = sock.recv(len(messages[sock]) + 1)
            except OSError as error:
                raise Failure(f"the server broke a connection: {error}") from None
            if not data:
                raise Failure("the server closed a connection that was owed an echo")
            if data != messages[sock]:
                raise Failure(f"wrong bytes: {data[:32]!r}, not {messages[sock][:32]!r}")
            served.append(sock)
    poller.close()
    return served


def talk_to_all(options):
    socks = open_all(options, options.connections)
    messages = {sock: random.randbytes(options.size) for sock in socks}
    for sock in socks:
        sock.send(messages[sock])
    return socks, messages


def run_idle(options):
    """Each connection echoes once, then all stay open and silent for --hold seconds."""
    socks, messages = talk_to_all(options)
    served = served_within(socks, messages, options.timeout)
    if len(served) < len(socks):
        raise Failure(f"idle: only {len(served)} of {len(socks)} connections were served")
    print(f"idle: {len(socks)} connections open", flush=True)
    time.sleep(options.hold)
    ended = sum(is_ended(sock) for sock in socks)
    for sock in socks:
        sock.close()
    return f"idle: {len(socks)} connections, {ended} ended by the server"


def is_ended(sock):
    """Whether the server has ended a connection, in order: a reset, or bytes out of nowhere, are failures."""
    try:
        received = sock.recv(1)
    except BlockingIOError:
        return False
    if received:
        raise Failure("idle: bytes that nobody asked for")
    return True


def run_starve(options):
    """More clients than the server has descriptors: whoever is in is served, and the others as soon as those leave."""
    socks, messages = talk_to_all(options)
    waves = 0
    first = None
    while socks:
        served = served_within(socks, messages, options.hold if first is not None else options.timeout)
        if not served:
            # The server may wait a while before it accepts again; only --timeout is final.
            served = served_within(socks, messages, options.timeout)
        if not served:
            raise Failure(f"starve: {len(socks)} of {options.connections} clients never served")
        if first is None:
            first = len(served)
        # Those who are in are still served while the server is out of descriptors.
        for sock in served:
            messages[sock] = random.randbytes(options.size)
            sock.send(messages[sock])
        if len(served_within(served, messages, options.timeout)) < len(served):
            raise Failure("starve: a served client wasn't served again")
        for sock in served:
            sock.close()
        socks = [sock for sock in socks if sock.fileno() >= 0]
        waves += 1
    return f"starve: {options.connections} clients served in {waves} waves, {first} in the first"


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--mode", choices=["echo", "bulk", "idle", "starve", *MODES], default="echo")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--echoes", type=int, default=1000, help="echoes for each connection")
    parser.add_argument("--size", type=byte_count, default=64, help="bytes in a message")
    parser.add_argument("--bulk", type=byte_count, default=0, metavar="BYTES", help="as --mode bulk, with this many")
    parser.add_argument("--count", type=int, default=10000, help="clients in all, of the modes that misbehave")
    parser.add_argument("--concurrency", type=int, default=200, help="how many of them at a time")
    parser.add_argument("--hold", type=float, default=0.05, help="seconds of silence of silent and idle clients")
    parser.add_argument("--timeout", type=float, default=30, help="seconds without progress that are a failure")
    parser.add_argument("--seed", type=int, default=None, help="makes the random bytes the same in each run")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.getrandbits(32)
    if options.bulk:
        options.mode = "bulk"
    elif options.mode == "bulk":
        options.bulk = 100 * 10**6
    return options


RUNNERS = {"echo": run_echo, "bulk": run_bulk, "idle": run_idle, "starve": run_starve}


def main():
    options = parse(sys.argv[1:])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        print(RUNNERS.get(options.mode, run_misbehaving)(options), flush=True)
    except (Failure, OSError) as failure:
        print(f"echo_client: {failure} (seed {options.seed})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
