# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Benchmarks/compare: our programs beside their peers, in one run."""

import argparse
import functools
import os
import pathlib
import resource
import signal
import subprocess
import sys

from . import agreement, bars, machine, plots, report, results, suites, systems
from .turns import Progress, Settings, left_out, reason_of, say


def main():
    options = parse()
    earlier = agreement.read(options.against) if options.against else None
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # servers and loads inherit it
    chosen = [suites.BY_NAME[name] for name in options.suite]
    wanted = list(dict.fromkeys(name for suite in chosen for name in suite.SYSTEMS))
    if options.only:
        bases = {suites.base_of(suite, case) for suite in chosen for case in suite.cases(options.quick)}
        wanted = [name for name in wanted if name in options.only or name in bases]
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"the machine is busy (load {load:.2f}): figures will be worse than they need to be")
    ready, missing = systems.prepare(wanted, say)
    for name, reason in missing.items():
        say(f"{name} can't be had: {reason}")
    samples = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(chosen, ready, options, samples)
    except KeyboardInterrupt:
        say("stopped; what was measured is written")
    figures = write(options.out, chosen, ready, missing | left_out, samples, load)
    if earlier is not None:
        text = "\n".join(agreement.lines(earlier, agreement.read(options.out / "results.json")))
        (options.out / "agreement.md").write_text(f"# Agreement with {options.against}\n\n{text}\n", encoding="utf-8")
        print(text)
    missed = bars.missed(figures)
    if options.check and missed:
        sys.exit(f"compare: bars missed: {'; '.join(missed)}")


def path(text):
    """A path as whoever started the launcher means it."""
    return pathlib.Path(os.environ.get("COMPARE_FROM", "."), text)


def parse():
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("--suite", action="append", choices=list(suites.BY_NAME), help="which (default: all)")
    parser.add_argument("--only", action="append", choices=list(systems.BY_NAME), help="this system and the base only")
    parser.add_argument("--case", default="", help="only cases whose name contains this, such as '1,000 × 64 B'")
    parser.add_argument("--rounds", type=int, help="how many, whatever the suite would choose")
    parser.add_argument("--check", action="store_true", help="fail when a bar is missed that was measured")
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds: five minutes")
    parser.add_argument("--out", type=path, default=systems.BIN / "results", help="where to (.bin/results)")
    parser.add_argument("--against", type=path, help="a results.json: say how many ratios agree with it")
    options = parser.parse_args()
    options.suite = options.suite or list(suites.BY_NAME)
    return options


def run(chosen, ready, options, samples):
    """Measures; `samples` grows as it goes, so that what was measured before an interruption is there."""
    plan = [
        (suite, case, [name for name in suite.SYSTEMS if name in ready], guess)
        for suite in chosen
        for case, guess in suite.cases(options.quick).items()
        if options.case in case
    ]
    settings = Settings(options.quick, options.rounds)
    progress = Progress(sum(guess * len(names) for _, _, names, guess in plan))
    for suite, case, names, guess in plan:
        say(f"{suite.NAME}, {case}: {', '.join(names)}")
        try:
            for sample in suite.measure(case, names, settings):
                samples.append(sample)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            left_out[f"{suite.NAME}, {case}"] = reason_of(error)
            say(f"{suite.NAME}, {case} is left out: {reason_of(error)}")
        progress.advance(guess * len(names), f"{suite.NAME}, {case} is done")


def write(directory, chosen, ready, missing, samples, load=0.0):
    if not samples:
        sys.exit("compare: nothing was measured")
    directory.mkdir(parents=True, exist_ok=True)
    figures = results.figures(samples, {suite.NAME: functools.partial(suites.base_of, suite) for suite in chosen})
    facts = [("load before", f"{load:.2f} over the last minute"), *machine.describe(ready)]
    pictures = {}
    try:
        for suite in chosen:
            pictures[suite.NAME] = plots.draw(directory, suite, figures)
    except ImportError as error:
        say(f"no pictures: {error}")
    report.write_json(directory / "results.json", facts, figures, missing)
    text = report.markdown(facts, figures, missing, chosen, pictures)
    (directory / "results.md").write_text(text, encoding="utf-8")
    print(text)
    say(f"written to {directory}")
    return figures


if __name__ == "__main__":
    main()
