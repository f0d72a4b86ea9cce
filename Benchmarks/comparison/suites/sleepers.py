# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Many that sleep for a second: time from the first spawn to the last wake-up, and memory for each."""

from .. import systems, turns

NAME, TITLE = "sleepers", "Sleepers: spawned, asleep for 1 s, awake"
BASE = systems.GO
SYSTEMS = [systems.OURS, systems.GO, systems.BOOST_FIBER, "Swift tasks", "gevent", "asyncio"]

LARGEST = {"gevent": 100_000, "asyncio": 100_000, systems.BOOST_FIBER: 100_000}


def cases(quick):
    counts = {"10,000": 3.0, "100,000": 5.0} if quick else {"10,000": 6.0, "100,000": 12.0, "1,000,000": 40.0}
    return counts


def measure(case, names, quick):
    count = int(case.replace(",", ""))
    names = [name for name in names if count <= LARGEST.get(name, count)]

    def one(system):
        answer = turns.run_micro(system, "sleepers", count)
        return [
            ("time", "s", answer["seconds"]),
            ("time beyond the sleep, each", "ns", 1e9 * (answer["seconds"] - 1) / count),
            ("resident", "B", answer["resident_bytes"]),
        ]

    rounds = 1 if quick else (5 if count <= 100_000 else 2)
    yield from turns.take_turns(NAME, case, names, rounds, one)
