# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Lets contestants take turns, and tells how long it will last."""

import dataclasses
import json
import os
import random
import subprocess
import sys
import time

from . import systems
from .results import Sample

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]

# Who was left out of what while it was measured, and why: for the report.
left_out = {}


@dataclasses.dataclass(frozen=True)
class Settings:
    """How thoroughly to measure."""

    quick: bool = False
    rounds: int | None = None
    """How many, whatever the suite would choose."""

    def rounds_of(self, quick, full):
        return self.rounds or (quick if self.quick else full)


class Progress:
    """How much is done, in units whose cost is guessed beforehand, and what that leaves."""

    def __init__(self, total):
        self.total, self.done, self.start = max(total, 1e-9), 0.0, time.monotonic()

    def advance(self, units, what):
        self.done += units
        share = min(self.done / self.total, 1)
        elapsed = time.monotonic() - self.start
        left = elapsed / share - elapsed if share > 0.02 else self.total - self.done
        say(f"{share:4.0%}, about {int(left) // 60}:{int(left) % 60:02} left: {what}")


def say(text):
    print(f"compare: {text}", file=sys.stderr, flush=True)


def leave_out(suite, case, name, reason):
    left_out[f"{name} in {suite}, {case}"] = reason
    say(f"{name} is left out of {suite}, {case}: {reason}")


def pinned(core, command):
    return ["taskset", "-c", str(core), *command]


def take_turns(suite, case, names, rounds, measure, warm_up=True):
    """Yields samples: every round all systems in an order by chance; a round before the first warms up and isn't counted.

    `measure(system)` returns (metric, unit, value) triples. A system that fails is named, and left out from then on.
    """
    chance = random.Random(case)
    left = list(names)
    for number in range(0 if warm_up else 1, rounds + 1):
        for name in chance.sample(left, len(left)):
            try:
                triples = measure(systems.BY_NAME[name])
            except (subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
                leave_out(suite, case, name, reason_of(error))
                left.remove(name)
                continue
            if number == 0:
                continue
            for metric, unit, value in triples:
                yield Sample(suite, case, name, metric, unit, number, value)


def reason_of(error):
    text = getattr(error, "stderr", None) or str(error)
    lines = [line for line in str(text).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def run_micro(system, case, *numbers, timeout=300):
    """What `PROGRAM CASE NUMBER…` printed."""
    done = subprocess.run(
        pinned(SERVER_CORE, [*system.micro, case, *map(str, numbers)]),
        capture_output=True,
        text=True,
        check=True,
        timeout=timeout,
    )
    return json.loads(done.stdout)
