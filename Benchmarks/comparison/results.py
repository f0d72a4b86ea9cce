# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Samples, and the figures that are made of them."""

import collections
import dataclasses
import random
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


def figures(samples, bases):
    """All figures of `samples`; `bases` names each suite's base."""
    groups = collections.defaultdict(dict)
    units = {}
    for sample in samples:
        key = (sample.suite, sample.case, sample.metric, sample.system)
        groups[key][sample.round] = sample.value
        units[key] = sample.unit
    made = []
    for key, rounds in groups.items():
        suite, case, metric, system = key
        base = groups.get((suite, case, metric, bases.get(suite)), {})
        ratio, low, high = _paired_ratio(rounds, base)
        middle = statistics.median(rounds.values())
        made.append(
            Figure(suite, case, system, metric, units[key], middle, _spread(rounds.values()), len(rounds), ratio, low, high)
        )
    return made


def _paired_ratio(rounds, base):
    ratios = [value / base[number] for number, value in rounds.items() if base.get(number)]
    if not ratios:
        return None, None, None
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(400))
    return statistics.median(ratios), medians[10], medians[-11]


def _spread(values):
    ordered = sorted(values)
    outer = len(ordered) // 10
    middle = statistics.median(ordered)
    return (ordered[-1 - outer] - ordered[outer]) / 2 / middle if middle else 0.0
