# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Samples, and the figures that are made of them."""

import collections
import dataclasses
import random
import re
import statistics


@dataclasses.dataclass(frozen=True)
class Sample:
    """One measurement of one system in one round."""

    suite: str
    case: str
    system: str
    metric: str
    unit: str
    round: int
    value: float


@dataclasses.dataclass(frozen=True)
class Figure:
    """What all rounds say about one system: the median, and the ratio to the suite's base."""

    suite: str
    case: str
    system: str
    metric: str
    unit: str
    value: float
    spread: float
    """Half the distance between the lowest and the highest tenth, as a share of the median."""
    runs: int
    ratio: float | None
    """The median of the ratios to the base within each round: what disturbs the machine disturbs both."""
    low: float | None
    high: float | None
    """Where that median would lie in 19 of 20 repetitions (bootstrap over rounds)."""
    rounds: dict = dataclasses.field(repr=False)
    """The value of each round."""


def point(case):
    """The curve that a case is on, and where: ("queue", 1000) of "queue, 1,000", ("", 10) of "10", None of "ping-pong"."""
    match = re.fullmatch(r"(?:(.+), )?(\d{1,3}(?:,\d{3})*)", case)
    return (match[1] or "", int(match[2].replace(",", ""))) if match else None


def growth(figures):
    """From where to where on a curve somebody was measured, who, and by how much the value grew; None for a single point."""
    ends = [f(figures, key=lambda figure: point(figure.case), default=None) for f in (min, max)]
    if not ends[0] or ends[0] is ends[1]:
        return None
    least, most = ends
    return point(least.case)[1], point(most.case)[1], most.system, most.value / least.value


def figures(samples, bases):
    """All figures of `samples`; `bases` names each suite's base, or is a function of its cases that does."""
    groups = collections.defaultdict(dict)
    units = {}
    for sample in samples:
        key = (sample.suite, sample.case, sample.metric, sample.system)
        groups[key][sample.round] = sample.value
        units[key] = sample.unit
    made = []
    for key, rounds in groups.items():
        suite, case, metric, system = key
        base = bases.get(suite)
        base = groups.get((suite, case, metric, base(case) if callable(base) else base), {})
        ratio, low, high = paired_ratio(rounds, base)
        middle = statistics.median(rounds.values())
        made.append(
            Figure(
                suite, case, system, metric, units[key], middle, _spread(rounds.values()), len(rounds), ratio, low, high, rounds
            )
        )
    return made


def paired_ratio(rounds, base):
    """The median of the ratios within each round that both have, and its interval of confidence."""
    ratios = [value / base[number] for number, value in rounds.items() if base.get(number)]
    return (statistics.median(ratios), *interval(ratios)) if ratios else (None, None, None)


def interval(values):
    """Where the median of `values` would lie in 19 of 20 repetitions (bootstrap)."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(400))
    return medians[10], medians[-11]


def _spread(values):
    ordered = sorted(values)
    outer = len(ordered) // 10
    middle = statistics.median(ordered)
    return (ordered[-1 - outer] - ordered[outer]) / 2 / middle if middle else 0.0
