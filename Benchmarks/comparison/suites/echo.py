# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Echo servers under a closed loop: rate, latency, processor time and system calls a request, memory a connection."""

import collections
import json
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import time

from .. import systems, turns
from ..results import Sample

NAME, TITLE = "echo", "Echo servers"
BASE = systems.EPOLL
SYSTEMS = [
    systems.EPOLL,
    "libuv (C)",
    systems.OURS,
    systems.PATCHED,
    systems.GO,
    "SwiftNIO",
    "SwiftNIO async",
    "uvloop",
    "asyncio",
    "gevent",
]
LOAD = systems.BIN / "echo_load"

# What one load may hold open at a time; with more connections servers are up one after the other.
DESCRIPTORS = 0.9 * resource.getrlimit(resource.RLIMIT_NOFILE)[1]

FULL = [(count, size) for size in (64, 4096, 65536) for count in (1, 64, 1000, 10000)]
QUICK = [(64, 64), (1000, 64)]


def name_of(connections, size):
    return f"{connections:,} × {size:,} B"


def cases(quick):
    return {name_of(*case): 5.0 if quick else 12.0 for case in (QUICK if quick else FULL)}


def measure(case, names, settings):
    connections, size = (int(number) for number in re.findall(r"\d+", case.replace(",", "")))
    seconds, warmup, rounds = 0.15, 0.05, settings.rounds_of(20, 50)
    if connections * size > 10_000_000:
        seconds, warmup, rounds = 0.6, 0.3, settings.rounds_of(5, 10)
    command = [str(LOAD), "--connections", str(connections), "--size", str(size), "--seconds", str(seconds)]
    command += ["--warmup", str(warmup)]
    if connections * len(names) <= DESCRIPTORS:
        yield from _all_at_once(case, names, [*command, "--rounds", str(rounds)], connections, size)
        return
    for number in range(1, 4):
        for name in random.Random(number).sample(names, len(names)):
            yield from _all_at_once(case, [name], [*command, "--rounds", "3"], connections, size, 3 * number)


def _all_at_once(case, names, command, connections, size, first_round=0):
    """The servers of these names are up together, and the load has connections to all of them."""
    with Servers(names) as servers:
        resident = {name: servers.resident(name) for name in servers.names}

        def all_are_open():
            for name in servers.names:
                servers.memory[name] = (servers.resident(name) - resident[name]) / connections

        lines = run_load([*command, *servers.targets()], after=(len(servers.names), all_are_open))
        for sample in map(json.loads, lines):
            name, number = servers.names[sample["server"]], first_round + sample["round"]
            rate = sample["requests_per_second"]
            for metric, unit, value in (
                ("requests", "1/s", rate),
                ("p50", "µs", sample["p50_us"]),
                ("p99", "µs", sample["p99_us"]),
                ("p99.9", "µs", sample["p999_us"]),
                ("processor time a request", "µs", 1e6 * sample["server_cpu"] / rate if rate else 0),
            ):
                yield Sample(NAME, case, name, metric, unit, number, value)
        for name, value in servers.memory.items():
            yield Sample(NAME, case, name, "resident a connection", "B", first_round + 1, value)
        if size == 64 and connections == 64:
            for name, value in servers.count_calls(connections, size).items():
                yield Sample(NAME, case, name, "system calls a request", "", 1, value)


def run_load(command, after=None):
    """The load's lines; `after` is how many of them, and what to do when they have come."""
    load = subprocess.Popen(turns.pinned(turns.LOAD_CORE, command), stdout=subprocess.PIPE, text=True)
    lines = []
    try:
        for line in load.stdout:
            lines.append(line)
            if after and len(lines) == after[0]:
                after[1]()
        if load.wait() != 0:
            raise subprocess.SubprocessError("the load ended with an error")
    finally:
        load.kill()
        load.wait()
    return lines


class Servers:
    """The echo servers of one case, all up at once; idle ones cost nothing."""

    def __init__(self, names):
        self.processes, self.ports = {}, {}
        self.memory = collections.OrderedDict()
        for name in names:
            try:
                self._start(name)
            except (OSError, ValueError) as error:
                turns.say(f"{name} is left out of {NAME}: {turns.reason_of(error)}")
        self.names = list(self.ports)

    def _start(self, name):
        command = turns.pinned(turns.SERVER_CORE, [*systems.BY_NAME[name].echo, "--port", "0"])
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.processes[name] = process
        match = re.search(r"listening on .*:(\d+)", process.stdout.readline())
        if not match:
            raise ValueError("it doesn't say 'listening on …'")
        self.ports[name] = int(match.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def targets(self):
        for name in self.names:
            yield from ("--server", f"{self.ports[name]}:{self.processes[name].pid}")

    def resident(self, name):
        """Bytes of memory that the process has now."""
        text = pathlib.Path(f"/proc/{self.processes[name].pid}/status").read_text(encoding="ascii")
        return 1024 * int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def count_calls(self, connections, size):
        """System calls a request, by strace, in a run of its own that isn't timed."""
        counts = {}
        if not shutil.which("strace"):
            return counts
        for name in self.names:
            tracer = subprocess.Popen(
                ["strace", "-f", "-c", "-S", "name", "-p", str(self.processes[name].pid)],
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            time.sleep(0.3)
            command = [str(LOAD), "--connections", str(connections), "--size", str(size), "--seconds", "0.5"]
            command += ["--warmup", "0", "--server", str(self.ports[name])]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            tracer.send_signal(signal.SIGINT)
            _, table = tracer.communicate(timeout=20)
            total = next((line.split() for line in table.splitlines() if line.endswith(" total")), None)
            if done.returncode == 0 and total:
                counts[name] = int(total[3]) / max(json.loads(done.stdout)["requests"], 1)
        return counts
