# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Switches by hand, one way, with all that the system keeps for a coroutine: to and fro, and in a ring of many."""

from .. import systems, turns

NAME, TITLE = "switch", "One switch, one way"
BASE = systems.FCONTEXT
SYSTEMS = [systems.OURS, systems.FCONTEXT, "corosensei", "ucontext", "greenlet"]

PING_PONG = "ping-pong"
# Ours, each side in the midst of modifying a variable that Swift watches: what the runtime keeps of it is exchanged.
WITHIN_ACCESSES = "within accesses"
# Case, operations, and how many are in the ring. A deep one goes down sixteen calls to switch, and up again.
RINGS = {
    "ring of 1,000": ("ring", 10_000_000, 1000),
    "ring of 1,000, 16 calls deep": ("ring_deep", 2_000_000, 1000),
    "ring of 100,000": ("ring", 1_000_000, 100_000),
    "ring of 100,000, 16 calls deep": ("ring_deep", 500_000, 100_000),
}
RING_SYSTEMS = [systems.OURS, systems.FCONTEXT]
# Each takes about a fifth of a second.
COUNTS = {systems.OURS: 40_000_000, systems.FCONTEXT: 40_000_000, "corosensei": 80_000_000}
OTHERS = 1_000_000


def cases(quick):
    return {PING_PONG: 2.0} if quick else {PING_PONG: 5.0, WITHIN_ACCESSES: 0.5} | {name: 2.0 for name in RINGS}


def measure(case, names, settings):
    def arguments(system):
        count = COUNTS.get(system.name, OTHERS)
        to_and_fro = {PING_PONG: ("switch", count), WITHIN_ACCESSES: ("switch_within_accesses", count)}
        return to_and_fro.get(case) or RINGS[case]

    def one(system):
        answer = turns.run_micro(system, *arguments(system))
        return [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]

    some = {PING_PONG: names, WITHIN_ACCESSES: [systems.OURS]}.get(case, RING_SYSTEMS)
    names = [name for name in names if name in some]
    yield from turns.take_turns(NAME, case, names, settings.rounds_of(5, 15), one)
