# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What the project asks of itself, and whether it was met in this run."""

import collections
import operator

from . import results, systems
from .systems import OURS, PATCHED, SHARED

# A bar may be a multiple of another metric of the same run.
Own = collections.namedtuple("Own", "metric")

# What, suite, case, metric, whose, relation, limit, and of which peer it is a multiple (None: an absolute figure).
BARS = [
    ("a switch", "switch", "ping-pong", "time", OURS, "<", 1.0, systems.FCONTEXT),
    ("a switch", "switch", "ping-pong", "time", OURS, "≤", 2.2, "corosensei"),
    ("a ring of 1,000", "switch", "ring of 1,000", "time", OURS, "<", 1.0, systems.FCONTEXT),
    ("a ring of 1,000, deep", "switch", "ring of 1,000, 16 calls deep", "time", OURS, "<", 1.0, systems.FCONTEXT),
    ("a ring of 100,000", "switch", "ring of 100,000", "time", OURS, "<", 1.0, systems.FCONTEXT),
    ("a ring of 100,000, deep", "switch", "ring of 100,000, 16 calls deep", "time", OURS, "<", 1.0, systems.FCONTEXT),
    ("create, run, drop", "lives", "create, run, drop", "time", OURS, "≤", 60, None),
    ("an element of a generator", "lives", "element of a generator", "time", OURS, "≤", 10, None),
    ("1,000,000 suspended, each", "lives", "1,000,000 suspended", "resident", OURS, "≤", 4.5 * 1024, None),
    ("left of them after trimStacks()", "lives", "1,000,000 suspended", "left after trimStacks", OURS, "≤", 0.05,
     Own("before")),
    ("left of them without it", "lives", "1,000,000 suspended", "left when all are gone", OURS, "≤", 0.05, Own("before")),
    ("yield between two", "scheduler", "yield", "time", OURS, "≤", 20, None),
    ("yield between two", "scheduler", "yield", "time", OURS, "≤", 0.35, systems.BOOST_FIBER),
    ("spawn + join", "scheduler", "spawn + join", "time", OURS, "≤", 150, None),
    ("hand-over through a queue", "scheduler", "queue, one way", "time", OURS, "≤", 50, None),
    ("an event, each of 1,000 waiters", "curves", "event, 1,000", "time", OURS, "≤", 40, None),
    ("1,000,000 timers, each", "waiting", "1,000,000 armed, then cancelled", "time", OURS, "≤", 150, None),
    ("a timer, armed and cancelled", "waiting", "arm and cancel", "time", OURS, "≤", 150, None),
    ("an idle hub, wake-ups in 10 s", "waiting", "idle for 10 s", "wake-ups", OURS, "≤", 0, None),
    ("a sleeper, resident", "sleepers", "100,000", "resident", OURS, "≤", 4.6 * 1024, None),
    ("1,000,000 sleepers", "sleepers", "1,000,000", "time", OURS, "≤", 1.0, systems.GO),
    ("the same on shared stacks", "sleepers", "1,000,000", "time", SHARED, "≤", 1.0, systems.GO),
    ("echo, 64 connections", "echo", "64 × 64 B", "requests", OURS, "≥", 0.97, systems.EPOLL),
    ("echo, 1,000 connections", "echo", "1,000 × 64 B", "requests", OURS, "≥", 0.97, systems.EPOLL),
    ("the same with patched calls, 64", "echo", "64 × 64 B", "requests", PATCHED, "≥", 0.90, systems.EPOLL),
    ("the same with patched calls, 1,000", "echo", "1,000 × 64 B", "requests", PATCHED, "≥", 0.90, systems.EPOLL),
]


MET, MISSED, UNDECIDED, NOT_MEASURED = "met", "missed", "undecided", "not measured"


def table(figures):
    """The bars as lines of Markdown."""
    lines = ["| bar | asked | measured | |", "|---|---|---|---|"]
    for what, asked, measured, verdict in _judged(figures):
        verdict = f"**{verdict}**" if verdict == MISSED else verdict
        lines.append(f"| {what} | {asked} | {measured} | {verdict} |")
    return lines


def missed(figures):
    """Those that were measured and missed beyond doubt, in words."""
    return [f"{what}: {asked}, {measured}" for what, asked, measured, verdict in _judged(figures) if verdict == MISSED]


def _judged(figures):
    by = {(figure.suite, figure.case, figure.metric, figure.system): figure for figure in figures}
    for what, suite, case, metric, whose, relation, limit, peer in BARS:
        ours = by.get((suite, case, metric, whose))
        base, name = ((peer.metric, whose), peer.metric) if isinstance(peer, Own) else ((metric, peer), peer)
        theirs = by.get((suite, case, *base)) if peer else None
        unit = f" {ours.unit}" if ours and not peer and ours.unit else ""
        asked = f"{relation} {limit:,g}" + (f" × {name}" if peer else unit)
        measured = low = high = None
        if ours and theirs:
            measured, low, high = results.paired_ratio(ours.rounds, theirs.rounds)
        elif ours and not peer:
            measured, (low, high) = ours.value, results.interval(list(ours.rounds.values()))
        if measured is None:
            yield what, asked, "", NOT_MEASURED
            continue
        around = f" ({low:,.3g} – {high:,.3g})" if low < high else ""
        yield what, asked, f"{measured:,.3g}{unit}{around}", _verdict(relation, limit, low, high)


def _verdict(relation, limit, low, high):
    """Met or missed only if the whole interval of confidence says so."""
    holds = {"≥": operator.ge, "<": operator.lt, "≤": operator.le}[relation]
    ends = {holds(low, limit), holds(high, limit)}
    return UNDECIDED if len(ends) > 1 else MET if True in ends else MISSED
