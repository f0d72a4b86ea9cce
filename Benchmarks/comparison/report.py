# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Figures as Markdown tables, and as JSON."""

import collections
import dataclasses
import json

from . import bars, results
from .suites import base_of
from .systems import OURS, PATCHED, SHARED


def number(value):
    """Three digits that count, thousands set apart."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def write_json(path, facts, figures, missing):
    document = {
        "machine": dict(facts),
        "missing": missing,
        "results": [
            {key: value for key, value in dataclasses.asdict(figure).items() if value is not None and key != "rounds"}
            for figure in figures
        ],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def markdown(facts, figures, missing, suites, pictures):
    """The whole report."""
    lines = ["# Results", "", "Written by `Benchmarks/compare`. A value is the median of all rounds, ± half the distance",
             "between its lowest and highest tenth; a ratio is the median of the ratios within each round, and behind it",
             "stands its interval of confidence of 95 %.", ""]
    lines += ["| | |", "|---|---|", *(f"| {word} | {line} |" for word, line in facts), ""]
    for name, reason in missing.items():
        lines.append(f"- {name} is missing: {reason}")
    if missing:
        lines.append("")
    lines += ["## Bars", "", *bars.table(figures), "", "## Where others are ahead", "", *_ahead(suites, figures), ""]
    for suite in suites:
        own = [figure for figure in figures if figure.suite == suite.NAME]
        if own:
            lines += [f"## {suite.TITLE}", "", *_bases(suite, own), ""]
            lines += [f"![{suite.TITLE}]({picture})\n" for picture in pictures.get(suite.NAME, [])]
            lines += (_curves if all(_curve(figure) for figure in own) else _suite)(suite, own)
    return "\n".join(lines).rstrip() + "\n"


def _ahead(suites, figures):
    """Each case and metric in which a peer is better than ours by more than a hundredth, by paired ratios if there are any."""
    lines = ["| suite | case | metric | ours | best of the others | |", "|---|---|---|---:|---|---:|"]
    for suite in suites:
        own = [figure for figure in figures if figure.suite == suite.NAME]
        for case, metric in dict.fromkeys((figure.case, figure.metric) for figure in own):
            row = {figure.system: figure for figure in own if (figure.case, figure.metric) == (case, metric)}
            ours = row.pop(OURS, None)
            for variant in (PATCHED, SHARED):
                row.pop(variant, None)
            if ours is None or not row:
                continue
            by_ratio = all(figure.ratio for figure in [ours, *row.values()])
            worth = (lambda figure: figure.ratio) if by_ratio else (lambda figure: figure.value)
            more_is_better = ours.unit == "1/s"
            peer = (max if more_is_better else min)(row.values(), key=worth)
            behind = worth(ours) < 0.99 * worth(peer) if more_is_better else worth(ours) > 1.01 * worth(peer)
            if behind:
                theirs = f"{peer.system}: {number(peer.value)} {peer.unit}".rstrip()
                better, worse = (peer, ours) if more_is_better else (ours, peer)
                factor = f"{worth(better) / worth(worse):.2f} times" if worth(worse) else ""
                lines.append(f"| {suite.NAME} | {case} | {metric} | {number(ours.value)} | {theirs} | {factor} |")
    return lines if len(lines) > 2 else ["Nowhere in this run."]


def _bases(suite, figures):
    bases = collections.defaultdict(list)
    for case in dict.fromkeys(figure.case for figure in figures):
        bases[base_of(suite, case)].append(results.point(case)[0] if results.point(case) else case)
    if len(bases) == 1:
        return [f"Ratios are to {next(iter(bases))}."]
    words = [f"{base} ({', '.join(dict.fromkeys(of))})" for base, of in bases.items()]
    return [f"Ratios are to {', '.join(words)}."]


def _curve(figure):
    """The name of the curve that a figure is on, if it is on one that has a name."""
    place = results.point(figure.case)
    return place and place[0]


def _curves(suite, figures):
    """A table for each curve, with a column for each number on it, and by how much costs grow."""
    lines = []
    for curve, metric in dict.fromkeys((_curve(figure), figure.metric) for figure in figures):
        own = [figure for figure in figures if (_curve(figure), figure.metric) == (curve, metric)]
        cases = sorted(dict.fromkeys(figure.case for figure in own), key=results.point)
        lines += [f"### {curve}", "", *_growth(suite, own, metric)]
        heads = [f"{metric}, {own[0].unit}; ratio", *(f"{results.point(case)[1]:,}" for case in cases)]
        lines.append(f"| {' | '.join(heads)} |")
        lines.append("|---" + "|---:" * len(cases) + "|")
        by = {(figure.system, figure.case): figure for figure in own}
        for system in suite.SYSTEMS:
            row = [by.get((system, case)) for case in cases]
            if any(row):
                cells = [f"{_cell(figure)}; {_ratio(figure)}".strip("; ") if figure else "" for figure in row]
                lines.append(f"| {system} | {' | '.join(cells)} |")
        lines.append("")
    return lines


def _growth(suite, figures, metric):
    """One line: by how much each system's costs grow along the curve."""
    by = {name: [figure for figure in figures if figure.system == name] for name in suite.SYSTEMS}
    ends = [end for end in map(results.growth, by.values()) if end]
    if not ends:
        return []
    longest = max((first, last) for first, last, _, _ in ends)
    words = [
        f"{name} {number(factor)}" + ("" if (first, last) == longest else f" (from {first:,} to {last:,})")
        for first, last, name, factor in ends
    ]
    return [f"From {longest[0]:,} to {longest[1]:,} the {metric} is multiplied by (1 is flat): {', '.join(words)}.", ""]


def _suite(suite, figures):
    lines = []
    for case in dict.fromkeys(figure.case for figure in figures):
        own = [figure for figure in figures if figure.case == case]
        metrics = list(dict.fromkeys(figure.metric for figure in own))
        lines += [f"### {case}", ""]
        heads = []
        for metric in metrics:
            unit = next(figure.unit for figure in own if figure.metric == metric)
            heads.append(f"{metric}, {unit}" if unit else metric)
        lines.append(f"| | {' | '.join(heads)} | ratio of {metrics[0]} | rounds |")
        lines.append("|---" + "|---:" * (len(metrics) + 2) + "|")
        by = {(figure.system, figure.metric): figure for figure in own}
        for system in (name for name in suite.SYSTEMS if (name, metrics[0]) in by):
            first = by[system, metrics[0]]
            cells = [_cell(by.get((system, metric))) for metric in metrics]
            lines.append(f"| {system} | {' | '.join(cells)} | {_ratio(first)} | {first.runs} |")
        lines.append("")
    return lines


def _ratio(figure):
    """The ratio, and its interval where there are rounds enough to tell."""
    if figure.ratio is None:
        return ""
    return f"{figure.ratio:.3g}" + (f" ({figure.low:.3g} – {figure.high:.3g})" if figure.runs > 5 else "")


def _cell(figure):
    if figure is None:
        return ""
    return f"{number(figure.value)} ± {figure.spread:.0%}" if figure.runs > 2 else number(figure.value)
