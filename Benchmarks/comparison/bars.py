# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What the project asks of itself, and whether it was met in this run."""

from . import systems
from .systems import OURS, PATCHED

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
    ("yield between two", "scheduler", "yield", "time", OURS, "≤", 20, None),
    ("yield between two", "scheduler", "yield", "time", OURS, "≤", 0.35, systems.BOOST_FIBER),
    ("spawn + join", "scheduler", "spawn + join", "time", OURS, "≤", 150, None),
    ("hand-over through a queue", "scheduler", "queue, one way", "time", OURS, "≤", 50, None),
    ("a sleeper, resident", "sleepers", "100,000", "resident", OURS, "≤", 4.6 * 1024, None),
    ("1,000,000 sleepers", "sleepers", "1,000,000", "time", OURS, "≤", 1.0, systems.GO),
    ("echo, 64 connections", "echo", "64 × 64 B", "requests", OURS, "≥", 0.97, systems.EPOLL),
    ("echo, 1,000 connections", "echo", "1,000 × 64 B", "requests", OURS, "≥", 0.97, systems.EPOLL),
    ("the same with patched calls, 64", "echo", "64 × 64 B", "requests", PATCHED, "≥", 0.90, systems.EPOLL),
    ("the same with patched calls, 1,000", "echo", "1,000 × 64 B", "requests", PATCHED, "≥", 0.90, systems.EPOLL),
]


def table(figures):
    """The bars as lines of Markdown."""
    lines = ["| bar | asked | measured | |", "|---|---|---|---|"]
    for what, asked, measured, is_met in _judged(figures):
        verdict = "not measured" if is_met is None else "met" if is_met else "**missed**"
        lines.append(f"| {what} | {asked} | {measured} | {verdict} |")
    return lines


def missed(figures):
    """Those that were measured and missed, in words."""
    return [f"{what}: {asked}, {measured}" for what, asked, measured, is_met in _judged(figures) if is_met is False]


def _judged(figures):
    by = {(figure.suite, figure.case, figure.metric, figure.system): figure for figure in figures}
    for what, suite, case, metric, whose, relation, limit, peer in BARS:
        ours = by.get((suite, case, metric, whose))
        theirs = by.get((suite, case, metric, peer)) if peer else None
        unit = f" {ours.unit}" if ours and not peer and ours.unit else ""
        asked = f"{relation} {limit:,g}" + (f" × {peer}" if peer else unit)
        if ours is None or (peer and theirs is None):
            yield what, asked, "", None
            continue
        measured = _ratio(ours, theirs) if peer else ours.value
        is_met = measured >= limit if relation == "≥" else measured < limit if relation == "<" else measured <= limit
        yield what, asked, f"{measured:,.3g}{unit}", is_met


def _ratio(ours, theirs):
    """By rounds where both have a ratio to the suite's base, which is one of them as a rule."""
    if ours.ratio is not None and theirs.ratio:
        return ours.ratio / theirs.ratio
    return ours.value / theirs.value
