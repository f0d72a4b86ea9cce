# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Many that sleep for a second: time from the first spawn to the last wake-up, and memory for each."""

from .. import systems, turns

NAME, TITLE = "sleepers", "Sleepers: spawned, asleep for 1 s, awake"
BASE = systems.GO
SYSTEMS = [systems.OURS, systems.SHARED, systems.GO, systems.BOOST_FIBER, "Swift tasks", "gevent", "asyncio"]
# What is opted into is a case of its own in the same program.
CASES = {systems.SHARED: "sleepers_shared"}

# Memory is weighed in a run of its own, with naps so long that all are asleep before the first wakes.
NAPS = {10_000: 2, 100_000: 8, 1_000_000: 20}
LARGEST = {"gevent": 100_000, "asyncio": 100_000, systems.BOOST_FIBER: 100_000}


def cases(quick):
    return {"10,000": 6.0} if quick else {"10,000": 9.0, "100,000": 25.0, "1,000,000": 45.0}


def measure(case, names, settings):
    count = int(case.replace(",", ""))
    names = [name for name in names if count <= LARGEST.get(name, count)]

    def timed(system):
        seconds = turns.run_micro(system, CASES.get(system.name, "sleepers"), count)["seconds"]
        return [("time", "s", seconds), ("time beyond the sleep, each", "ns", 1e9 * (seconds - 1) / count)]

    def weighed(system):
        answer = turns.run_micro(system, CASES.get(system.name, "sleepers"), count, NAPS[count])
        return [("resident", "B", answer["resident_bytes"]), ("page tables", "B", answer["page_table_bytes"])]

    yield from turns.take_turns(NAME, case, names, settings.rounds_of(2, 2 if count == 1_000_000 else 3), timed)
    yield from turns.take_turns(NAME, case, names, 1, weighed, warm_up=False)
