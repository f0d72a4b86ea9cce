# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""One switch, one way, by hand, with all that the system keeps for a coroutine."""

from .. import systems, turns

NAME, TITLE = "switch", "One switch, one way"
BASE = systems.FCONTEXT
SYSTEMS = [systems.OURS, systems.FCONTEXT, "corosensei", "ucontext", "greenlet"]

# Each takes about a fifth of a second.
COUNTS = {systems.OURS: 40_000_000, systems.FCONTEXT: 40_000_000, "corosensei": 80_000_000}
OTHERS = 1_000_000


def cases(quick):
    return {"ping-pong": 2.0 if quick else 5.0}


def measure(case, names, settings):
    def one(system):
        answer = turns.run_micro(system, "switch", COUNTS.get(system.name, OTHERS))
        return [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]

    yield from turns.take_turns(NAME, case, names, settings.rounds_of(5, 15), one)
