#!/usr/bin/env python3
# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# What asyncio's scheduler costs, on its own loop or on uvloop; written with the calls of "Coroutines and Tasks".

import asyncio
import time

import common


async def yields(count, tasks=2):
    begun = done = 0
    start = end = None

    async def task(turns):
        nonlocal begun, done, start, end
        begun += 1
        if begun == tasks:
            start = time.perf_counter()
        while begun < tasks:
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        done += 1
        if done == tasks:
            end = time.perf_counter()
        while done < tasks:
            await asyncio.sleep(0)

    await asyncio.gather(*[task(turns) for turns in common.shares(count, tasks)])
    return end - start


async def spawn_joins(count):
    async def nothing():
        pass

    for _ in range(count):
        await asyncio.create_task(nothing())


async def channel(count):
    queue = asyncio.Queue(1)

    async def send():
        for number in range(count):
            await queue.put(number)

    async def receive():
        for _ in range(count):
            await queue.get()

    await asyncio.gather(send(), receive())


async def event(count, tasks=1000):
    # By turns, as one that is set lets everybody pass.
    events = asyncio.Event(), asyncio.Event()
    all_ran = asyncio.Event()
    turns = max(1, count // tasks)
    left = tasks

    async def wait():
        nonlocal left
        for turn in range(turns):
            await events[turn & 1].wait()
            left -= 1
            if left == 0:
                all_ran.set()

    waiters = [asyncio.create_task(wait()) for _ in range(tasks)]
    await asyncio.sleep(0)
    for turn in range(turns):
        left = tasks
        all_ran.clear()
        events[(turn + 1) & 1].clear()
        events[turn & 1].set()
        await all_ran.wait()
    await asyncio.gather(*waiters)


async def timer(count):
    loop = asyncio.get_running_loop()
    for _ in range(count):
        loop.call_later(common.LATE, print).cancel()


async def timers(count, step=1):
    loop = asyncio.get_running_loop()
    armed = [loop.call_later(common.LATE, print) for _ in range(count)]
    for number in range(count):
        armed[number * step % count].cancel()


async def timers_random(count):
    await timers(count, common.STEP)


async def with_timeout(count):
    for _ in range(count):
        async with asyncio.timeout(common.LATE):
            pass


async def sleepers(count, nap=1):
    scale = common.Sleepers(count, nap)

    async def sleeper():
        scale.lie_down()
        await asyncio.sleep(nap)

    await asyncio.gather(*[sleeper() for _ in range(count)])
    scale.report()


async def timed(body, count, *more):
    """As `common.timed`, for what has to be awaited."""
    await body(count // 10, *more)
    start = time.perf_counter()
    own = await body(count, *more)
    return own or time.perf_counter() - start


async def main(case, count, *more):
    if case == "sleepers":
        await sleepers(count, *more)
    else:
        common.report(case, count, await timed(CASES[case], count, *more))


CASES = {
    "yield": yields,
    "spawn_join": spawn_joins,
    "channel": channel,
    "event": event,
    "timer": timer,
    "timers": timers,
    "timers_random": timers_random,
    "with_timeout": with_timeout,
}

arguments = common.micro_arguments([*CASES, "sleepers"], uvloop=True)
work = main(arguments.case, arguments.count, *([arguments.more] if arguments.more else []))
if arguments.uvloop:
    import uvloop

    uvloop.run(work)
else:
    asyncio.run(work)
