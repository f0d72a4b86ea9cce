# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""How the cost of a yield grows with the number of those that take turns."""

from .. import systems, turns

NAME, TITLE = "curves", "A yield among many"
BASE = systems.GO
SYSTEMS = [systems.OURS, systems.GO, systems.BOOST_FIBER, "Swift tasks", "gevent", "asyncio"]

COUNT, TURNS = 2_000_000, 20
SLOWER = {"gevent": 10, "asyncio": 10, "Swift tasks": 5}


def cases(quick):
    sizes = (10, 1000, 10_000) if quick else (10, 100, 1000, 10_000, 100_000)
    return {f"{size:,}": (2.0 if quick else 4.0) * (1 if size < 100_000 else 4) for size in sizes}


def measure(case, names, settings):
    tasks = int(case.replace(",", ""))

    def one(system):
        # Spawning and joining are part of it, so all have as many turns each where that tells.
        count = TURNS * tasks if tasks >= COUNT // TURNS else COUNT // SLOWER.get(system.name, 1)
        answer = turns.run_micro(system, "yield", count, tasks)
        return [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]

    yield from turns.take_turns(NAME, case, names, settings.rounds_of(3, 2 if tasks == 100_000 else 5), one)
