# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""A connection for each request: connect, echo, close.

Most of the work of a connect falls to the load, which is the limit here: the server's processor time is the figure.
"""

from ..results import Sample
from . import echo

NAME, TITLE = "connect", "Connect, echo, close"
BASE = echo.BASE
SYSTEMS = echo.SYSTEMS


def cases(quick):
    return {"64 at a time": 4.0 if quick else 10.0}


def measure(case, names, settings):
    options = ["--connections", "64", "--size", "64", "--seconds", "0.15", "--warmup", "0.05", "--reconnect"]
    options += ["--rounds", str(settings.rounds_of(15, 40))]
    with echo.Servers(names) as servers:
        for sample in servers.under_load(case, options):
            rate = sample["requests_per_second"]
            for metric, unit, value in (
                ("processor time a connection", "µs", 1e6 * sample["server_cpu"] / rate if rate else 0),
                ("connections", "1/s", rate),
            ):
                yield Sample(NAME, case, sample["name"], metric, unit, sample["round"], value)
