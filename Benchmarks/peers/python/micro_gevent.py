#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# What gevent's scheduler costs; written with the calls that its manual's introduction teaches, on its default loop.

import time

import gevent
from gevent.event import Event
from gevent.queue import Queue

import common


def yields(count, tasks=2):
    begun = done = 0
    start = end = None

    def task(turns):
        nonlocal begun, done, start, end
        begun += 1
        if begun == tasks:
            start = time.perf_counter()
        while begun < tasks:
            gevent.sleep(0)
        for _ in range(turns):
            gevent.sleep(0)
        done += 1
        if done == tasks:
            end = time.perf_counter()
        while done < tasks:
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(task, turns) for turns in common.shares(count, tasks)])
    return end - start


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


def event(count, tasks=1000):
    # By turns, as one that is set lets everybody pass.
    events = Event(), Event()
    all_ran = Event()
    turns = max(1, count // tasks)
    left = tasks

    def wait():
        nonlocal left
        for turn in range(turns):
            events[turn & 1].wait()
            left -= 1
            if left == 0:
                all_ran.set()

    waiters = [gevent.spawn(wait) for _ in range(tasks)]
    gevent.sleep(0)
    for turn in range(turns):
        left = tasks
        all_ran.clear()
        events[(turn + 1) & 1].clear()
        events[turn & 1].set()
        all_ran.wait()
    gevent.joinall(waiters)


def timer(count):
    for _ in range(count):
        gevent.Timeout.start_new(common.LATE).cancel()


def timers(count, step=1):
    armed = [gevent.Timeout.start_new(common.LATE) for _ in range(count)]
    for number in range(count):
        armed[number * step % count].cancel()


def timers_random(count):
    timers(count, common.STEP)


def with_timeout(count):
    for _ in range(count):
        with gevent.Timeout(common.LATE):
            pass


def sleepers(count, nap=1):
    scale = common.Sleepers(count, nap)

    def sleeper():
        scale.lie_down()
        gevent.sleep(nap)

    gevent.joinall([gevent.spawn(sleeper) for _ in range(count)])
    scale.report()


CASES = {
    "yield": yields,
    "spawn_join": spawn_joins,
    "spawn_all": spawn_all,
    "channel": channel,
    "event": event,
    "timer": timer,
    "timers": timers,
    "timers_random": timers_random,
    "with_timeout": with_timeout,
}

arguments = common.micro_arguments([*CASES, "queue", "sleepers"])
gevent.get_hub()
more = [arguments.more] if arguments.more else []
if arguments.case == "sleepers":
    sleepers(arguments.count, *more)
elif arguments.case == "queue":
    common.report("queue", arguments.count, common.timed(hand_out(*more), arguments.count))
else:
    common.report(arguments.case, arguments.count, common.timed(CASES[arguments.case], arguments.count, *more))
