# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Pictures of the figures: bars for each case, curves where a case is a number."""

import math
import re

from .report import number
from .results import point

OURS_COLOUR, PEER_COLOUR = "#c2410c", "#94a3b8"


def draw(directory, suite, figures):
    """Draws a suite; returns the names of the PNG files. Each has an SVG beside it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    own = [figure for figure in figures if figure.suite == suite.NAME]
    if not own:
        return []
    names = []
    for metric in dict.fromkeys(figure.metric for figure in own):
        chosen = [figure for figure in own if figure.metric == metric]
        for curve, cases in _curves_in(dict.fromkeys(figure.case for figure in chosen)).items():
            drawing = _bars if curve is None else _curve
            picture = drawing(pyplot, suite, metric, [figure for figure in chosen if figure.case in cases], cases)
            stem = re.sub(r"[^a-z0-9]+", "-", f"{suite.NAME} {curve or ''} {metric}".lower()).strip("-")
            for kind in ("png", "svg"):
                picture.savefig(directory / f"{stem}.{kind}", dpi=130, bbox_inches="tight")
            pyplot.close(picture)
            names.append(f"{stem}.png")
    return names


def _curves_in(cases):
    """The cases by the curve that they are on; under None those that are on none, or on one of fewer than three points."""
    curves = {}
    for case in cases:
        curves.setdefault(point(case) and point(case)[0], []).append(case)
    long = {curve: own for curve, own in curves.items() if curve is not None and len(own) > 2}
    rest = [case for curve, own in curves.items() if curve not in long for case in own]
    return long | ({None: rest} if rest else {})


def _colour(system):
    return OURS_COLOUR if system.startswith("swift-greenlet") else PEER_COLOUR


def _bars(pyplot, suite, metric, figures, cases):
    columns = min(3, len(cases))
    rows = math.ceil(len(cases) / columns)
    picture, axes = pyplot.subplots(rows, columns, figsize=(4.6 * columns, 0.9 + 2.7 * rows), squeeze=False)
    for axis in axes.flat[len(cases):]:
        axis.axis("off")
    for axis, case in zip(axes.flat, cases):
        by = {figure.system: figure for figure in figures if figure.case == case}
        systems = [name for name in suite.SYSTEMS if name in by][::-1]
        values = [by[name].value for name in systems]
        errors = [by[name].value * by[name].spread for name in systems]
        errors = [[min(error, value) for error, value in zip(errors, values)], errors]  # no bar ends below zero
        drawn = axis.barh(systems, values, xerr=errors, color=[_colour(name) for name in systems], error_kw={"lw": 0.8})
        axis.bar_label(drawn, labels=[f" {number(value)}" for value in values], fontsize=7)
        if min(values) > 0 and max(values) / min(values) > 30:
            axis.set_xscale("log")
        axis.margins(x=0.18)
        axis.set_title(case, fontsize=9)
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    picture.suptitle(f"{suite.TITLE}: {metric}, {figures[0].unit}", fontsize=10)
    picture.tight_layout()
    return picture


def _curve(pyplot, suite, metric, figures, cases):
    picture, axis = pyplot.subplots(figsize=(6.4, 4))
    for name in suite.SYSTEMS:
        points = sorted((point(figure.case)[1], figure.value) for figure in figures if figure.system == name)
        if points:
            emphasis = {"color": OURS_COLOUR, "lw": 2.2} if name.startswith("swift-greenlet") else {"lw": 1.1}
            axis.plot(*zip(*points), marker="o", ms=3, label=name, **emphasis)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("how many")
    axis.set_ylabel(f"{metric}, {figures[0].unit}")
    axis.legend(fontsize=7, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    curve = point(cases[0])[0]
    axis.set_title(f"{suite.TITLE}: {curve}" if curve else suite.TITLE, fontsize=10)
    return picture
