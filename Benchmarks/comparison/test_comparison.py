# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What the comparison makes of samples: `python3 -m unittest discover -s Benchmarks -t Benchmarks`."""

import contextlib
import io
import json
import pathlib
import subprocess
import tempfile
import types
import unittest

from comparison import __main__ as compare
from comparison import agreement, bars, report, results, suites, systems, turns
from comparison.results import Sample


def samples(system, values, suite="switch", case="ping-pong", metric="time", unit="ns"):
    return [Sample(suite, case, system, metric, unit, number, value) for number, value in enumerate(values, 1)]


class Figures(unittest.TestCase):
    def test_a_ratio_is_formed_within_each_round(self):
        # The machine is twice as slow in every other round; that says nothing about either.
        base = samples(systems.FCONTEXT, [10, 20, 10, 20, 10, 20])
        ours = samples(systems.OURS, [5, 10, 5, 10, 5, 10])
        figures = {figure.system: figure for figure in results.figures(base + ours, {"switch": systems.FCONTEXT})}
        self.assertEqual(figures[systems.OURS].ratio, 0.5)
        self.assertEqual((figures[systems.OURS].low, figures[systems.OURS].high), (0.5, 0.5))
        self.assertEqual(figures[systems.FCONTEXT].value, 15)

    def test_rounds_without_a_base_have_no_ratio(self):
        (figure,) = results.figures(samples(systems.OURS, [1, 2, 3]), {"switch": systems.FCONTEXT})
        self.assertIsNone(figure.ratio)
        self.assertEqual((figure.value, figure.runs), (2, 3))


class Turns(unittest.TestCase):
    def test_the_first_round_warms_up_and_is_not_counted(self):
        calls = []

        def measure(system):
            calls.append(system.name)
            return [("time", "ns", len(calls))]

        names = [systems.OURS, systems.GO]
        taken = list(turns.take_turns("suite", "case", names, 3, measure))
        self.assertEqual(len(calls), 8)
        self.assertEqual(len(taken), 6)
        self.assertEqual({sample.round for sample in taken}, {1, 2, 3})

    def test_whoever_fails_is_left_out_and_the_rest_goes_on(self):
        def measure(system):
            if system.name == systems.GO:
                raise subprocess.CalledProcessError(1, ["go_micro"], stderr="no such case\n")
            return [("time", "ns", 1.0)]

        taken = list(turns.take_turns("suite", "case", [systems.OURS, systems.GO], 2, measure))
        self.assertEqual({sample.system for sample in taken}, {systems.OURS})


class Runs(unittest.TestCase):
    def run_suite(self, measure):
        """What is written when this is how the only suite measures."""
        suite = types.SimpleNamespace(
            NAME="switch",
            TITLE="One switch",
            BASE=systems.FCONTEXT,
            SYSTEMS=[systems.OURS, systems.FCONTEXT],
            cases=lambda quick: {"first": 1.0, "second": 1.0},
            measure=measure,
        )
        options = types.SimpleNamespace(quick=False, rounds=None, case="")
        taken, output = [], io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            with contextlib.suppress(KeyboardInterrupt):
                compare.run([suite], suite.SYSTEMS, options, taken)
            with tempfile.TemporaryDirectory() as folder:
                compare.write(pathlib.Path(folder), [], [], {}, taken)
                text = (pathlib.Path(folder) / "results.json").read_text(encoding="utf-8")
        return [(result["case"], result["value"]) for result in json.loads(text)["results"]], output.getvalue()

    def test_what_was_measured_before_an_interruption_is_written(self):
        def measure(case, names, settings):
            yield from samples(systems.OURS, [3.6], case=case)
            raise KeyboardInterrupt

        written, _ = self.run_suite(measure)
        self.assertEqual(written, [("first", 3.6)])

    def test_a_case_that_fails_is_named_and_the_next_is_measured(self):
        def measure(case, names, settings):
            if case == "first":
                raise subprocess.SubprocessError("the load failed: no such port")
            yield from samples(systems.OURS, [3.6], case=case)

        written, output = self.run_suite(measure)
        self.assertEqual(written, [("second", 3.6)])
        self.assertIn("switch, first is left out: the load failed: no such port", output)

    def test_the_time_left_follows_from_the_share_that_is_done(self):
        progress, output = turns.Progress(total=4), io.StringIO()
        progress.start -= 60
        with contextlib.redirect_stderr(output):
            progress.advance(3, "this")
        self.assertEqual(output.getvalue(), "compare:  75%, about 0:20 left: this\n")


