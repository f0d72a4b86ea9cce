# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""What the comparison makes of samples: `python3 -m unittest discover -s Benchmarks -t Benchmarks`."""

import contextlib
import io
import json
import pathlib
import shutil
import subprocess
import tempfile
import types
import unittest
import unittest.mock

from comparison import __main__ as compare
from comparison import agreement, bars, plots, report, results, suites, systems, turns
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


    def test_the_base_may_depend_on_the_case(self):
        taken = [
            sample
            for case, base in (("switch, 10", systems.FCONTEXT), ("queue, 10", systems.GO))
            for name, value in ((systems.OURS, 5), (base, 10))
            for sample in samples(name, [value], "curves", case)
        ]
        figures = results.figures(taken, {"curves": suites.BY_NAME["curves"].base_of})
        self.assertEqual([figure.ratio for figure in figures], [0.5, 1, 0.5, 1])


class Curves(unittest.TestCase):
    def figures(self, name, values, curve="queue"):
        taken = [sample for size, value in values.items() for sample in samples(name, [value], "curves", f"{curve}, {size}")]
        return results.figures(taken, {"curves": suites.BY_NAME["curves"].base_of})

    def test_a_case_is_a_point_on_a_curve_if_it_ends_with_a_number(self):
        self.assertEqual(results.point("spawn + join, 100,000"), ("spawn + join", 100_000))
        self.assertEqual(results.point("1,000,000"), ("", 1_000_000))
        for case in ("queue, one way", "64 × 64 B", "1,000,000 suspended", "ring of 1,000", "64 at a time"):
            self.assertIsNone(results.point(case), case)

    def test_growth_is_from_the_least_to_the_largest_number_whatever_their_order(self):
        figures = self.figures(systems.OURS, {"100,000": 30, "10": 20, "1,000": 90})
        self.assertEqual(results.growth(figures), (10, 100_000, systems.OURS, 1.5))
        self.assertIsNone(results.growth(figures[:1]))
        self.assertIsNone(results.growth([]))

    def test_a_curve_has_a_table_and_a_line_that_says_by_how_much_costs_grow(self):
        figures = self.figures(systems.OURS, {"10": 20, "1,000": 90, "100,000": 30})
        figures += self.figures("gevent", {"10": 2000, "1,000": 8000})
        text = report.markdown([], figures, {}, suites.ALL, {})
        self.assertIn(
            "From 10 to 100,000 the time is multiplied by (1 is flat): swift-greenlet 1.5, gevent 4 (from 10 to 1,000).", text
        )
        self.assertIn("| time, ns; ratio | 10 | 1,000 | 100,000 |", text)
        self.assertIn("| gevent | 2,000 | 8,000 |  |", text)

    def test_each_curve_of_three_points_is_drawn_by_itself(self):
        cases = ["switch, 10", "switch, 100", "switch, 1,000", "queue, 10"]
        self.assertEqual(plots._curves_in(cases), {"switch": cases[:3], None: cases[3:]})
        self.assertEqual(plots._curves_in(["10", "100", "1,000"]), {"": ["10", "100", "1,000"]})
        self.assertEqual(plots._curves_in(["ping-pong"]), {None: ["ping-pong"]})

    def test_a_run_is_made_of_whole_rounds_in_which_all_take_part(self):
        for name, curve in suites.BY_NAME["curves"].CURVES.items():
            for tasks in (10, 100, 1000, 10_000, 100_000):
                for system in curve.systems:
                    count = curve.operations(system, tasks)
                    self.assertEqual(count % tasks, 0)
                    self.assertGreaterEqual(count, tasks * curve.each_of.get(system, curve.each), (name, system))

    def test_those_who_cannot_go_on_are_left_out_of_the_larger_numbers(self):
        self.assertEqual(self.who_runs("queue, 10,000"), {systems.OURS, "gevent"})
        self.assertEqual(self.who_runs("queue, 100,000"), {systems.OURS})

    def who_runs(self, case):
        def run(system, program_case, count, tasks):
            asked.add((system.name, program_case))
            return {"seconds": 1.0, "operations": count}

        asked, curves = set(), suites.BY_NAME["curves"]
        with unittest.mock.patch.object(turns, "run_micro", run):
            list(curves.measure(case, [systems.OURS, "gevent", "asyncio"], turns.Settings(quick=True)))
        self.assertEqual({program_case for _, program_case in asked}, {"queue"})
        return {name for name, _ in asked}


