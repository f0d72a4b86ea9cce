# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What schedulers do all day: yield, spawn and join, hand a value over."""

from .. import systems, turns

NAME, TITLE = "scheduler", "Yield, spawn and join, hand-over"
BASE = systems.GO
SYSTEMS = [systems.OURS, systems.GO, systems.BOOST_FIBER, "Swift tasks", "gevent", "asyncio"]

PROGRAM_CASES = {"yield": "yield", "spawn + join": "spawn_join", "queue, one way": "channel"}
# Each takes about a fifth of a second; Python's take longer for the same.
COUNTS = {"yield": 3_000_000, "spawn_join": 500_000, "channel": 1_000_000}
SLOWER = {"gevent": 20, "asyncio": 20, "Swift tasks": 10}


def cases(quick):
    return {case: 2.0 if quick else 5.0 for case in PROGRAM_CASES}


def measure(case, names, settings):
    program_case = PROGRAM_CASES[case]

    def one(system):
        count = COUNTS[program_case] // SLOWER.get(system.name, 1)
        answer = turns.run_micro(system, program_case, count)
        return [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]

    yield from turns.take_turns(NAME, case, names, settings.rounds_of(5, 15), one)
