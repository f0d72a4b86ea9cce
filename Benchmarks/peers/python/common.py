# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# What the Python peers share: their arguments, the clock, the memory, and the one line of JSON.

import argparse
import json
import os
import sys
import time

BACKLOG = 4096

# Seconds of timers that never fire, and the step that visits them as if by chance.
LATE = 3600
STEP = 615_949


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}\n")


def positive(text):
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def micro_arguments(cases, uvloop=False):
    """`CASE COUNT [MORE]`, and `--uvloop` where there is a choice.

    MORE is how many tasks yield (2), are spawned at once, wait at a queue or for an event, or stand in a ring (1000 each), or how many
    seconds sleepers sleep (1).
    """
    parser = Arguments()
    parser.add_argument("case", choices=list(cases))
    parser.add_argument("count", type=positive)
    parser.add_argument("more", type=positive, nargs="?")
    if uvloop:
        parser.add_argument("--uvloop", action="store_true", help="on uvloop instead of asyncio's own loop")
    return parser.parse_args()


def echo_arguments(uvloop=False):
    """`--port P`, and `--uvloop` where there is a choice."""
    parser = Arguments()
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes any that is free")
    if uvloop:
        parser.add_argument("--uvloop", action="store_true", help="on uvloop instead of asyncio's own loop")
    return parser.parse_args()


def listening(port):
    print(f"listening on 127.0.0.1:{port}", flush=True)


def timed(body, count, *more):
    """Seconds that `body(count, …)` takes, after a tenth of it to warm up; or what it says itself."""
    body(count // 10, *more)
    start = time.perf_counter()
    own = body(count, *more)
    return own or time.perf_counter() - start


def shares(count, tasks):
    """How often each of `tasks` has its turn, so that there are `count` turns in all."""
    return [count // tasks + (1 if number < count % tasks else 0) for number in range(tasks)]


def report(case, operations, seconds, **more):
    line = {"case": case, "operations": operations, "seconds": round(seconds, 6), **more}
    print(json.dumps(line, separators=(",", ":")))


def memory():
    """VmRSS and VmPTE of this process in bytes."""
    with open("/proc/self/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return [1024 * int(lines[word].split()[0]) for word in ("VmRSS", "VmPTE")]


class Sleepers:
    """Weighs `count` sleepers when the last of them lies down, and times them from the first spawn on."""

    def __init__(self, count, nap):
        self.count = count
        self.nap = nap
        self.begun = 0
        self.first = 0.0
        self.bytes = ()
        self.before = memory()
        self.start = time.perf_counter()

    def lie_down(self):
        """Each sleeper calls this and sleeps right after it."""
        self.begun += 1
        if self.begun == 1:
            self.first = time.perf_counter()
        if self.begun == self.count:
            self.bytes = [round((now - then) / self.count) for now, then in zip(memory(), self.before)]
            if time.perf_counter() - self.first > self.nap:
                print("sleepers: the first may have woken before the last slept; take a smaller COUNT", file=sys.stderr)

    def report(self):
        seconds = time.perf_counter() - self.start
        resident, page_tables = self.bytes
        report("sleepers", self.count, seconds, nap=self.nap, resident_bytes=resident, page_table_bytes=page_tables)
