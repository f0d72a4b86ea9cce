# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""One wait: a park and its wake, a choice, a timeout that doesn't end it; and waiting for nothing.

What an event costs with so many waiters is a curve: see curves.py.
"""

from .. import systems, turns

NAME, TITLE = "waiting", "Waits: woken, chosen, timed, idle"
BASE = systems.GO
SYSTEMS = [systems.OURS, systems.GO, systems.BOOST_FIBER, "gevent", "asyncio"]

IDLE = "idle for 10 s"
PYTHON = ["gevent", "asyncio"]
TIMED = [systems.OURS, systems.GO, *PYTHON]
# The program's case, operations, and who has it.
CASES = {
    "park and wake": ("park_wake", 2_000_000, [systems.OURS, systems.GO, systems.BOOST_FIBER]),
    "choose between two queues": ("choose", 300_000, [systems.OURS, systems.GO]),
    "arm and cancel": ("timer", 1_000_000, TIMED),
    "a call within a timeout": ("with_timeout", 1_000_000, TIMED),
    "1,000,000 armed, then cancelled": ("timers", 1_000_000, TIMED),
    "1,000,000 armed, then cancelled by chance": ("timers_random", 1_000_000, TIMED),
    "a sleep of 1 ms: too long by": ("late", 1000, [systems.OURS, systems.GO]),
    IDLE: ("idle", 1, [systems.OURS, systems.GO]),
}
ALL_AT_ONCE = [case for case in CASES if case.startswith("1,000,000")]


def cases(quick):
    some = [case for case in CASES if not quick or case not in [IDLE, *ALL_AT_ONCE]]
    return {case: 10.0 if case == IDLE else 1.0 if quick else 4.0 for case in some}


def measure(case, names, settings):
    program_case, count, having = CASES[case]
    names = [name for name in names if name in having]

    def timed(system):
        # What is called a million is one.
        share = 10 if system.name in PYTHON and case not in ALL_AT_ONCE else 1
        answer = turns.run_micro(system, program_case, count // share)
        return [("time", "ns", 1e9 * answer["seconds"] / answer["operations"])]

    def idle(system):
        return [("wake-ups", "", turns.run_micro(system, program_case, count)["wake_ups"])]

    if case == IDLE:
        yield from turns.take_turns(NAME, case, names, 1, idle, warm_up=False)
    else:
        yield from turns.take_turns(NAME, case, names, settings.rounds_of(5, 5 if case in ALL_AT_ONCE else 15), timed)
