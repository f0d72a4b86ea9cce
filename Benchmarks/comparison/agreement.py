# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Whether two runs tell the same."""

import json

WITHIN = 0.15


def read(path):
    """The ratios of a results.json, by suite, case, metric and system; those of the base itself say nothing."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return ratios(document["results"])


def ratios(results):
    return {
        tuple(result[key] for key in ("suite", "case", "metric", "system")): result["ratio"]
        for result in results
        if result.get("ratio") and (result["low"], result["high"]) != (1, 1)
    }


def lines(earlier, later):
    """How many ratios agree, overall and by metric, and which differ most, as lines of Markdown."""
    common = [key for key in later if key in earlier]
    if not common:
        return ["No ratio was measured in both runs."]
    apart = {key: max(earlier[key], later[key]) / min(earlier[key], later[key]) - 1 for key in common}
    good = [key for key in common if apart[key] <= WITHIN]
    text = [f"{len(good)} of {len(common)} ratios agree within {WITHIN:.0%}.", ""]
    text += ["| suite | metric | agree | of |", "|---|---|---:|---:|"]
    for suite, metric in dict.fromkeys((key[0], key[2]) for key in common):
        own = [key for key in common if (key[0], key[2]) == (suite, metric)]
        text.append(f"| {suite} | {metric} | {sum(key in good for key in own)} | {len(own)} |")
    text += ["", "| furthest apart | earlier | this run |", "|---|---:|---:|"]
    for key in sorted(common, key=apart.get, reverse=True)[:12]:
        text.append(f"| {', '.join(key)} | {earlier[key]:.3g} | {later[key]:.3g} |")
    return text
