# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What the comparison makes of samples: `python3 -m unittest discover -s Benchmarks -t Benchmarks`."""

import subprocess
import unittest

from comparison import bars, report, results, suites, systems, turns
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

    def test_a_suite_has_a_row_for_each_system(self):
        figures = results.figures(
            samples(systems.OURS, [3.6] * 3) + samples(systems.FCONTEXT, [5.0] * 3), {"switch": systems.FCONTEXT}
        )
        text = report.markdown([], figures, {}, suites.ALL, {"switch": ["switch-time.png"]})
        self.assertIn("| swift-greenlet | 3.6 ± 0% | 0.72 (0.72 – 0.72) | 3 |", text)
        self.assertIn("![One switch, one way](switch-time.png)", text)

    def test_every_system_of_a_suite_is_known(self):
        for suite in suites.ALL:
            self.assertIn(suite.BASE, suite.SYSTEMS)
            for name in suite.SYSTEMS:
                self.assertIn(name, systems.BY_NAME)


if __name__ == "__main__":
    unittest.main()
