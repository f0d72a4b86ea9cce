# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""A connection for each request: connect, echo, close.

Most of the work of a connect falls to the load, which is the limit here: the server's processor time is the figure.
"""

import json

from ..results import Sample
from . import echo

NAME, TITLE = "connect", "Connect, echo, close"
BASE = echo.BASE
SYSTEMS = echo.SYSTEMS


def cases(quick):
    return {"64 at a time": 4.0 if quick else 10.0}


def measure(case, names, settings):
    with echo.Servers(names) as servers:
        command = [str(echo.LOAD), "--connections", "64", "--size", "64", "--seconds", "0.15", "--warmup", "0.05"]
        lines = echo.run_load([*command, "--rounds", str(settings.rounds_of(15, 40)), "--reconnect", *servers.targets()])
        for sample in map(json.loads, lines):
            name, number = servers.names[sample["server"]], sample["round"]
            rate = sample["requests_per_second"]
            cost = 1e6 * sample["server_cpu"] / rate if rate else 0
            yield Sample(NAME, case, name, "processor time a connection", "µs", number, cost)
            yield Sample(NAME, case, name, "connections", "1/s", number, rate)
            yield Sample(NAME, case, name, "p99", "µs", number, sample["p99_us"])
