# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""Runs our programs beside their peers; see `Benchmarks/compare`.

A suite (suites/) knows its cases and how to measure one; systems.py knows the contestants; turns.py lets them take
turns; results.py turns samples into figures; report.py, plots.py and bars.py show them.
"""
