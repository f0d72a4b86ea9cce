# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""How costs grow with the number of those that take part. A new curve is an entry in `CURVES`."""

import dataclasses

from .. import systems, turns

NAME, TITLE = "curves", "What it costs among many"
BASE = systems.GO


@dataclasses.dataclass(frozen=True)
class Curve:
    """A case of the programs that is told how many take part."""

    program_case: str
    systems: list
    count: int
    """Operations of a run, where not so many take part that each would do little."""
    each: int = 10
    """At least as many for each that takes part."""
    slower: dict = dataclasses.field(default_factory=dict)
    """By what to divide the operations."""
    each_of: dict = dataclasses.field(default_factory=dict)
    """Who does less each."""
    largest: dict = dataclasses.field(default_factory=dict)
    """Who can't go on to the end."""

    def operations(self, name, tasks):
        """Whole rounds of `tasks`."""
        least = max(self.count // self.slower.get(name, 1) // tasks, 1)
        return tasks * max(least, self.each_of.get(name, self.each))


CURVES = {
    "switch": Curve(
        "ring",
        [systems.OURS, systems.FCONTEXT, "corosensei", "greenlet"],
        count=2_000_000,
        slower={"greenlet": 4},
        largest={"corosensei": 10_000},  # two mappings a stack, of which the kernel allows 65,530
    ),
    # From when the last has begun to when the last is done.
    "yield": Curve(
        "yield",
        [systems.OURS, systems.GO, systems.BOOST_FIBER, "Swift tasks", "gevent", "asyncio"],
        count=2_000_000,
        each=20,
        slower={"gevent": 10, "asyncio": 10, "Swift tasks": 5},
    ),
    "spawn + join": Curve(
        "spawn_all",
        [systems.OURS, systems.GO, systems.BOOST_FIBER, "Swift tasks", "gevent"],
        count=300_000,
        each=2,
        slower={"gevent": 20},
    ),
    # One sends and all others wait in get: what a pool of workers does, and the only one in which a line grows; pairs with
    # a queue each would tell again what a yield among many does.
    "queue": Curve(
        "queue",
        [systems.OURS, systems.GO, systems.BOOST_FIBER, "gevent"],
        count=1_000_000,
        slower={"gevent": 100},
        # After each get it looks for itself among all that wait, which is 0.1 ms with 10,000.
        each_of={"gevent": 1},
        largest={"gevent": 10_000},
    ),
    # Set, or notified or closed, when all wait for it, until all have run and wait for the next.
    "event": Curve(
        "event",
        [systems.OURS, systems.GO, systems.BOOST_FIBER, "gevent", "asyncio"],
        count=1_000_000,
        each=10,
        slower={"gevent": 10, "asyncio": 10},
    ),
}
SYSTEMS = list(dict.fromkeys(name for curve in CURVES.values() for name in curve.systems))
BASES = {"switch": systems.FCONTEXT}


def base_of(case):
    return BASES.get(case.split(", ")[0], BASE)


def cases(quick):
    sizes = (10, 1000, 10_000) if quick else (10, 100, 1000, 10_000, 100_000)
    guess = 0.6 if quick else 2.0
    return {f"{name}, {size:,}": guess * (1 if size < 100_000 else 2) for name in CURVES for size in sizes}


def measure(case, names, settings):
    name, size = case.split(", ")
    curve, tasks = CURVES[name], int(size.replace(",", ""))
    names = [name for name in names if name in curve.systems and tasks <= curve.largest.get(name, tasks)]

    def one(system):
        answer = turns.run_micro(system, curve.program_case, curve.operations(system.name, tasks), tasks)
        return [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]

    yield from turns.take_turns(NAME, case, names, settings.rounds_of(2, 2 if tasks == 100_000 else 5), one)
