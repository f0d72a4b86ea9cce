#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Turns the samples of echo.sh and switch.sh into tables: medians, and ratios formed round by round.
"""usage: table.py echo|switch BASE [NAME=BAR…] < samples

echo    lines `ROUND NAME JSON`, JSON as echo_load prints it; a table for each number of connections, with the rate's
        ratio to BASE; NAME=BAR fails (exit status 1) when NAME's ratio is below BAR at any number of connections
switch  lines `ROUND ns_per_switch NAME VALUE`; ratio to BASE; NAME=BAR fails when NAME's ratio is above BAR

A ratio is the median of the ratios within one round: what disturbs the machine for a while disturbs both sides of it.
"""

import collections
import json
import statistics
import sys


def paired_ratio(samples, base):
    """The median over all rounds that have both of sample / base."""
    ratios = [value / base[number] for number, value in samples.items() if number in base]
    return statistics.median(ratios) if ratios else float("nan")


def spread(values):
    """Half the distance from the lowest to the highest, in per cent of the median."""
    middle = statistics.median(values)
    return 50 * (max(values) - min(values)) / middle


def echo_tables(lines, base):
    """Prints the tables, and returns the ratios by name."""
    tables = collections.defaultdict(lambda: collections.defaultdict(dict))
    for line in lines:
        number, name, text = line.split(maxsplit=2)
        sample = json.loads(text)
        tables[sample["connections"], sample["size"]][name][number] = sample
    ratios = collections.defaultdict(list)
    for (connections, size), rows in tables.items():
        print(f"\n{connections} connections, {size} bytes")
        print(f"{'':18}{'requests/s':>12}{'±':>6}{'ratio':>8}{'p50 µs':>10}{'p99 µs':>10}", end="")
        print(f"{'server µs/req':>15}{'busy':>7}")
        for name, samples in rows.items():
            rates = {number: sample["requests_per_second"] for number, sample in samples.items()}
            base_rates = {number: sample["requests_per_second"] for number, sample in rows.get(base, {}).items()}
            ratio = paired_ratio(rates, base_rates)
            ratios[name].append(ratio)
            median = {key: statistics.median(s[key] for s in samples.values()) for key in next(iter(samples.values()))}
            rate = median["requests_per_second"]
            print(
                f"{name:18}{rate:12,.0f}{spread(rates.values()):5.0f}%{ratio:8.3f}{median['p50_us']:10,.0f}"
                f"{median['p99_us']:10,.0f}{1e6 * median['server_cpu'] / rate:15.2f}{median['server_cpu']:7.0%}"
            )
    return ratios


def switch_table(lines, base):
    """Prints the table, and returns the ratios by name."""
    rows = collections.defaultdict(dict)
    for line in lines:
        number, _, name, value = line.split()
        rows[name][number] = float(value)
    print(f"\n{'':24}{'ns/switch':>12}{'±':>6}{'ratio':>8}")
    ratios = {}
    for name, samples in sorted(rows.items(), key=lambda row: statistics.median(row[1].values())):
        ratio = paired_ratio(samples, rows.get(base, {}))
        ratios[name] = [ratio]
        print(f"{name:24}{statistics.median(samples.values()):12.2f}{spread(samples.values()):5.0f}%{ratio:8.2f}")
    return ratios


def main(kind, base, bars):
    lines = [line for line in sys.stdin if line.strip()]
    ratios = echo_tables(lines, base) if kind == "echo" else switch_table(lines, base)
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
            print(f"BAR MISSED: {name}: {missed} {limit} × {base}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("echo", "switch"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