class Agreement(unittest.TestCase):
    def test_ratios_that_are_further_apart_than_15_percent_are_counted_and_named(self):
        keys = [("echo", "64 × 64 B", "requests", name) for name in ("a", "b", "c")]
        earlier, later = dict(zip(keys, [1.0, 1.0, 0.5])), dict(zip(keys, [1.14, 0.8, 0.5]))
        text = agreement.lines(earlier, later)
        self.assertEqual(text[0], "2 of 3 ratios agree within 15%.")
        self.assertIn("| echo | requests | 2 | 3 |", text)
        self.assertEqual(text[-3], "| echo, 64 × 64 B, requests, b | 1 | 0.8 |")

    def test_the_base_is_not_counted(self):
        figures = results.figures(
            samples(systems.OURS, [5] * 3) + samples(systems.FCONTEXT, [10] * 3), {"switch": systems.FCONTEXT}
        )
        found = agreement.ratios([vars(figure) for figure in figures])
        self.assertEqual(found, {("switch", "ping-pong", "time", systems.OURS): 0.5})


    def test_who_is_ahead_is_judged_by_what_happened_in_the_same_rounds(self):
        # The base was never measured while the machine was fast; within each round it is ahead.
        base = samples(systems.EPOLL, [100, 100], "echo", "64 × 64 B", "requests", "1/s")
        ours = samples(systems.OURS, [95, 95, 190, 190, 190], "echo", "64 × 64 B", "requests", "1/s")
        text = report.markdown([], results.figures(base + ours, {"echo": systems.EPOLL}), {}, suites.ALL, {})
        self.assertIn("| epoll (C): 100 1/s | 1.05 times |", text)


class Bars(unittest.TestCase):
    def line(self, ours, peer):
        figures = results.figures(
            samples(systems.OURS, [ours] * 3) + samples(systems.FCONTEXT, [peer] * 3), {"switch": systems.FCONTEXT}
        )
        return bars.table(figures)[2]

    def test_a_bar_is_met_or_missed(self):
        self.assertTrue(self.line(3.6, 5.0).endswith("| met |"), self.line(3.6, 5.0))
        self.assertTrue(self.line(5.1, 5.0).endswith("| **missed** |"), self.line(5.1, 5.0))

    def test_what_was_not_measured_says_so(self):
        self.assertTrue(all(line.endswith("not measured |") for line in bars.table([])[2:]))

    def test_every_bar_names_a_case_that_exists(self):
        for _, suite, case, _, whose, _, _, peer in bars.BARS:
            module = suites.BY_NAME[suite]
            self.assertIn(case, module.cases(False))
            self.assertIn(whose, module.SYSTEMS)
            self.assertTrue(peer is None or peer in module.SYSTEMS, peer)


class Reports(unittest.TestCase):
    def test_a_report_names_what_is_missing_and_why(self):
        text = report.markdown([("kernel", "Linux")], [], {"corosensei": "no crates.io here"}, suites.ALL, {})
        self.assertIn("- corosensei is missing: no crates.io here", text)

    def test_a_suite_has_a_row_for_each_system_with_an_interval_where_rounds_are_enough(self):
        figures = results.figures(
            samples(systems.OURS, [3.6] * 6) + samples(systems.FCONTEXT, [5.0] * 5), {"switch": systems.FCONTEXT}
        )
        text = report.markdown([], figures, {}, suites.ALL, {"switch": ["switch-time.png"]})
        self.assertIn("| swift-greenlet | 3.6 ± 0% | 0.72 (0.72 – 0.72) | 6 |", text)
        self.assertIn("| boost.context | 5 ± 0% | 1 | 5 |", text)
        self.assertIn("![One switch, one way](switch-time.png)", text)

    def test_a_report_says_where_others_are_ahead(self):
        figures = results.figures(samples(systems.OURS, [5] * 3) + samples("corosensei", [2] * 3), {})
        text = report.markdown([], figures, {}, suites.ALL, {})
        self.assertIn("| switch | ping-pong | time | 5 | corosensei: 2 ns | 2.50 times |", text)

    def test_every_system_of_a_suite_is_known(self):
        for suite in suites.ALL:
            self.assertIn(suite.BASE, suite.SYSTEMS)
            for name in suite.SYSTEMS:
                self.assertIn(name, systems.BY_NAME)


if __name__ == "__main__":
    unittest.main()
