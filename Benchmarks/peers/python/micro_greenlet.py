#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Python's greenlet, the extension whose model ours is: its switch, after the first example of its manual, the life of a
# greenlet, and a generator made of one, after the generator of its tests.

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


def lives(count):
    for _ in range(count):
        greenlet.greenlet(pass_by).switch()


def pass_by():
    pass


class Generator(greenlet.greenlet):
    def __init__(self, count):
        super().__init__()
        self.count = count

    def run(self):
        for number in range(self.count):
            self.parent.switch(number)

    def __iter__(self):
        return self

    def __next__(self):
        self.parent = greenlet.getcurrent()
        value = self.switch()
        if self.dead:
            raise StopIteration
        return value


def generator(count):
    if sum(Generator(count)) != count * (count - 1) // 2:
        raise SystemExit("wrong sum")


CASES = {"switch": switches, "raw_life": lives, "generator": generator}
arguments = common.micro_arguments(CASES)
even = arguments.count + arguments.count % 2  # whole round trips
common.report(arguments.case, even, common.timed(CASES[arguments.case], even))
