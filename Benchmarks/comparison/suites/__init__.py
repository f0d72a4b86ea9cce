# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""The suites. A new one is a file here, and a line in `ALL`.

A suite is a module with
    NAME, TITLE         in options, and in headings
    BASE                the system that ratios are to; with base_of(case) where that depends on the case
    SYSTEMS             who takes part
    cases(quick)        the names of its cases, each with a guess of its seconds per system; "queue, 1,000" is the
                        point 1,000 of the curve "queue"
    measure(case, names, settings)
                        yields samples of the case for the systems named; see turns.Settings
"""

from . import connect, curves, echo, lives, scheduler, sleepers, switch, waiting

ALL = [switch, lives, scheduler, waiting, curves, sleepers, echo, connect]


def base_of(suite, case):
    return suite.base_of(case) if hasattr(suite, "base_of") else suite.BASE


BY_NAME = {suite.NAME: suite for suite in ALL}
