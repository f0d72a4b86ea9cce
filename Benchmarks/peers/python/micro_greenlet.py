#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# The switch of Python's greenlet, the extension whose model ours is; modelled on the first example of its manual.

import greenlet

import common


def switches(count):
    main = greenlet.getcurrent()

    def bounce():
        back = main.switch
        while True:
            back()

    there = greenlet.greenlet(bounce).switch
    for _ in range(count // 2):
        there()


arguments = common.micro_arguments(["switch"])
even = arguments.count + arguments.count % 2  # whole round trips
common.report("switch", even, common.timed(switches, even))
