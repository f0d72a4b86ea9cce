#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# Python's greenlet, the extension whose model ours is: its switch, after the first example of its manual, between two and
# in a ring; the life of a greenlet; and a generator made of one, after the generator of its tests.

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


def ring(size=1000):
    members = [greenlet.getcurrent()]

    def pass_on(to_next):
        members[0].switch()
        while True:
            to_next()

    for _ in range(size - 1):
        members.append(greenlet.greenlet(pass_on))
        # Begun from here: who is begun by another inherits the depth of its recursion.
        members[-1].switch(members[-2].switch)

    def around(count):
        to_next = members[-1].switch
        for _ in range(max(1, count // size)):
            to_next()

    return around


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
arguments = common.micro_arguments([*CASES, "ring"])
if arguments.case == "ring":
    around = ring(*([arguments.more] if arguments.more else []))
    common.report("ring", arguments.count, common.timed(around, arguments.count))
else:
    even = arguments.count + arguments.count % 2  # whole round trips
    common.report(arguments.case, even, common.timed(CASES[arguments.case], even))