class Waiting(unittest.TestCase):
    def figures(self, case, program_case):
        """What is made of a run of this case, and how many operations each program was asked for."""

        def run(system, asked_case, count):
            self.assertEqual(asked_case, program_case)
            asked[system.name] = count
            return {"seconds": 1.0, "operations": count, "wake_ups": 0}

        asked, waiting = {}, suites.BY_NAME["waiting"]
        with unittest.mock.patch.object(turns, "run_micro", run):
            taken = list(waiting.measure(case, waiting.SYSTEMS, turns.Settings(rounds=2)))
        return results.figures(taken, {"waiting": waiting.BASE}), asked

    def test_a_million_timers_are_a_million_for_all(self):
        _, asked = self.figures("1,000,000 armed, then cancelled", "timers")
        self.assertEqual(asked, dict.fromkeys((systems.OURS, systems.GO, "gevent", "asyncio"), 1_000_000))

    def test_no_wake_up_meets_the_bar_and_one_misses_it(self):
        figures, _ = self.figures("idle for 10 s", "idle")
        (line,) = [line for line in bars.table(figures) if "idle" in line]
        self.assertEqual(line, "| an idle hub, wake-ups in 10 s | ≤ 0 | 0 | met |")
        woken = results.figures(samples(systems.OURS, [1], "waiting", "idle for 10 s", "wake-ups", ""), {})
        self.assertEqual(bars.missed(woken), ["an idle hub, wake-ups in 10 s: ≤ 0, 1"])


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


class Echo(unittest.TestCase):
    def rounds(self, **settings):
        """How many rounds each server is told that is up by itself."""
        echo = suites.BY_NAME["echo"]
        told = []
        with unittest.mock.patch.object(echo, "_all_at_once", lambda case, names, options: told.append((names, options)) or ()):
            with unittest.mock.patch.object(echo, "DESCRIPTORS", 15_000):
                list(echo.measure("10,000 × 64 B", [systems.EPOLL, systems.GO], turns.Settings(**settings)))
        self.assertEqual({name for (name,), _ in told}, {systems.EPOLL, systems.GO})
        return {options[options.index("--rounds") + 1] for _, options in told}

    def test_servers_that_are_up_one_after_the_other_have_as_many_rounds_as_asked_for(self):
        self.assertEqual(self.rounds(), {"2"})
        self.assertEqual(self.rounds(rounds=7), {"7"})

    def test_page_tables_are_weighed_beside_resident_memory(self):
        servers = object.__new__(suites.BY_NAME["echo"].Servers)
        servers.processes = {"me": types.SimpleNamespace(pid="self")}
        memory = servers.memory("me")
        self.assertGreater(memory["resident"], memory["page tables"])
        self.assertGreater(memory["page tables"], 4096)


