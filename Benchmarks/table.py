#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Turns the samples of echo.sh and switch.sh into tables: medians, and ratios formed round by round.
"""usage: table.py echo "NAME…" [NAME=BAR…] < samples
       table.py switch BASE [NAME=BAR…] < samples

echo    JSON lines as echo_load prints them, for servers of these names, of which the first is the base; a table for
        each number of connections; NAME=BAR fails (exit status 1) when NAME's ratio is below BAR in any of them
switch  lines `ROUND ns_per_switch NAME VALUE`; ratio to BASE; NAME=BAR fails when NAME's ratio is above BAR

A ratio is the median of the ratios within one round: what disturbs the machine for a while disturbs both sides of it.
Behind it stands where the median would lie in 19 of 20 repetitions, by drawing rounds anew (bootstrap).
"""

import collections
import json
import random
import statistics
import sys


def paired_ratio(samples, base):
    """The median over all rounds that have both of sample / base, and its interval of confidence of 95 %."""
    ratios = [value / base[number] for number, value in samples.items() if number in base]
    if not ratios:
        return float("nan"), float("nan"), float("nan")
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(400))
    return statistics.median(ratios), medians[10], medians[-11]


def spread(values):
    """Half the distance between the lowest and the highest tenth, in per cent of the median."""
    ordered = sorted(values)
    outer = len(ordered) // 10
    return 50 * (ordered[-1 - outer] - ordered[outer]) / statistics.median(ordered)


def echo_tables(lines, names):
    """Prints the tables, and returns the ratios by name."""
    tables = collections.defaultdict(lambda: collections.defaultdict(dict))
    for line in lines:
        sample = json.loads(line)
        name = names[sample["server"]]
        tables[sample["connections"], sample["size"]][name][sample["round"]] = sample
    ratios = collections.defaultdict(list)
    for (connections, size), rows in tables.items():
        print(f"\n{connections} connections, {size} bytes")
        print(f"{'':18}{'requests/s':>12}{'±':>6}{'ratio':>8}{'95 %':>16}{'p50 µs':>10}{'p99 µs':>10}", end="")
        print(f"{'server µs/req':>15}{'ratio':>8}{'busy':>7}")
        base = rows[names[0]]
        for name in names:
            samples = rows[name]
            rates = {number: sample["requests_per_second"] for number, sample in samples.items()}
            costs = {number: cost_of(sample) for number, sample in samples.items()}
            ratio, low, high = paired_ratio(rates, {n: sample["requests_per_second"] for n, sample in base.items()})
            cost_ratio, _, _ = paired_ratio(costs, {n: cost_of(sample) for n, sample in base.items()})
            ratios[name].append(ratio)
            median = {key: statistics.median(s[key] for s in samples.values()) for key in next(iter(samples.values()))}
            print(
                f"{name:18}{median['requests_per_second']:12,.0f}{spread(rates.values()):5.0f}%{ratio:8.3f}"
                f"{f'{low:.3f} – {high:.3f}':>16}{median['p50_us']:10,.0f}{median['p99_us']:10,.0f}"
                f"{statistics.median(costs.values()):15.2f}{cost_ratio:8.3f}{median['server_cpu']:7.0%}"
            )
    return ratios


def cost_of(sample):
    """Microseconds of the server's processor time for a request."""
    return 1e6 * sample["server_cpu"] / sample["requests_per_second"]


def switch_table(lines, base):
    """Prints the table, and returns the ratios by name."""
    rows = collections.defaultdict(dict)
    for line in lines:
        number, _, name, value = line.split()
        rows[name][number] = float(value)
    print(f"\n{'':24}{'ns/switch':>12}{'±':>6}{'ratio':>8}")
    ratios = {}
    for name, samples in sorted(rows.items(), key=lambda row: statistics.median(row[1].values())):
        ratio, _, _ = paired_ratio(samples, rows.get(base, {}))
        ratios[name] = [ratio]
        print(f"{name:24}{statistics.median(samples.values()):12.2f}{spread(samples.values()):5.0f}%{ratio:8.2f}")
    return ratios


def main(kind, base, bars):
    lines = [line for line in sys.stdin if line.strip()]
    ratios = echo_tables(lines, base.split()) if kind == "echo" else switch_table(lines, base)
    failed = False
    for bar in bars:
        name, _, limit = bar.partition("=")
        measured = ratios.get(name)
        if measured is None:
            missed = "wasn't measured; its bar is"
        elif kind == "echo":
            missed = f"{min(measured):.3f} is below" if min(measured) < float(limit) else ""
        else:
            missed = f"{max(measured):.3f} is above" if max(measured) > float(limit) else ""
        if missed:
            failed = True
            print(f"BAR MISSED: {name}: {missed} {limit} × {base.split()[0]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("echo", "switch"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
