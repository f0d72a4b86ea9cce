# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Coroutines that come and go: one after the other, with a value for each switch, and a million at a time."""

from .. import systems, turns

NAME, TITLE = "lives", "Lives of coroutines, and generators"
BASE = systems.FCONTEXT
SYSTEMS = [systems.OURS, systems.FCONTEXT, "corosensei", "greenlet"]

LIFE, ELEMENT, MILLION = "create, run, drop", "element of a generator", "1,000,000 suspended"
# The program's case, operations, and who has it.
CASES = {
    LIFE: ("raw_life", 2_000_000, SYSTEMS),
    ELEMENT: ("generator", 10_000_000, [systems.OURS, "corosensei", "greenlet"]),
    MILLION: ("suspended", 1_000_000, [systems.OURS]),
}
WEIGHED = {
    "resident": "resident_bytes",
    "page tables": "page_table_bytes",
    "left when all are gone": "left_bytes",
    "left after trimStacks": "trimmed_bytes",
    "before": "start_bytes",
}
SLOWER = {("greenlet", LIFE): 100, ("greenlet", ELEMENT): 20}


def cases(quick):
    return {LIFE: 1.5, ELEMENT: 1.5} if quick else {LIFE: 5.0, ELEMENT: 5.0, MILLION: 8.0}


def measure(case, names, settings):
    program_case, count, having = CASES[case]

    def one(system):
        answer = turns.run_micro(system, program_case, count // SLOWER.get((system.name, case), 1))
        figures = [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]
        for metric, key in WEIGHED.items():
            if key in answer:
                figures.append((metric, "B", answer[key]))
        return figures

    names = [name for name in names if name in having]
    yield from turns.take_turns(NAME, case, names, settings.rounds_of(5, 3 if case == MILLION else 15), one)
