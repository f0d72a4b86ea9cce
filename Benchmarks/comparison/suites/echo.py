# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Echo servers under a closed loop: rate, latency, processor time and system calls a request, memory a connection."""

import dataclasses
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

# Connections and size, and for how long each server is measured: longest where a bar hangs on a hundredth.
QUICK = {(64, 64): 4.0, (1000, 64): 4.0}
FULL = {(count, size): 2.4 for size in (64, 4096, 65536) for count in (1, 64, 1000, 10_000)}
FULL |= {(64, 64): 8.0, (1000, 64): 14.0}


def name_of(connections, size):
    return f"{connections:,} × {size:,} B"


def cases(quick):
    return {name_of(*case): seconds for case, seconds in (QUICK if quick else FULL).items()}


def measure(case, names, settings):
    connections, size = (int(number) for number in re.findall(r"\d+", case.replace(",", "")))
    total = cases(settings.quick)[case]
    # Each connection must have had its turn, and then several.
    seconds, warmup = (1.2, 0.6) if connections > 1000 else (0.6, 0.3) if connections * size > 10_000_000 else (0.15, 0.05)
    rounds = settings.rounds or max(3, round(total / (seconds + warmup)))
    command = ["--connections", str(connections), "--size", str(size), "--seconds", str(seconds), "--warmup", str(warmup)]
    if connections * len(names) <= DESCRIPTORS:
        yield from _all_at_once(case, names, [*command, "--rounds", str(rounds)])
        return
    for name in random.Random(case).sample(names, len(names)):
        yield from _all_at_once(case, [name], [*command, "--rounds", str(settings.rounds or 2)])


def _all_at_once(case, names, options):
    """The servers of these names are up together, and the load has connections to all of them."""
    connections, size = (int(options[options.index(word) + 1]) for word in ("--connections", "--size"))
    with Servers(names) as servers:
        before = {name: servers.memory(name) for name in servers.names}
        for sample in servers.under_load(case, options):
            rate = sample["requests_per_second"]
            for metric, unit, value in (
                ("requests", "1/s", rate),
                ("processor time a request", "µs", 1e6 * sample["server_cpu"] / rate if rate else 0),
            ):
                yield Sample(NAME, case, sample["name"], metric, unit, sample["round"], value)
            if sample["round"] == 1 and connections >= 1000:  # with fewer it is mostly what a server takes once
                for metric, value in servers.memory(sample["name"]).items():
                    grown = value - before[sample["name"]][metric]
                    yield Sample(NAME, case, sample["name"], f"{metric} a connection", "B", 1, grown / connections)
        for name, total in servers.totals.items():
            for metric in ("p50", "p99", "p99.9"):
                if total["requests"] * (1 - float(metric[1:]) / 100) >= 100:
                    yield Sample(NAME, case, name, metric, "µs", 1, total[metric])
        if size == 64 and connections == 64:
            for name, value in servers.count_calls(connections, size).items():
                yield Sample(NAME, case, name, "system calls a request", "", 1, value)


class Servers:
    """The echo servers of one case, all up at once; idle ones cost nothing."""

    def __init__(self, names):
        self.processes, self.ports = {}, {}
        self.totals = {}
        """What the load says of all turns of a server together."""
        try:
            for name in names:
                self._start_or_say_why_not(name)
        except BaseException:
            self.__exit__()
            raise
        self.names = list(self.ports)

    def _start_or_say_why_not(self, name):
        try:
            self._start(name)
        except (OSError, ValueError) as error:
            turns.leave_out(NAME, "all", name, turns.reason_of(error))

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

    def under_load(self, case, options):
        """Yields what the load says of each turn; a server that fails is named, and the others begin anew."""
        while self.names:
            targets = []
            for name in self.names:
                targets += ["--server", f"{self.ports[name]}:{self.processes[name].pid}"]
            command = turns.pinned(turns.LOAD_CORE, [str(LOAD), *options, *targets])
            load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                for line in map(json.loads, load.stdout):
                    name = self.names[line["server"]]
                    if "round" in line:
                        yield {**line, "name": name}
                    else:
                        self.totals[name] = line
                complaint = load.stderr.read().strip()
                if load.wait() == 0:
                    return
            finally:
                load.kill()
                load.wait()
            failed = re.search(r"port (\d+)", complaint)
            name = next((name for name in self.names if failed and self.ports[name] == int(failed.group(1))), None)
            if name is None:
                raise subprocess.SubprocessError(f"the load failed: {complaint}")
            turns.leave_out(NAME, case, name, complaint)
            self.names.remove(name)

    def memory(self, name):
        """Bytes of memory that the process has now, and of the kernel's tables to find it."""
        text = pathlib.Path(f"/proc/{self.processes[name].pid}/status").read_text(encoding="ascii")
        words = {"resident": "VmRSS", "page tables": "VmPTE"}
        return {metric: 1024 * int(re.search(rf"{word}:\s+(\d+)", text).group(1)) for metric, word in words.items()}

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
                counts[name] = int(total[3]) / max(json.loads(done.stdout.splitlines()[-1])["requests"], 1)
        return counts