class Setup(unittest.TestCase):
    def test_a_peer_that_does_not_build_is_named_and_the_rest_goes_on(self):
        script = "#!/bin/sh\necho compiling $1\n[ $1 != echo_libuv ] || { echo 'no uv.h' >&2; exit 1; }\n"
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(systems, "HERE", pathlib.Path(folder)):
            path = pathlib.Path(folder) / "build-peers.sh"
            path.write_text(script, encoding="utf-8")
            path.chmod(0o755)
            ready, missing = systems.prepare(["libuv (C)", systems.EPOLL, "ucontext"], lambda text: None)
        self.assertEqual((ready, missing), ([systems.EPOLL, "ucontext"], {"libuv (C)": "no uv.h"}))

    def test_the_script_compiles_the_others_when_one_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            here = root / "Benchmarks"
            for path in ("Benchmarks/peers", "Benchmarks/load", "Tools/scripts"):
                (root / path).mkdir(parents=True)
            shutil.copy(systems.HERE / "build-peers.sh", here)
            (root / "Tools/scripts/setup.sh").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
            (root / "Tools/scripts/setup.sh").chmod(0o755)
            (here / "peers/echo_epoll.c").write_text("int main(void) { return nothing; }\n", encoding="utf-8")
            (here / "peers/ucontext.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
            done = subprocess.run(
                [here / "build-peers.sh", "echo_epoll", "ucontext"], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "build-peers: echo_epoll doesn't compile: .*nothing")
            self.assertTrue((here / ".bin/ucontext").exists())
            self.assertFalse((here / ".bin/echo_epoll").exists())


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
    def test_each_bar_is_of_a_case_that_is_measured(self):
        for what, suite, case, _, whose, _, _, peer in bars.BARS:
            known = suites.BY_NAME[suite]
            self.assertIn(case, known.cases(quick=False), what)
            others = set() if isinstance(peer, bars.Own) else {peer}
            self.assertLessEqual({whose} | others - {None}, set(known.SYSTEMS), what)

    def figures(self, ours, peer):
        ours, peer = ([value] * 3 if isinstance(value, float) else value for value in (ours, peer))
        return results.figures(
            samples(systems.OURS, ours) + samples(systems.FCONTEXT, peer), {"switch": systems.FCONTEXT}
        )

    def line(self, ours, peer):
        return bars.table(self.figures(ours, peer))[2]

    def test_a_bar_is_met_or_missed(self):
        self.assertTrue(self.line(3.6, 5.0).endswith("| met |"), self.line(3.6, 5.0))
        self.assertTrue(self.line(5.1, 5.0).endswith("| **missed** |"), self.line(5.1, 5.0))

    def test_a_bar_within_the_interval_of_confidence_is_undecided(self):
        # The median is 0.98; as many rounds lie above as below.
        ours = [0.98, 0.90, 1.1, 0.91, 1.2, 0.93, 1.05]
        self.assertIn("| 0.98 (0.91 – 1.1) | undecided |", self.line(ours, [1.0] * 7))
        self.assertEqual(bars.missed(self.figures(ours, [1.0] * 7)), [])

    def test_a_bar_is_judged_within_rounds_whoever_the_base_is(self):
        # By their medians they are equal; in the same rounds corosensei is twice as fast.
        ours, peer = [2, 2, 2, 4, 4], [1, 1, 2, 2, 2]
        figures = results.figures(samples(systems.OURS, ours) + samples("corosensei", peer), {})
        self.assertIn("| 2 (1 – 2) | met |", bars.table(figures)[3])

    def test_a_bar_may_be_a_share_of_another_metric_of_the_same_run(self):
        def lines(trimmed, untrimmed):
            values = {"before": 1000, "left after trimStacks": trimmed, "left when all are gone": untrimmed}
            taken = [
                sample
                for metric, value in values.items()
                for sample in samples(systems.OURS, [value] * 3, "lives", "1,000,000 suspended", metric, "B")
            ]
            return [line for line in bars.table(results.figures(taken, {})) if line.startswith("| left of them")]

        within, beyond = lines(50, 51)
        self.assertEqual(within, "| left of them after trimStacks() | ≤ 0.05 × before | 0.05 | met |")
        self.assertEqual(beyond, "| left of them without it | ≤ 0.05 × before | 0.051 | **missed** |")

    def test_an_absolute_bar_has_an_interval_too(self):
        def line(values):
            figures = results.figures(samples(systems.OURS, values, "lives", "create, run, drop"), {})
            return next(line for line in bars.table(figures) if line.startswith("| create"))

        self.assertTrue(line([50, 55, 52]).endswith("| 52 ns (50 – 55) | met |"), line([50, 55, 52]))
        self.assertTrue(line([50, 65, 59]).endswith("| undecided |"))
        self.assertTrue(line([61, 65, 62]).endswith("| **missed** |"))

    def test_what_was_not_measured_says_so(self):
        self.assertTrue(all(line.endswith("not measured |") for line in bars.table([])[2:]))


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
