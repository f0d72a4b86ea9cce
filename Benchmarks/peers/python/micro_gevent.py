#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# What gevent's scheduler costs; written with the calls that its manual's introduction teaches, on its default loop.

import gevent
from gevent.queue import Queue

import common


def yields(count, tasks=2):
    def task(turns):
        for _ in range(turns):
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(task, turns) for turns in common.shares(count, tasks)])


def spawn_joins(count):
    def nothing():
        pass

    for _ in range(count):
        gevent.spawn(nothing).join()


def spawn_all(count, tasks=1000):
    def nothing():
        pass

    for _ in range(max(1, count // tasks)):
        gevent.joinall([gevent.spawn(nothing) for _ in range(tasks)])


def hand_out(tasks=1000):
    numbers = Queue(1)

    def receive():
        while True:
            numbers.get()

    for _ in range(tasks):
        gevent.spawn(receive)

    def send(count):
        for number in range(count):
            numbers.put(number)

    return send


def channel(count):
    queue = Queue(1)

    def send():
        for number in range(count):
            queue.put(number)

    def receive():
        for _ in range(count):
            queue.get()

    gevent.joinall([gevent.spawn(send), gevent.spawn(receive)])


def sleepers(count, nap=1):
    scale = common.Sleepers(count, nap)

    def sleeper():
        scale.lie_down()
        gevent.sleep(nap)

    gevent.joinall([gevent.spawn(sleeper) for _ in range(count)])
    scale.report()


CASES = {"yield": yields, "spawn_join": spawn_joins, "spawn_all": spawn_all, "channel": channel}

arguments = common.micro_arguments([*CASES, "queue", "sleepers"])
gevent.get_hub()
more = [arguments.more] if arguments.more else []
if arguments.case == "sleepers":
    sleepers(arguments.count, *more)
elif arguments.case == "queue":
    common.report("queue", arguments.count, common.timed(hand_out(*more), arguments.count))
else:
    common.report(arguments.case, arguments.count, common.timed(CASES[arguments.case], arguments.count, *more))
