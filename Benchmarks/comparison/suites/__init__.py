# Part of swift-greenlet. Apache License 2.0, see LICENSE.
"""The suites. A new one is a file here, and a line in `ALL`.

A suite is a module with
    NAME, TITLE         in options, and in headings
    BASE                the system that ratios are to
    SYSTEMS             who takes part
    cases(quick)        the names of its cases, each with a guess of its seconds per system
    measure(case, names, settings)
                        yields samples of the case for the systems named; see turns.Settings
"""

from . import connect, curves, echo, lives, scheduler, sleepers, switch

ALL = [switch, lives, scheduler, curves, sleepers, echo, connect]
BY_NAME = {suite.NAME: suite for suite in ALL}
